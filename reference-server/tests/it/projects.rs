//! Projects, and who may do what with them.

use serde_json::json;

use crate::support::{Host, id};

#[tokio::test]
async fn a_project_is_made_changed_and_deleted() {
    let host = Host::start().await;
    let admin = host.admin().await;
    let body = json!({"name": " Apollo ", "description": "to the moon", "settings": {"a": [1]}});
    let project = admin.post("/projects", &body).await.data(201);
    assert_eq!(project["name"], "Apollo");
    assert_eq!(project["settings"], json!({"a": [1]}));
    assert_eq!(project["created_by"], admin.get("/users/me").await.data(200)["id"]);
    let path = format!("/projects/{}", id(&project));
    let changed = admin.patch(&path, &json!({"name": "Gemini"})).await.data(200);
    assert_eq!(
        (&changed["name"], &changed["description"]),
        (&json!("Gemini"), &json!("to the moon"))
    );
    assert_eq!(admin.get(&path).await.data(200), changed);
    admin.delete(&path).await.nothing();
    admin.get(&path).await.refused("PROJECT_NOT_FOUND");
    admin.patch(&path, &json!({"name": "x"})).await.refused("PROJECT_NOT_FOUND");
    admin.delete(&path).await.refused("PROJECT_NOT_FOUND");
}

#[tokio::test]
async fn bad_projects_are_refused_with_the_field() {
    let host = Host::start().await;
    let admin = host.admin().await;
    for (body, named) in [
        (json!({}), "name"),
        (json!({"name": "\n"}), "name"),
        (json!({"name": "x", "settings": []}), "settings"),
        (json!({"name": "x", "description": 7}), "description"),
    ] {
        let refusal = admin.post("/projects", &body).await.refused("BAD_REQUEST");
        assert!(refusal["error"].as_str().unwrap().contains(named), "{body}: {refusal}");
    }
    admin.get("/projects/7").await.refused("BAD_REQUEST");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let host = Host::start().await;
    let admin = host.admin().await;
    for name in ["a", "b", "c"] {
        admin.post("/projects", &json!({"name": name})).await.data(201);
    }
    let page = admin.get("/projects?page=2&page_size=2").await.data(200);
    assert_eq!(
        (&page["total"], &page["page"], &page["page_size"]),
        (&json!(3), &json!(2), &json!(2))
    );
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(page["items"][0]["name"], "a", "newest first");
    for query in ["page=0", "page=x", "page_size=0", "page_size=101", "page=4294967296"] {
        admin.get(&format!("/projects?{query}")).await.refused("BAD_REQUEST");
    }
}

/// Who may do what: rows are the roles, columns the requests.
#[tokio::test]
async fn permissions_come_from_the_global_role_or_the_membership() {
    let host = Host::start().await;
    let project = host.project().await;
    let (_, outsider) = host.user("outsider", "USER").await;
    let (_, viewer) = host.member(&project, "viewer", "PROJECT_VIEWER").await;
    let (_, member) = host.member(&project, "member", "PROJECT_MEMBER").await;
    let (_, owner) = host.member(&project, "owner", "PROJECT_OWNER").await;
    let (_, global) = host.user("global", "ADMIN").await;
    let path = format!("/projects/{project}");
    for (who, client, read, write, read_tasks, write_tasks) in [
        ("outsider", &outsider, 403, 403, 403, 403),
        ("viewer", &viewer, 200, 403, 200, 403),
        ("member", &member, 200, 403, 200, 201),
        ("owner", &owner, 200, 200, 200, 201),
        // projects.* satisfies project checks, but says nothing about tasks.
        ("global admin", &global, 200, 200, 403, 403),
    ] {
        let change = json!({"description": who});
        let task = json!({"title": who});
        let tasks = format!("{path}/tasks");
        let seen = [
            client.get(&path).await.status,
            client.patch(&path, &change).await.status,
            client.get(&tasks).await.status,
            client.post(&tasks, &task).await.status,
        ]
        .map(|status| status.as_u16());
        assert_eq!(seen, [read, write, read_tasks, write_tasks], "{who}");
    }
    host.anonymous().get(&path).await.refused("AUTH_MISSING_TOKEN");
    outsider.post("/projects", &json!({"name": "mine"})).await.refused("FORBIDDEN");
    assert_eq!(outsider.get("/projects").await.data(200)["total"], 0);
    assert_eq!(viewer.get("/projects").await.data(200)["total"], 1);
    assert_eq!(global.get("/projects").await.data(200)["total"], 1);
}
