//! Events in both directions (decisions A9, D4, E1).

use std::sync::Arc;

use contract::event::Event;
use sandbox::CallError;
use serde_json::json;

use crate::guests::{BODY, handle, module};
use crate::world::{World, text};

/// Stores the payload under the topic.
const FOUR: &str = r#"(func (export "HandleEvent")
    (param $t i32) (param $tn i32) (param $p i32) (param $pn i32)
    (drop (call $storage_set
      (i64.extend_i32_u (local.get $t)) (i64.extend_i32_u (local.get $tn))
      (i64.extend_i32_u (local.get $p)) (i64.extend_i32_u (local.get $pn)))))"#;

/// Stores the object under its first three bytes.
const TWO: &str = r#"(func (export "HandleEvent") (param $p i32) (param $n i32)
    (drop (call $storage_set
      (i64.extend_i32_u (local.get $p)) (i64.const 3)
      (i64.extend_i32_u (local.get $p)) (i64.extend_i32_u (local.get $n)))))"#;

fn event() -> Arc<Event> {
    Arc::new(Event { topic: "task.deleted".to_owned(), payload: json!({"task_id": "t"}) })
}

fn stored(world: &World, key: &str) -> Option<String> {
    let key = ("com.example.guest".to_owned(), key.to_owned());
    world.services.pairs.lock().unwrap().get(&key).cloned()
}

#[tokio::test]
async fn both_shapes_of_the_handler_get_topic_and_payload() {
    let world = World::new();
    let plugin = world.load(&module(FOUR)).await;
    assert!(plugin.handles_events());
    plugin.handle_event(event()).await.unwrap();
    assert_eq!(stored(&world, "task.deleted").as_deref(), Some(r#"{"task_id":"t"}"#));

    let plugin = world.load(&module(TWO)).await;
    plugin.handle_event(event()).await.unwrap();
    let object = stored(&world, "{\"p").or(stored(&world, "{\"t")).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&object).unwrap(), *event());
}

#[tokio::test]
async fn a_plugin_without_handler_has_nothing_to_do() {
    let plugin = World::new().load(&module("")).await;
    assert!(!plugin.handles_events());
    plugin.handle_event(event()).await.unwrap();
}

#[tokio::test]
async fn a_trap_in_the_handler_is_the_callers_to_know() {
    let world = World::new();
    let trapping = r#"(func (export "HandleEvent") (param i32 i32) (unreachable))"#;
    let plugin = world.load(&module(trapping)).await;
    for _ in 0..2 {
        let outcome = plugin.handle_event(event()).await;
        assert!(matches!(outcome, Err(CallError::Trapped(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn there_is_no_request_within_an_event() {
    // Traps if any of the three functions gives something.
    let code = ["http_request_body", "http_request_headers", "http_caller_identity"]
        .map(|function| {
            format!("(call ${function}) (i64.or) (i64.or (global.get $sum)) (global.set $sum)")
        })
        .concat();
    let guest = module(&format!(
        r#"(global $sum (mut i64) (i64.const 0))
        (func (export "HandleEvent") (param i32 i32) {code}
          (if (i64.ne (global.get $sum) (i64.const 0)) (then (unreachable))))"#
    ));
    World::new().load(&guest).await.handle_event(event()).await.unwrap();
}

#[tokio::test]
async fn emitting_needs_the_permission() {
    // The body is the topic and the payload.
    let guest = module(&handle(&format!(
        "{BODY} (i32.store8 (i32.const 64) (i32.add (i32.const 48)
           (call $event_emit (local.get $p) (local.get $q) (local.get $p) (local.get $q))))
         (call $answer (i64.const 64) (i64.const 1))"
    )));
    let world = World::limited(|limits| limits.event_topic_bytes = 8);
    let emitted = || world.services.emitted.lock().unwrap().len();
    let load = |permissions: &[&str]| {
        let manifest = json!({"permissions": permissions});
        world.load_with("com.example.guest", manifest, &guest)
    };

    let granted = load(&["events:emit"]).await.unwrap();
    assert_eq!(text(&granted, "a.b").await, "1");
    let expected = ("com.example.guest".to_owned(), "a.b".to_owned(), "a.b".to_owned());
    assert_eq!(*world.services.emitted.lock().unwrap(), [expected]);
    assert_eq!(text(&granted, "").await, "0", "a topic is needed");
    assert_eq!(text(&granted, "123456789").await, "0", "topics are bounded");

    for without in [&["db:read:tasks"][..], &[]] {
        assert_eq!(text(&load(without).await.unwrap(), "a.b").await, "0", "{without:?}");
    }
    assert_eq!(emitted(), 1);

    let dotted = load(&["events.emit"]).await.unwrap();
    assert_eq!(text(&dotted, "a.b").await, "1");
    assert_eq!(emitted(), 2);
}

#[tokio::test]
async fn subscribing_answers_1() {
    let guest = module(&handle(
        "(i32.store8 (i32.const 64) (i32.add (i32.const 48)
           (call $event_subscribe (i64.const 0) (i64.const 0))))
         (call $answer (i64.const 64) (i64.const 1))",
    ));
    assert_eq!(text(&World::new().load(&guest).await, "").await, "1");
}
