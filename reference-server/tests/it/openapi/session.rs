//! A session that uses every operation, with every answer held to the document.

use std::{cell::RefCell, collections::BTreeSet};

use fixtures_plugins::PROBE;
use http::Method;
use serde_json::{Value, json};

use super::{Contract, NOBODY, document};
use crate::support::{ADMIN, Client, Host, PASSWORD, id};

/// Operations that a host succeeds in only with a catalog; its tests are elsewhere. Those of plugins
/// answer as the plugin likes.
const WITHOUT_SUCCESS: [&str; 3] = [
    "/api/v1/admin/plugins/marketplace",
    "/api/v1/admin/plugins/marketplace/install",
    "/api/v1/admin/plugins/{pluginId}/upgrade",
];

struct Session<'a> {
    contract: &'a Contract,
    succeeded: RefCell<BTreeSet<(String, String)>>,
}

impl Session<'_> {
    /// Asks, and holds the answer to the document; its data.
    async fn ask(
        &self,
        client: &Client,
        asked: (Method, &str),
        ids: &[&str],
        body: Option<Value>,
        status: u16,
    ) -> Value {
        let (method, template) = asked;
        let template = if template.starts_with("/api/") || template == "/metrics" {
            template.to_owned()
        } else {
            format!("/api/v1{template}")
        };
        let mut ids = ids.iter();
        let path: Vec<&str> = template
            .split('/')
            .map(|part| if part.starts_with('{') { *ids.next().unwrap() } else { part })
            .collect();
        let path = path.join("/");
        let answer = client.send(method.clone(), &path, body.map(|body| body.to_string())).await;
        let what = format!("{method} {template}");
        assert_eq!(answer.status.as_u16(), status, "{what}: {}", answer.text());
        self.contract
            .judge(method.as_str(), &template, status, &answer.body)
            .unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
        if answer.status.is_success() {
            self.succeeded.borrow_mut().insert((template, method.as_str().to_lowercase()));
        }
        if answer.body.is_empty() { Value::Null } else { answer.json()["data"].take() }
    }
}

#[tokio::test]
async fn every_answer_is_as_documented() {
    let catalog = "http://127.0.0.1:1/catalog.json";
    let host = Host::start_with(&[
        ("PLUGINS_MARKETPLACE_CATALOG_URL", catalog),
        ("PLUGINS_MARKETPLACE_ALLOW_INSECURE", "true"),
    ])
    .await;
    let contract = Contract::new(document(&host).await);
    let session = Session { contract: &contract, succeeded: RefCell::default() };

    operations(&session, &host).await;
    identity(&session, &host).await;
    users(&session, &host).await;
    projects(&session, &host).await;
    plugins(&session, &host).await;

    let succeeded = session.succeeded.into_inner();
    let missing: Vec<_> = contract
        .operations()
        .into_iter()
        .filter(|(path, _)| !path.contains("/{pluginId}/{path}") && !path.ends_with("/{pluginId}/"))
        .filter(|(path, _)| path != "/metrics" && !WITHOUT_SUCCESS.contains(&path.as_str()))
        .filter(|operation| !succeeded.contains(operation))
        .collect();
    assert!(missing.is_empty(), "never asked with success: {missing:?}");
}

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

async fn operations(session: &Session<'_>, host: &Host) {
    let anybody = host.anonymous();
    for path in ["/api/healthz", "/api/readyz", "/api/openapi.json"] {
        session.ask(&anybody, (GET, path), &[], None, 200).await;
    }
}

