//! `tasks_list`, `task_get`, `project_get` and `members_list`.

use sandbox::Plugin;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::guests::{BODY, handle, module};
use crate::services::host_core::{BROKEN_PROJECT, OTHER_PROJECT, PROJECT, TASK, USER};
use crate::world::{World, text_as};

/// The body is the argument; answers what the function gave.
fn reader(function: &str) -> String {
    module(&handle(&format!(
        "{BODY} (call ${function} (local.get $p) (local.get $q)) (local.set $q) (local.set $p)
         (call $answer (local.get $p) (local.get $q))"
    )))
}

const ALL: [&str; 5] = [
    "db:read:tasks",
    "db:read:projects",
    "db:read:project_members",
    "db:read:project_roles",
    "db:read:users",
];

async fn load(world: &World, permissions: &[&str], function: &str) -> Plugin {
    let manifest = json!({"permissions": permissions});
    world.load_with("com.example.guest", manifest, &reader(function)).await.unwrap()
}

/// What a read in a request of this user and project gave.
async fn read(plugin: &Plugin, user: &str, project: &str, id: impl ToString) -> Value {
    serde_json::from_str(&text_as(plugin, user, project, &id.to_string()).await).unwrap()
}

fn code(answer: &Value) -> &str {
    answer["error"].as_str().unwrap().split(':').next().unwrap()
}

fn id(id: Uuid) -> String {
    id.to_string()
}

#[tokio::test]
async fn every_read_has_its_own_shape() {
    let world = World::new();
    let project = id(PROJECT);
    let tasks = load(&world, &ALL, "tasks_list").await;
    let list = read(&tasks, "", &project, PROJECT).await;
    assert_eq!(list.as_array().unwrap().len(), 3);
    let item = json!({"id": TASK, "title": "Write", "status_id": null, "assignee_ids": [], "task_number": 1});
    assert_eq!(list[0], item);
    let task = load(&world, &ALL, "task_get").await;
    let detail = json!({"id": TASK, "project_id": PROJECT, "title": "Write", "status_id": null, "assignee_ids": []});
    assert_eq!(read(&task, "", &project, TASK).await, detail);
    let get = load(&world, &ALL, "project_get").await;
    let info = json!({"id": PROJECT, "name": "Apollo", "description": "", "task_id_prefix": "APO"});
    assert_eq!(read(&get, "", &project, PROJECT).await, info);
    let members = load(&world, &ALL, "members_list").await;
    assert_eq!(read(&members, "", &project, PROJECT).await, json!([]), "an empty list is a list");
}

#[tokio::test]
async fn lists_are_bounded() {
    let world = World::limited(|limits| limits.core_read_tasks = 2);
    let tasks = load(&world, &ALL, "tasks_list").await;
    let list = read(&tasks, "", &id(PROJECT), PROJECT).await;
    assert_eq!(list.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn within_a_request_a_plugin_sees_no_more_than_its_caller() {
    let world = World::new();
    let get = load(&world, &ALL, "project_get").await;
    let (user, stranger) = (id(USER), id(Uuid::from_u128(9)));
    let (project, other) = (id(PROJECT), id(OTHER_PROJECT));
    for (caller, scope, asked, seen) in [
        ("", project.as_str(), PROJECT, true),
        ("", &project, OTHER_PROJECT, false),
        (&user, &other, PROJECT, false),
        (&user, "", PROJECT, true),
        (&user, "", OTHER_PROJECT, false),
        (&stranger, "", PROJECT, false),
        ("", "", PROJECT, false),
        ("no uuid", "", PROJECT, false),
    ] {
        let answer = read(&get, caller, scope, asked).await;
        let expected = if seen { Value::Null } else { json!("not_found") };
        let found = answer.get("error").map_or(Value::Null, |_| json!(code(&answer)));
        assert_eq!(found, expected, "{caller:?} in {scope:?} asks for {asked}: {answer}");
    }
    let task = load(&world, &ALL, "task_get").await;
    assert_eq!(read(&task, "", &project, TASK).await["id"], json!(TASK));
    assert_eq!(code(&read(&task, "", &other, TASK).await), "not_found");
}

#[tokio::test]
async fn a_table_that_is_not_granted_is_not_read() {
    let world = World::new();
    for (function, asked, lacking) in [
        ("tasks_list", PROJECT, "db:read:tasks"),
        ("task_get", TASK, "db:read:tasks"),
        ("project_get", PROJECT, "db:read:projects"),
        ("members_list", PROJECT, "db:read:project_members"),
        ("members_list", PROJECT, "db:read:project_roles"),
        ("members_list", PROJECT, "db:read:users"),
    ] {
        let rest: Vec<_> = ALL.into_iter().filter(|permission| *permission != lacking).collect();
        let without = load(&world, &rest, function).await;
        let answer = read(&without, "", &id(PROJECT), asked).await;
        assert_eq!(code(&answer), "permission_denied", "{function} without {lacking}");
        assert!(answer["error"].as_str().unwrap().contains(lacking), "{answer}");
        let dotted = load(&world, &["db.read"], function).await;
        let answer = read(&dotted, "", &id(PROJECT), asked).await;
        assert!(answer.get("error").is_none(), "{function}: {answer}");
    }
}

#[tokio::test]
async fn failures_are_told_apart() {
    let world = World::new();
    let get = load(&world, &ALL, "project_get").await;
    let nowhere = Uuid::from_u128(9);
    assert_eq!(code(&read(&get, "", "", "not a uuid").await), "invalid_argument");
    assert_eq!(code(&read(&get, "", &id(nowhere), nowhere).await), "not_found");
    let broken = read(&get, "", &id(BROKEN_PROJECT), BROKEN_PROJECT).await;
    assert_eq!(code(&broken), "unavailable");
}

#[tokio::test]
async fn a_guest_without_room_is_told_so() {
    // 8 KiB of arena are left after the envelope's place was taken; the list takes more.
    let world = World::limited(|limits| limits.core_read_tasks = 3);
    let guest = reader("tasks_list").replace("(i32.const 131072)", "(i32.const 8760)");
    let manifest = json!({"permissions": ALL});
    let tasks = world.load_with("com.example.guest", manifest, &guest).await.unwrap();
    let answer = read(&tasks, "", &id(PROJECT), PROJECT).await;
    assert_eq!(code(&answer), "allocation_failed", "{answer}");
}
