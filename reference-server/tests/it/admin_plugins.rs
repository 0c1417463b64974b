//! Plugins, as administrators see them.

use fixtures_plugins::{DEMO, MINIMAL, UNKNOWN_IMPORT};
use serde_json::{Value, json};

use crate::support::Host;

const MINIMAL_NAME: &str = "com.hostproof.minimal";

fn manifest(fixture: &fixtures_plugins::Fixture) -> Value {
    serde_json::from_str(fixture.manifest.unwrap()).unwrap()
}

#[tokio::test]
async fn a_plugin_is_registered_listed_changed_and_removed() {
    let host = Host::start().await;
    host.place(MINIMAL_NAME, &MINIMAL);
    let mut document = manifest(&MINIMAL);
    document["mcp"] = json!({"remoteEntryUrl": "/x.js", "unknown": []});
    let row = host.register(MINIMAL_NAME, &document).await.data(201);
    assert_eq!((&row["name"], &row["version"]), (&json!(MINIMAL_NAME), &json!("1.0.0")));
    let admin = host.admin().await;
    let echo = format!("/plugins/{MINIMAL_NAME}/echo");
    let body = json!({"a": 1});
    assert_eq!(admin.post(&echo, &body).await.json(), body);
    host.register(MINIMAL_NAME, &document).await.refused("PLUGIN_NAME_TAKEN");

    let listed = host.anonymous().get("/plugins").await.data(200);
    assert_eq!(listed["plugins"][0]["manifest"], document, "to the letter");
    assert!(listed["plugins"][0].get("extension_settings").is_none());

    let one = format!("/admin/plugins/{}", row["id"].as_str().unwrap());
    let changed = admin.patch(&one, &json!({"enabled": false})).await.data(200);
    assert_eq!(changed["enabled"], false);
    admin.post(&echo, &body).await.refused("PLUGIN_NOT_FOUND");
    assert_eq!(host.anonymous().get("/plugins").await.data(200)["plugins"][0]["enabled"], false);

    admin.delete(&one).await.nothing();
    admin.delete(&one).await.refused("PLUGIN_NOT_FOUND");
    assert_eq!(host.anonymous().get("/plugins").await.data(200)["plugins"], json!([]));
    assert!(!host.backend(MINIMAL_NAME).exists());
}

#[tokio::test]
async fn every_problem_of_a_manifest_is_reported_and_nothing_stored() {
    let host = Host::start().await;
    let document = json!({
        "id": "com.example.other", "version": "1.0", "permissions": [],
        "backend": {"routes": [
            {"method": "FETCH", "path": "/x", "middlewares": [{"name": "nonsense"}]},
            {"method": "GET", "path": "/y", "middlewares": [
                {"name": "requirePermissions", "scope": "project", "permissions": []},
            ]},
        ]},
    });
    let body = json!({"name": MINIMAL_NAME, "version": "1.0.0", "manifest": document});
    let refusal = host.admin().await.post("/admin/plugins", &body).await;
    let refusal = refusal.refused("PLUGIN_MANIFEST_INVALID");
    let problems = refusal["error_details"]["problems"].as_array().unwrap();
    let mut codes: Vec<_> = problems.iter().map(|p| p["code"].as_str().unwrap()).collect();
    codes.sort_unstable();
    for code in [
        "empty_permissions",
        "invalid_method",
        "invalid_version",
        "missing_project_param",
        "unknown_middleware",
    ] {
        assert!(codes.contains(&code), "{code}: {problems:?}");
    }
    assert_eq!(host.anonymous().get("/plugins").await.data(200)["plugins"], json!([]));
}

#[tokio::test]
async fn a_module_that_does_not_load_leaves_nothing_behind() {
    let host = Host::start().await;
    host.place(MINIMAL_NAME, &UNKNOWN_IMPORT);
    let refusal = host.register(MINIMAL_NAME, &manifest(&MINIMAL)).await;
    let refusal = refusal.refused("PLUGIN_LOAD_FAILED");
    let details = refusal["error_details"].to_string();
    assert!(details.contains("summon_demon"), "the author must learn what is wrong: {details}");
    assert_eq!(host.anonymous().get("/plugins").await.data(200)["plugins"], json!([]));
}

