//! Roles of a project.

use serde_json::json;

use crate::support::{Host, id};

#[tokio::test]
async fn roles_are_made_changed_and_deleted() {
    let host = Host::start().await;
    let project = host.project().await;
    let admin = host.admin().await;
    let path = format!("/projects/{project}/roles");
    let body = json!({"role_name": "REVIEWER", "permissions": {"tasks.read": true}});
    let role = admin.post(&path, &body).await.data(201);
    assert_eq!(role["permissions"], json!({"tasks.read": true}));
    admin.post(&path, &body).await.refused("CONFLICT");
    let one = format!("{path}/{}", id(&role));
    let changed = admin.patch(&one, &json!({"permissions": {"tasks.*": true}})).await.data(200);
    assert_eq!(
        (&changed["role_name"], &changed["permissions"]),
        (&json!("REVIEWER"), &json!({"tasks.*": true}))
    );
    admin.patch(&one, &json!({"role_name": "PROJECT_OWNER"})).await.refused("CONFLICT");
    admin.delete(&one).await.nothing();
    admin.delete(&one).await.refused("ROLE_NOT_FOUND");
    for body in
        [json!({}), json!({"role_name": ""}), json!({"role_name": "X", "permissions": {"a": 1}})]
    {
        admin.post(&path, &body).await.refused("BAD_REQUEST");
    }
}

#[tokio::test]
async fn a_role_that_members_hold_stays() {
    let host = Host::start().await;
    let project = host.project().await;
    host.member(&project, "grace", "PROJECT_VIEWER").await;
    let role = host.role(&project, "PROJECT_VIEWER").await;
    let path = format!("/projects/{project}/roles/{role}");
    host.admin().await.delete(&path).await.refused("CONFLICT");
}

#[tokio::test]
async fn a_changed_role_counts_with_the_next_request() {
    let host = Host::start().await;
    let project = host.project().await;
    let (_, viewer) = host.member(&project, "grace", "PROJECT_VIEWER").await;
    let tasks = format!("/projects/{project}/tasks");
    viewer.post(&tasks, &json!({"title": "x"})).await.refused("FORBIDDEN");
    let role = host.role(&project, "PROJECT_VIEWER").await;
    let path = format!("/projects/{project}/roles/{role}");
    let permissions = json!({"permissions": {"tasks.*": true}});
    host.admin().await.patch(&path, &permissions).await.data(200);
    viewer.post(&tasks, &json!({"title": "x"})).await.data(201);
}

#[tokio::test]
async fn nobody_grants_more_than_they_have() {
    let host = Host::start().await;
    let project = host.project().await;
    let (_, owner) = host.member(&project, "owner", "PROJECT_OWNER").await;
    let path = format!("/projects/{project}/roles");
    let body = json!({"role_name": "A", "permissions": {"sprints.write": true}});
    owner.post(&path, &body).await.data(201);
    let body = json!({"role_name": "B", "permissions": {"users.write": true}});
    owner.post(&path, &body).await.refused("FORBIDDEN");
    // What is not granted can be said by anybody.
    let body = json!({"role_name": "C", "permissions": {"users.write": false}});
    owner.post(&path, &body).await.data(201);
}
