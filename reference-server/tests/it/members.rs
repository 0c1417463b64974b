//! Members of a project.

use serde_json::json;

use crate::support::Host;

#[tokio::test]
async fn members_are_added_changed_and_removed() {
    let host = Host::start().await;
    let project = host.project().await;
    let admin = host.admin().await;
    let (user, _) = host.user("grace", "USER").await;
    let path = format!("/projects/{project}/members");
    let viewer = host.role(&project, "PROJECT_VIEWER").await;
    let body = json!({"user_id": user, "project_role_id": viewer});
    let member = admin.post(&path, &body).await.data(201);
    assert_eq!(member["username"], "grace");
    assert_eq!(member["role_name"], "PROJECT_VIEWER");
    assert_ne!(member["id"], member["user_id"]);
    admin.post(&path, &body).await.refused("CONFLICT");
    let names: Vec<_> = admin.get(&path).await.data(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["username"].clone())
        .collect();
    assert_eq!(names, ["admin", "grace"], "whoever made the project is a member");

    let one = format!("{path}/{user}");
    let role = host.role(&project, "PROJECT_MEMBER").await;
    let changed = admin.patch(&one, &json!({"project_role_id": role})).await.data(200);
    assert_eq!((&changed["role_name"], &changed["id"]), (&json!("PROJECT_MEMBER"), &member["id"]));
    admin.delete(&one).await.nothing();
    admin.delete(&one).await.refused("PROJECT_MEMBER_NOT_FOUND");
    admin.patch(&one, &json!({"project_role_id": role})).await.refused("PROJECT_MEMBER_NOT_FOUND");
}

#[tokio::test]
async fn only_users_and_roles_that_exist_become_members() {
    const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
    let host = Host::start().await;
    let project = host.project().await;
    let other = host.project().await;
    let admin = host.admin().await;
    let (user, _) = host.user("grace", "USER").await;
    let path = format!("/projects/{project}/members");
    let role = host.role(&project, "PROJECT_VIEWER").await;
    let foreign = host.role(&other, "PROJECT_VIEWER").await;
    for (body, code) in [
        (json!({"user_id": NOBODY, "project_role_id": role}), "USER_NOT_FOUND"),
        (json!({"user_id": user, "project_role_id": NOBODY}), "ROLE_NOT_FOUND"),
        (json!({"user_id": user, "project_role_id": foreign}), "ROLE_NOT_FOUND"),
        (json!({"user_id": "x", "project_role_id": role}), "BAD_REQUEST"),
        (json!({"user_id": user}), "BAD_REQUEST"),
    ] {
        admin.post(&path, &body).await.refused(code);
    }
    let body = json!({"user_id": user, "project_role_id": role});
    let missing = format!("/projects/{NOBODY}/members");
    admin.post(&missing, &body).await.refused("PROJECT_NOT_FOUND");
    admin.get(&missing).await.refused("PROJECT_NOT_FOUND");
}

#[tokio::test]
async fn nobody_hands_out_a_role_with_more_than_they_have() {
    let host = Host::start().await;
    let project = host.project().await;
    let (manager, client) = host.member(&project, "manager", "PROJECT_MANAGER").await;
    let owner = host.role(&project, "PROJECT_OWNER").await;
    let viewer = host.role(&project, "PROJECT_VIEWER").await;
    let one = format!("/projects/{project}/members/{manager}");
    client.patch(&one, &json!({"project_role_id": owner})).await.refused("FORBIDDEN");
    let (user, _) = host.user("grace", "USER").await;
    let path = format!("/projects/{project}/members");
    let body = json!({"user_id": user, "project_role_id": owner});
    client.post(&path, &body).await.refused("FORBIDDEN");
    let body = json!({"user_id": user, "project_role_id": viewer});
    client.post(&path, &body).await.data(201);
}