async fn identity(session: &Session<'_>, host: &Host) {
    let (anybody, admin) = (host.anonymous(), host.admin().await);
    let login = |password: &str| Some(json!({"username": ADMIN, "password": password}));
    session.ask(&anybody, (POST, "/auth/login"), &[], login(PASSWORD), 200).await;
    session.ask(&anybody, (POST, "/auth/login"), &[], login("a wrong password"), 401).await;
    session.ask(&anybody, (POST, "/auth/login"), &[], Some(json!([])), 400).await;
    let answer = anybody.post("/auth/login", &login(PASSWORD).unwrap()).await;
    let cookie = |name: &str| format!("{name}={}", answer.cookie(name).unwrap());
    let refreshing = host.with("cookie", &cookie("refresh_token"));
    session.ask(&refreshing, (POST, "/auth/refresh"), &[], None, 200).await;
    session.ask(&refreshing, (POST, "/auth/refresh"), &[], None, 401).await;

    session.ask(&anybody, (GET, "/users/me"), &[], None, 401).await;
    session.ask(&admin, (GET, "/users/me"), &[], None, 200).await;
    let name = Some(json!({"full_name": "Ada"}));
    session.ask(&admin, (PATCH, "/users/me"), &[], name, 200).await;
    let key = json!({"name": "k", "expires_at": "2100-01-01T00:00:00Z"});
    let key = session.ask(&admin, (POST, "/users/me/api-keys"), &[], Some(key), 201).await;
    session.ask(&admin, (GET, "/users/me/api-keys"), &[], None, 200).await;
    let by_key = host.with("x-api-key", key["key"].as_str().unwrap());
    session.ask(&by_key, (GET, "/users/me/api-keys"), &[], None, 403).await;
    let revoke = (DELETE, "/users/me/api-keys/{keyId}");
    session.ask(&admin, revoke.clone(), &[&id(&key)], None, 204).await;
    session.ask(&admin, revoke, &[&id(&key)], None, 404).await;

    let (_, first) = host.make_user("stale", "USER").await;
    let stale = host.sign_in("stale", first).await;
    session.ask(&stale, (GET, "/plugins"), &[], None, 403).await;
    let change = json!({"current_password": first, "new_password": PASSWORD});
    session.ask(&stale, (PATCH, "/users/me/password"), &[], Some(change), 200).await;
    let leaving = host.admin().await;
    session.ask(&leaving, (POST, "/auth/logout"), &[], None, 200).await;
}

async fn users(session: &Session<'_>, host: &Host) {
    let admin = host.admin().await;
    let user = json!({"username": "bob", "password": "chosen by somebody else", "role": "USER"});
    let made = session.ask(&admin, (POST, "/admin/users"), &[], Some(user.clone()), 201).await;
    session.ask(&admin, (POST, "/admin/users"), &[], Some(user), 409).await;
    session.ask(&admin, (GET, "/admin/users"), &[], None, 200).await;
    let password = Some(json!({"new_password": "another one that is long"}));
    let of_bob = [id(&made)];
    let of_bob = [of_bob[0].as_str()];
    let set = (PATCH, "/admin/users/{userId}/password");
    session.ask(&admin, set.clone(), &of_bob, password.clone(), 200).await;
    session.ask(&admin, set, &[NOBODY], password, 404).await;
    session.ask(&admin, (DELETE, "/admin/users/{userId}"), &of_bob, None, 204).await;
    session.ask(&admin, (DELETE, "/admin/users/{userId}"), &["no-uuid"], None, 400).await;
}