#[tokio::test]
async fn administration_needs_users_write() {
    let host = Host::start().await;
    let (_, user) = host.user("grace", "USER").await;
    let (_, first) = host.make_user("stale", "ADMIN").await;
    let stale = host.sign_in("stale", first).await;
    let id = "00000000-0000-4000-8000-000000000000";
    let one = format!("/admin/plugins/{id}");
    let manual = json!({"name": "a", "version": "1.0.0", "manifest": {}});
    let settings = json!({"plugin_id": id, "extension_point": "view", "settings": {}});
    for (client, code) in [
        (&host.anonymous(), "AUTH_MISSING_TOKEN"),
        (&user, "FORBIDDEN"),
        (&stale, "AUTH_PASSWORD_CHANGE_REQUIRED"),
    ] {
        client.get("/admin/plugins/marketplace").await.refused(code);
        client
            .post("/admin/plugins/marketplace/install", &json!({"name": "a"}))
            .await
            .refused(code);
        client.post("/admin/plugins", &manual).await.refused(code);
        client.patch(&one, &json!({"enabled": true})).await.refused(code);
        client.post(&format!("{one}/upgrade"), &json!({})).await.refused(code);
        client.delete(&one).await.refused(code);
        client.patch("/admin/plugin-extension-settings", &settings).await.refused(code);
    }
    // The positive twin: an administrator gets past the check, to a plugin that does not exist.
    let (_, admin) = host.user("ada", "ADMIN").await;
    admin.patch(&one, &json!({"enabled": true})).await.refused("PLUGIN_NOT_FOUND");
    admin.post(&format!("{one}/upgrade"), &json!({})).await.refused("PLUGIN_NOT_FOUND");
    admin.delete(&one).await.refused("PLUGIN_NOT_FOUND");
    admin.patch("/admin/plugin-extension-settings", &settings).await.refused("PLUGIN_NOT_FOUND");
    admin.delete("/admin/plugins/7").await.refused("BAD_REQUEST");
}

#[tokio::test]
async fn a_catalog_that_does_not_answer_is_said_to_be_unavailable() {
    let url = "http://127.0.0.1:1/catalog.json";
    let variables =
        [("PLUGINS_MARKETPLACE_CATALOG_URL", url), ("PLUGINS_MARKETPLACE_ALLOW_INSECURE", "true")];
    let host = Host::start_with(&variables).await;
    let admin = host.admin().await;
    admin.get("/admin/plugins/marketplace").await.refused("MARKETPLACE_UNAVAILABLE");
    let install = json!({"name": MINIMAL_NAME});
    let answer = admin.post("/admin/plugins/marketplace/install", &install).await;
    answer.refused("MARKETPLACE_UNAVAILABLE");
    let install = json!({"name": "../x"});
    let answer = admin.post("/admin/plugins/marketplace/install", &install).await;
    answer.refused("BAD_REQUEST");
}

#[tokio::test]
async fn extension_points_are_hidden_and_reordered() {
    let host = Host::start().await;
    host.place(MINIMAL_NAME, &MINIMAL);
    let row = host.register(MINIMAL_NAME, &manifest(&MINIMAL)).await.data(201);
    let admin = host.admin().await;
    let path = "/admin/plugin-extension-settings";
    let put = |settings: Value| json!({"plugin_id": row["id"], "extension_point": "view", "settings": settings});
    let set = admin.patch(path, &put(json!({"hidden": true, "order": 7}))).await.data(200);
    assert_eq!(set["settings"], json!({"hidden": true, "order": 7}));
    let reset = admin.patch(path, &put(json!({"hidden": false, "order": 0}))).await.data(200);
    assert_eq!(reset["settings"], json!({"hidden": false}), "0 is the plugin's own order");
    assert_eq!(reset["id"], set["id"]);
    let listed = host.anonymous().get("/plugins").await.data(200);
    assert_eq!(listed["plugins"][0]["extension_settings"], json!([reset]));
    let nil = "00000000-0000-0000-0000-000000000000";
    for body in [
        json!({"plugin_id": nil, "extension_point": "view"}),
        json!({"plugin_id": row["id"], "extension_point": ""}),
        json!({"plugin_id": "x", "extension_point": "view"}),
        put(json!({"hidden": "yes"})),
    ] {
        admin.patch(path, &body).await.refused("BAD_REQUEST");
    }
}

#[tokio::test]
async fn a_real_plugin_works_and_hears_of_deleted_tasks() {
    const DEMO_NAME: &str = "com.hostproof.checklist";
    let host = Host::start().await;
    host.place(DEMO_NAME, &DEMO);
    host.register(DEMO_NAME, &manifest(&DEMO)).await.data(201);
    let project = host.project().await;
    let admin = host.admin().await;
    let tasks = format!("/projects/{project}/tasks");
    let task = admin.post(&tasks, &json!({"title": "ship"})).await.data(201);
    let task = task["id"].as_str().unwrap();
    let items = format!("/plugins/{DEMO_NAME}/projects/{project}/tasks/{task}/items");
    let made = admin.post(&items, &json!({"title": "test"})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let count = async || -> i64 {
        let mut connection = sqlx_connect(&host.database_url).await;
        sqlx::query_scalar("SELECT count(*) FROM plugin_data_com_hostproof_checklist.items")
            .fetch_one(&mut connection)
            .await
            .unwrap()
    };
    assert_eq!(count().await, 1);
    admin.delete(&format!("{tasks}/{task}")).await.nothing();
    let gone = async {
        while count().await != 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let patience = std::time::Duration::from_secs(10);
    tokio::time::timeout(patience, gone).await.expect("the plugin did not hear of the deletion");
}

async fn sqlx_connect(url: &str) -> sqlx::PgConnection {
    <sqlx::PgConnection as sqlx::Connection>::connect(url).await.unwrap()
}
