//! The handlers on a host in memory.

use hostproof_guest::testing::{TestHost, TestRequest};
use serde_json::{Value, json};

use super::Checklist;

const PROJECT: &str = "0b5a8c1e-0000-4000-8000-000000000001";
const TASK: &str = "0b5a8c1e-0000-4000-8000-000000000002";
const ITEM: &str = "0b5a8c1e-0000-4000-8000-000000000003";

fn host() -> TestHost<Checklist> {
    let host = TestHost::new(include_str!("../plugin.json"));
    host.on_sql("SELECT 1 FROM tasks").with((TASK, PROJECT)).rows([(1,)]);
    host.on_sql("SELECT 1 FROM tasks").rows([(); 0]);
    host
}

fn items(task: &str) -> String {
    format!("projects/{PROJECT}/tasks/{task}/items")
}

fn item(title: &str) -> Value {
    json!({ "id": ITEM, "task_id": TASK, "title": title, "done": false, "position": 1,
            "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z" })
}

/// The status, and the body as JSON; `null` where there is none.
fn answer(request: TestRequest<'_, Checklist>) -> (u16, Value) {
    let response = request.send();
    (response.status(), response.read_json().unwrap_or_default())
}

#[test]
fn the_items_of_a_task_are_listed() {
    let host = host();
    host.on_sql("FROM items WHERE task_id = $1 ORDER BY position").with((TASK,)).rows([item("a")]);
    let (status, body) = answer(host.get(&items(TASK)));
    assert_eq!((status, body), (200, json!({ "items": [item("a")] })));
}

#[test]
fn a_task_that_is_not_there_has_no_items_and_gets_none() {
    let host = host();
    assert_eq!(answer(host.get(&items(ITEM))).0, 404);
    assert_eq!(answer(host.get(&items("no-uuid"))).0, 404);
    assert_eq!(answer(host.post(&items(ITEM)).json(&json!({ "title": "a" }))).0, 404);
    assert!(host.calls().iter().all(|call| call.contains("SELECT 1 FROM tasks")));
}

#[test]
fn a_new_item_is_stored_counted_and_announced() {
    let host = host();
    host.on_sql("INSERT INTO items").with((PROJECT, TASK, "a", false)).rows([item("a")]);
    let (status, body) = answer(host.post(&items(TASK)).json(&json!({ "title": " a " })));
    assert_eq!((status, body), (201, item("a")));
    assert_eq!(host.stored("items_created").as_deref(), Some("1"));
    let announced = json!({ "item_id": ITEM, "task_id": TASK, "project_id": PROJECT });
    assert_eq!(host.emitted(), [("checklist.item_created".to_owned(), announced)]);
}

#[test]
fn an_item_is_stored_though_nobody_can_be_told() {
    let host = host();
    host.on_sql("INSERT INTO items").rows([item("a")]);
    host.failing("event_emit");
    assert_eq!(answer(host.post(&items(TASK)).json(&json!({ "title": "a" }))).0, 201);
    assert!(host.logged()[0].starts_with("warn: event_emit"), "{:?}", host.logged());
}

#[test]
fn an_item_that_makes_no_sense_is_not_stored() {
    let host = host();
    let refused = |body: Value| answer(host.post(&items(TASK)).json(&body)).0;
    assert_eq!(refused(json!({ "title": "  " })), 400);
    assert_eq!(refused(json!({ "title": "x".repeat(501) })), 400);
    assert_eq!(refused(json!({ "titel": "a" })), 400);
}

#[test]
fn what_a_change_does_not_name_stays() {
    let host = host();
    host.on_sql("UPDATE items").with((ITEM, TASK, None::<()>, true, None::<()>)).rows([item("a")]);
    let path = format!("{}/{ITEM}", items(TASK));
    assert_eq!(answer(host.patch(&path).json(&json!({ "done": true }))).0, 200);
}

#[test]
fn an_item_is_removed_once() {
    let host = host();
    let path = format!("{}/{ITEM}", items(TASK));
    host.on_sql("DELETE FROM items WHERE id = $1").with((ITEM, TASK)).once().affects(1);
    host.on_sql("DELETE FROM items WHERE id = $1").affects(0);
    assert_eq!(answer(host.delete(&path)), (204, Value::Null));
    assert_eq!(answer(host.delete(&path)).0, 404);
    assert_eq!(answer(host.delete(&format!("{}/no-uuid", items(TASK)))).0, 404);
}

#[test]
fn statistics_count_their_own_views() {
    let host = host();
    host.store("items_created", "4").on_sql("SELECT count(*) FROM items").rows([3]);
    assert_eq!(
        answer(host.get("/stats")),
        (200, json!({ "views": 1, "items_created": 4, "items": 3 }))
    );
    assert_eq!(answer(host.get("/stats")).1["views"], 2);
}

#[test]
fn what_the_database_says_stays_in_the_log() {
    let host = host();
    host.on_sql("SELECT count(*)").fails("database_error: relation \"items\" is broken");
    let (status, body) = answer(host.get("/stats"));
    assert_eq!((status, &body["error_code"]), (500, &json!("INTERNAL_ERROR")));
    assert!(!body.to_string().contains("broken"), "{body}");
    assert!(host.logged()[0].contains("broken"), "{:?}", host.logged());
}

#[test]
fn a_deleted_task_takes_its_items_with_it() {
    let host = host();
    host.on_sql("DELETE FROM items WHERE task_id = $1").with((TASK,)).affects(2);
    assert!(host.deliver("task.deleted", &json!({ "task_id": TASK, "title": "t" })).is_ok());
    assert!(host.logged()[0].ends_with("2 items with it"), "{:?}", host.logged());
    assert!(host.deliver("task.deleted", &json!({ "id": TASK })).is_err(), "to be given again");
}