async fn projects(session: &Session<'_>, host: &Host) {
    let admin = host.admin().await;
    let made = json!({"name": "Apollo", "description": "d", "settings": {"a": [1, null]}});
    let project = session.ask(&admin, (POST, "/projects"), &[], Some(made), 201).await;
    let project = id(&project);
    let one = [project.as_str()];
    session.ask(&admin, (GET, "/projects"), &[], None, 200).await;
    session.ask(&admin, (GET, "/projects/{projectId}"), &one, None, 200).await;
    session.ask(&admin, (GET, "/projects/{projectId}"), &[NOBODY], None, 404).await;
    let change = Some(json!({"name": "Gemini"}));
    session.ask(&admin, (PATCH, "/projects/{projectId}"), &one, change, 200).await;

    let roles = "/projects/{projectId}/roles";
    session.ask(&admin, (GET, roles), &one, None, 200).await;
    let role = json!({"role_name": "READER", "permissions": {"tasks.read": true}});
    let role = session.ask(&admin, (POST, roles), &one, Some(role.clone()), 201).await;
    let role = id(&role);
    let at_role = [project.as_str(), role.as_str()];
    let change = Some(json!({"permissions": {}}));
    session
        .ask(&admin, (PATCH, "/projects/{projectId}/roles/{roleId}"), &at_role, change, 200)
        .await;

    let (user, outsider) = host.user("carol", "USER").await;
    session.ask(&outsider, (GET, "/projects/{projectId}"), &one, None, 403).await;
    let members = "/projects/{projectId}/members";
    let member = json!({"user_id": user, "project_role_id": role});
    session.ask(&admin, (POST, members), &one, Some(member.clone()), 201).await;
    session.ask(&admin, (POST, members), &one, Some(member), 409).await;
    session.ask(&admin, (GET, members), &one, None, 200).await;
    let at_member = [project.as_str(), user.as_str()];
    let member = "/projects/{projectId}/members/{userId}";
    let change = Some(json!({"project_role_id": role}));
    session.ask(&admin, (PATCH, member), &at_member, change, 200).await;
    session.ask(&admin, (DELETE, member), &at_member, None, 204).await;
    session
        .ask(&admin, (DELETE, "/projects/{projectId}/roles/{roleId}"), &at_role, None, 204)
        .await;

    let tasks = "/projects/{projectId}/tasks";
    let made = Some(json!({"title": "t", "assignee_ids": []}));
    let task = session.ask(&admin, (POST, tasks), &one, made, 201).await;
    let task = id(&task);
    session.ask(&admin, (GET, tasks), &one, None, 200).await;
    let at_task = [project.as_str(), task.as_str()];
    let task = "/projects/{projectId}/tasks/{taskId}";
    session.ask(&admin, (GET, task), &at_task, None, 200).await;
    session.ask(&admin, (PATCH, task), &at_task, Some(json!({"status_id": null})), 200).await;
    session.ask(&admin, (DELETE, task), &at_task, None, 204).await;
    session.ask(&admin, (GET, task), &at_task, None, 404).await;
    session.ask(&admin, (DELETE, "/projects/{projectId}"), &one, None, 204).await;
}

async fn plugins(session: &Session<'_>, host: &Host) {
    const NAME: &str = "com.example.documented";
    let admin = host.admin().await;
    host.place(NAME, &PROBE);
    let manifest = json!({
        "id": NAME, "displayName": "Probe", "version": "1.0.0",
        "backend": {"routes": [{"method": "POST", "path": "/run", "middlewares": []}]},
    });
    let register = |version: &str| {
        Some(json!({"name": NAME, "version": version, "manifest": manifest, "enabled": true}))
    };
    let plugins = (POST, "/admin/plugins");
    session.ask(&admin, plugins.clone(), &[], register("1.x"), 400).await;
    let row = session.ask(&admin, plugins.clone(), &[], register("1.0.0"), 201).await;
    session.ask(&admin, plugins, &[], register("1.0.0"), 409).await;
    let plugin = id(&row);
    let one = [plugin.as_str()];
    let setting = json!({
        "plugin_id": plugin, "extension_point": "task.detail", "settings": {"hidden": true},
    });
    let settings = (PATCH, "/admin/plugin-extension-settings");
    session.ask(&admin, settings.clone(), &[], Some(setting), 200).await;
    let nobodys = json!({"plugin_id": NOBODY.replace('0', "1"), "extension_point": "x"});
    session.ask(&admin, settings, &[], Some(nobodys), 404).await;
    session.ask(&host.anonymous(), (GET, "/plugins"), &[], None, 200).await;

    let run = (POST, "/plugins/{pluginId}/{path}");
    let trap = Some(json!({"ops": [{"op": "trap"}]}));
    session.ask(&admin, run.clone(), &[NAME, "run"], trap, 502).await;
    session.ask(&admin, run.clone(), &[NAME, "nowhere"], None, 404).await;

    session.ask(&admin, (GET, "/admin/plugins/marketplace"), &[], None, 502).await;
    let install = Some(json!({"name": "com.example.other"}));
    let marketplace = (POST, "/admin/plugins/marketplace/install");
    session.ask(&admin, marketplace, &[], install, 502).await;
    let change = (PATCH, "/admin/plugins/{pluginId}");
    session.ask(&admin, change.clone(), &one, Some(json!({"enabled": false})), 200).await;
    session.ask(&admin, change, &[NOBODY], Some(json!({"enabled": false})), 404).await;
    session.ask(&admin, (POST, "/admin/plugins/{pluginId}/upgrade"), &one, None, 502).await;
    session.ask(&admin, (DELETE, "/admin/plugins/{pluginId}"), &one, None, 204).await;
    session.ask(&admin, (DELETE, "/admin/plugins/{pluginId}"), &one, None, 404).await;
}
