//! Instances (decision A8): how many run, how many are kept, how a plugin ends.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::api::ErrorCode;
use contract::event::Event;
use policy::Limits;
use sandbox::{CallError, LoadError, Overload, Plugin, SandboxConfig};
use serde_json::json;

use crate::guests::{data, handle, module, moody};
use crate::services::GATED_KEY;
use crate::world::{Setup, World, call, text};

/// A guest that waits in a host function until the test lets it go, and logs its shutdown by
/// setting a key.
fn waiting() -> String {
    module(&format!(
        r#"{} {} {}
        (func (export "Shutdown")
          (drop (call $storage_set (i64.const 48) (i64.const 4) (i64.const 48) (i64.const 4))))"#,
        data(32, GATED_KEY),
        data(48, "done"),
        handle(&format!(
            "(call $storage_get (i64.const 32) (i64.const {}) (i64.const 0) (i64.const 4))
             (call $answer (i64.const 32) (i64.const 5))",
            GATED_KEY.len()
        ))
    ))
}

/// A call that has begun, or waits where it has to.
async fn begun(plugin: &Plugin) -> Pin<Box<impl Future<Output = Answer>>> {
    let plugin = plugin.clone();
    let mut call = Box::pin(async move { call(&plugin, "").await.map(|answer| answer.status) });
    assert!(futures_util::poll!(call.as_mut()).is_pending());
    call
}

type Answer = Result<u16, CallError>;

#[tokio::test]
async fn a_call_that_waits_too_long_for_its_turn_says_so() {
    let world = World::limited(|limits| {
        limits.instances_per_plugin = 1;
        limits.queue_duration = Duration::from_millis(50);
    });
    let plugin = world.load(&waiting()).await;
    let running = begun(&plugin).await;

    let error = call(&plugin, "").await.unwrap_err();
    let waited = Duration::from_millis(50);
    assert_eq!(overload(&error), Some(Overload::Busy { waited }));
    assert_eq!(error.code(), ErrorCode::PluginOverloaded);

    world.services.open.notify_one();
    assert_eq!(running.await.unwrap(), 200);
}

fn overload(error: &CallError) -> Option<Overload> {
    match error {
        CallError::Overloaded(overload) => Some(*overload),
        _ => None,
    }
}

#[tokio::test]
async fn a_call_beyond_those_that_may_wait_is_refused_at_once() {
    let world = World::limited(|limits| {
        limits.instances_per_plugin = 1;
        limits.calls_per_plugin = 3;
    });
    let plugin = world.load(&waiting()).await;
    let neighbour = world.load_with("com.example.other", json!({}), &moody()).await.unwrap();
    let (first, second) = (begun(&plugin).await, begun(&plugin).await);
    let third = begun(&plugin).await;

    let refused = call(&plugin, "").await.unwrap_err();
    assert_eq!(overload(&refused), Some(Overload::QueueFull { calls: 3 }));
    assert_eq!(text(&neighbour, "").await, "1", "others do not notice");

    // One that gives up makes room for one.
    drop(third);
    let third = begun(&plugin).await;
    for call in [first, second, third] {
        world.services.open.notify_one();
        assert_eq!(call.await.unwrap(), 200);
    }
    let again = begun(&plugin).await;
    world.services.open.notify_one();
    assert_eq!(again.await.unwrap(), 200);
}

