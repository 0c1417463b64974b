//! Tasks of a project.

use serde_json::{Value, json};

use crate::support::{Host, id};

#[tokio::test]
async fn tasks_are_numbered_changed_and_deleted() {
    let host = Host::start().await;
    let project = host.project().await;
    let admin = host.admin().await;
    let path = format!("/projects/{project}/tasks");
    let status = "00000000-0000-4000-8000-00000000000a";
    let body = json!({"title": " write ", "status_id": status});
    let first = admin.post(&path, &body).await.data(201);
    assert_eq!((&first["title"], &first["task_number"]), (&json!("write"), &json!(1)));
    assert_eq!((&first["status_id"], &first["assignee_ids"]), (&json!(status), &json!([])));
    let second = admin.post(&path, &json!({"title": "read"})).await.data(201);
    assert_eq!(second["task_number"], 2);
    assert_eq!(admin.get(&path).await.data(200)["items"][0]["title"], "read");

    let one = format!("{path}/{}", id(&first));
    let kept = admin.patch(&one, &json!({"title": "rewrite"})).await.data(200);
    assert_eq!((&kept["title"], &kept["status_id"]), (&json!("rewrite"), &json!(status)));
    let cleared = admin.patch(&one, &json!({"status_id": null})).await.data(200);
    assert_eq!((&cleared["title"], &cleared["status_id"]), (&json!("rewrite"), &Value::Null));
    assert_eq!(admin.get(&one).await.data(200), cleared);

    admin.delete(&one).await.nothing();
    for answer in [
        admin.get(&one).await,
        admin.patch(&one, &json!({"title": "x"})).await,
        admin.delete(&one).await,
    ] {
        answer.refused("TASK_NOT_FOUND");
    }
    assert_eq!(admin.get(&path).await.data(200)["total"], 1);
}

#[tokio::test]
async fn a_task_is_found_in_its_own_project_only() {
    let host = Host::start().await;
    let (project, other) = (host.project().await, host.project().await);
    let admin = host.admin().await;
    let path = format!("/projects/{project}/tasks");
    let task = admin.post(&path, &json!({"title": "write"})).await.data(201);
    admin.get(&format!("/projects/{other}/tasks/{}", id(&task))).await.refused("TASK_NOT_FOUND");
    admin.get(&format!("{path}/7")).await.refused("BAD_REQUEST");
    for body in [json!({}), json!({"title": ""}), json!({"title": "x", "assignee_ids": ["y"]})] {
        admin.post(&path, &body).await.refused("BAD_REQUEST");
    }
    let gone = "/projects/00000000-0000-4000-8000-000000000000/tasks";
    admin.post(gone, &json!({"title": "x"})).await.refused("PROJECT_NOT_FOUND");
    admin.get(gone).await.refused("PROJECT_NOT_FOUND");
}