#[tokio::test]
async fn an_event_is_let_in_whatever_the_queue_and_goes_first() {
    let world = World::limited(|limits| {
        limits.instances_per_plugin = 1;
        limits.calls_per_plugin = 2;
    });
    let handler = r#"(func (export "HandleEvent") (param i32 i32)
          (drop (call $storage_set (i64.const 48) (i64.const 4) (i64.const 48) (i64.const 4))))
        (func (export "Shutdown")"#;
    let guest = waiting().replacen(r#"(func (export "Shutdown")"#, handler, 1);
    let plugin = world.load(&guest).await;
    let mut running = begun(&plugin).await;
    let mut waits = begun(&plugin).await;
    assert!(call(&plugin, "").await.is_err(), "the queue is full");

    let event = Arc::new(Event { topic: "task.created".to_owned(), payload: json!({}) });
    let mut delivery = std::pin::pin!(plugin.handle_event(event));
    assert!(futures_util::poll!(delivery.as_mut()).is_pending(), "the instance is busy");
    assert!(futures_util::poll!(waits.as_mut()).is_pending());

    world.services.open.notify_one();
    assert_eq!(running.as_mut().await.unwrap(), 200);
    assert!(futures_util::poll!(waits.as_mut()).is_pending(), "it came first and is not next");
    delivery.await.unwrap();
    assert_eq!(world.services.apart.lock().unwrap().len(), 1, "the event was handled");
    world.services.open.notify_one();
    assert_eq!(waits.await.unwrap(), 200);
}

#[tokio::test]
async fn a_call_beyond_the_limit_waits_for_its_turn() {
    let world = World::limited(|limits| limits.instances_per_plugin = 1);
    let plugin = world.load(&waiting()).await;
    let first = tokio::spawn({
        let plugin = plugin.clone();
        async move { text(&plugin, "").await }
    });
    world.services.arrived.notified().await;

    let second = tokio::spawn({
        let plugin = plugin.clone();
        async move { call(&plugin, "").await }
    });
    tokio::task::yield_now().await;
    assert!(!second.is_finished(), "it must wait for its turn");

    world.services.open.notify_one();
    assert_eq!(first.await.unwrap(), "gated");
    world.services.arrived.notified().await;
    world.services.open.notify_one();
    assert_eq!(second.await.unwrap().unwrap().status, 200);
}

#[tokio::test]
async fn shutdown_waits_for_running_calls_and_tells_the_guest() {
    let world = World::new();
    let plugin = world.load(&waiting()).await;
    let running = tokio::spawn({
        let plugin = plugin.clone();
        async move { text(&plugin, "").await }
    });
    world.services.arrived.notified().await;
    let ending = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.shutdown().await }
    });
    // The first refusal shows that the shutdown has begun.
    while !matches!(call_now(&plugin).await, Some(Err(CallError::ShutDown))) {
        world.services.open.notify_one();
        tokio::task::yield_now().await;
    }
    world.services.open.notify_one();

    assert_eq!(running.await.unwrap(), "gated", "a running call is not cut off");
    ending.await.unwrap();
    let told = ("com.example.guest".to_owned(), "done".to_owned());
    assert!(world.services.pairs.lock().unwrap().contains_key(&told));
    assert!(matches!(call(&plugin, "").await, Err(CallError::ShutDown)));
}

/// A call that is given up unless it ends at once.
async fn call_now(
    plugin: &sandbox::Plugin,
) -> Option<Result<contract::envelope::GuestResponse, CallError>> {
    tokio::time::timeout(Duration::from_millis(20), call(plugin, "")).await.ok()
}

#[tokio::test]
async fn no_more_instances_are_kept_than_configured() {
    let none_kept = World::with(Setup {
        config: SandboxConfig { max_idle_instances: 0, ..SandboxConfig::default() },
        ..Setup::default()
    });
    let plugin = none_kept.load(&moody()).await;
    for _ in 0..3 {
        assert_eq!(text(&plugin, "").await, "1", "every call runs in an instance of its own");
    }
}

/// A guest that counts its calls and fills so many pages, of which it begins with two.
fn counting(pages: u32) -> String {
    module(&format!(
        r"(global $calls (mut i32) (i32.const 48))
        {}",
        handle(&format!(
            "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
             (if (i32.lt_u (memory.size) (i32.const {pages}))
               (then (drop (memory.grow (i32.sub (i32.const {pages}) (memory.size))))))
             (i32.store8 (i32.const 32) (global.get $calls))
             (call $answer (i64.const 32) (i64.const 1))"
        ))
    ))
}

#[tokio::test]
async fn beyond_the_budget_idle_instances_of_whoever_holds_most_end() {
    // Room for 20 pages; the small one has 2, and the large one comes to 18.
    let world = World::limited(|limits| limits.guest_memory_bytes = 20 * 64 * 1024);
    let small = world.load_with("com.example.small", json!({}), &counting(2)).await.unwrap();
    let large = world.load_with("com.example.large", json!({}), &counting(18)).await.unwrap();
    for calls in ["1", "2"] {
        assert_eq!(text(&small, "").await, calls);
        assert_eq!(text(&large, "").await, calls);
    }
    // One more has no room: the largest ends, and nothing else.
    let third = world.load_with("com.example.third", json!({}), &counting(2)).await.unwrap();
    assert_eq!(text(&third, "").await, "1");
    assert_eq!(text(&small, "").await, "3");
    assert_eq!(text(&large, "").await, "1", "it was loaded anew");
}

#[tokio::test]
async fn every_plugin_gets_one_instance_and_a_second_only_within_the_budget() {
    let world = World::limited(|limits| {
        limits.guest_memory_bytes = 1;
        limits.queue_duration = Duration::from_millis(50);
    });
    let plugin = world.load(&waiting()).await;
    let neighbour = world.load_with("com.example.other", json!({}), &moody()).await.unwrap();
    let running = begun(&plugin).await;
    let waited = Duration::from_millis(50);
    let error = call(&plugin, "").await.unwrap_err();
    assert_eq!(overload(&error), Some(Overload::NoRoom { waited }));
    assert_eq!(text(&neighbour, "").await, "1");
    world.services.open.notify_one();
    assert_eq!(running.await.unwrap(), 200);
}

#[tokio::test]
async fn a_call_that_waits_for_room_takes_the_instance_that_becomes_free() {
    let world = World::limited(|limits| limits.guest_memory_bytes = 1);
    let plugin = world.load(&waiting()).await;
    let (running, waits) = (begun(&plugin).await, begun(&plugin).await);
    world.services.open.notify_one();
    assert_eq!(running.await.unwrap(), 200);
    world.services.open.notify_one();
    assert_eq!(waits.await.unwrap(), 200);
}

#[tokio::test]
async fn when_all_slots_are_busy_calls_and_loads_are_refused_and_idle_ones_make_room() {
    let world = World::with(Setup {
        config: SandboxConfig { instance_slots: 2, ..SandboxConfig::default() },
        limits: Limits { queue_duration: Duration::from_millis(50), ..Limits::default() },
        ..Setup::default()
    });
    let first = world.load_with("com.example.first", json!({}), &waiting()).await.unwrap();
    let second = world.load_with("com.example.second", json!({}), &waiting()).await.unwrap();
    // Its instance takes the slot of an idle one, which is made anew when it is called.
    let third = world.load_with("com.example.third", json!({}), &counting(2)).await.unwrap();
    assert_eq!(text(&third, "").await, "1");
    let (running, also_running) = (begun(&first).await, begun(&second).await);

    let refused = world.load_with("com.example.fourth", json!({}), &counting(2)).await;
    assert!(matches!(refused, Err(LoadError::NoRoom { .. })), "{refused:?}");
    let refused = call(&third, "").await.unwrap_err();
    let waited = Duration::from_millis(50);
    assert_eq!(overload(&refused), Some(Overload::NoRoom { waited }));

    world.services.open.notify_one();
    assert_eq!(running.await.unwrap(), 200);
    assert_eq!(text(&third, "").await, "1");
    world.services.open.notify_one();
    assert_eq!(also_running.await.unwrap(), 200);
}

#[tokio::test]
async fn what_the_last_burst_needed_goes_back_and_one_instance_is_kept() {
    let world = World::new();
    let plugin = world.load(&waiting()).await;
    let burst = [begun(&plugin).await, begun(&plugin).await, begun(&plugin).await];
    for call in burst {
        world.services.open.notify_one();
        assert_eq!(call.await.unwrap(), 200);
    }
    // The guest writes a value when it is told of its end.
    let ended = || world.services.apart.lock().unwrap().len();
    let now = Instant::now();
    world.sandbox.shrink(now);
    tokio::task::yield_now().await;
    assert_eq!(ended(), 0, "they were used a moment ago");

    world.sandbox.shrink(now + SandboxConfig::default().idle_duration * 2);
    while ended() < 2 {
        tokio::task::yield_now().await;
    }
    plugin.shutdown().await;
    assert_eq!(ended(), 3, "one was kept");
}

#[tokio::test]
async fn plugins_beyond_the_warm_ones_keep_no_instance_and_serve_when_they_are_called() {
    let modules = tempfile::tempdir().unwrap();
    let world = World::with(Setup {
        config: SandboxConfig {
            warm_plugins: 1,
            // Code that is given back is mapped from a file.
            module_cache_dir: Some(modules.path().to_owned()),
            ..SandboxConfig::default()
        },
        ..Setup::default()
    });
    let guest = counting(2);
    let first = world.load_with("com.example.first", json!({}), &guest).await.unwrap();
    let second = world.load_with("com.example.second", json!({}), &guest).await.unwrap();
    for answer in ["1", "2"] {
        assert_eq!(
            (text(&first, "").await, text(&second, "").await),
            (answer.into(), answer.into())
        );
    }
    world.sandbox.shrink(Instant::now());
    assert_eq!(text(&first, "").await, "3", "it was used a moment ago");

    let later = Instant::now() + SandboxConfig::default().idle_duration * 2;
    world.sandbox.shrink(later);
    assert_eq!(text(&second, "").await, "1", "a new instance: the other was used after it");
    assert_eq!(text(&first, "").await, "4", "the same instance");
}

#[tokio::test]
async fn guests_that_are_pooled_may_have_what_those_that_are_not_may_have() {
    let odd = [
        // Far more than a slot's first pages, and as many tables as an instance may have.
        format!(r#"(memory (export "memory") 1024) {}"#, "(table 6250 funcref)".repeat(16)),
        format!(r#"(memory (export "memory") 2) {}"#, "(table 6250 funcref)".repeat(17)),
        r#"(memory (export "memory") 2) (table 100001 funcref)"#.to_owned(),
        r#"(memory (export "memory") 1025)"#.to_owned(),
        r#"(memory (export "memory") 2 65536)"#.to_owned(),
    ];
    let mut loaded = Vec::new();
    for instance_slots in [0, 8] {
        let config = SandboxConfig { instance_slots, ..SandboxConfig::default() };
        let world = World::with(Setup { config, ..Setup::default() });
        let mut row = Vec::new();
        for fields in &odd {
            row.push(world.try_load(&format!("(module {fields})")).await.is_ok());
        }
        loaded.push(row);
    }
    assert_eq!(loaded[0], [true, false, false, false, true]);
    assert_eq!(loaded[1], loaded[0]);
}
