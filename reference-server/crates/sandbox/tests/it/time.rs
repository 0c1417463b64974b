//! Time (decision A5): whatever a guest does, its call ends, and nobody else waits for it.

use std::time::{Duration, Instant};

use sandbox::{CallError, LoadError};

use crate::guests::{self, data, handle, module};
use crate::services::STUCK_KEY;
use crate::world::{World, call, text};

/// Long enough for honest calls on a busy machine, short enough to wait for.
const LIMIT: Duration = Duration::from_millis(400);

fn hurried() -> World {
    World::limited(|limits| limits.call_duration = LIMIT)
}

#[tokio::test]
async fn a_guest_without_end_is_ended_and_the_next_call_served() {
    let plugin = hurried().load(&guests::moody()).await;
    assert_eq!(text(&plugin, "").await, "1");
    for mood in ["spin", "log", "get"] {
        let began = Instant::now();
        let error = call(&plugin, mood).await.unwrap_err();
        assert!(matches!(error, CallError::Timeout { limit: LIMIT }), "{mood}: {error:?}");
        assert!(began.elapsed() >= LIMIT, "{mood}: ended too early");
        assert_eq!(error.code().status(), 504);
        assert_eq!(text(&plugin, "").await, "1", "{mood}: the instance must be a fresh one");
    }
}

#[tokio::test]
async fn a_host_function_that_never_returns_is_ended_too() {
    let guest = format!(
        "{} {}",
        data(32, STUCK_KEY),
        handle(&format!(
            "(call $storage_get (i64.const 32) (i64.const {}) (i64.const 0) (i64.const 4))
             (call $answer_out)",
            STUCK_KEY.len()
        ))
    );
    let plugin = hurried().load(&module(&guest)).await;
    let error = call(&plugin, "").await.unwrap_err();
    assert!(matches!(error, CallError::Timeout { .. }), "{error:?}");
}

/// On one thread: only a guest that yields lets anybody else run.
#[tokio::test(flavor = "current_thread")]
async fn other_plugins_are_served_while_one_spins() {
    let world = World::limited(|limits| limits.call_duration = Duration::from_secs(2));
    let spinner = world.load(&guests::moody()).await;
    let echo = world.load(&guests::echo()).await;
    let spinning = tokio::spawn({
        let spinner = spinner.clone();
        async move { call(&spinner, "spin").await }
    });
    tokio::task::yield_now().await;

    for _ in 0..20 {
        assert_eq!(text(&echo, "still here").await, "still here");
    }
    // The same plugin, too, in another instance.
    assert_eq!(text(&spinner, "").await, "1");

    assert!(!spinning.is_finished());
    assert!(matches!(spinning.await.unwrap(), Err(CallError::Timeout { .. })));
}

#[tokio::test]
async fn init_has_a_deadline() {
    for init in [
        r#"(func (export "Init") (result i32) (loop $l (br $l)) (i32.const 0))"#,
        r#"(func (export "_initialize") (loop $l (br $l)))"#,
    ] {
        let error = hurried().try_load(&module(init)).await.unwrap_err();
        let LoadError::Initialise { source, .. } = error else { panic!("{error:?}") };
        assert!(matches!(*source, CallError::Timeout { .. }), "{source:?}");
    }
    let start = module("(func $spin (loop $l (br $l))) (start $spin)");
    assert!(matches!(hurried().try_load(&start).await, Err(LoadError::Instantiate(_))));
}

#[tokio::test]
async fn a_reset_without_end_costs_the_instance_but_not_the_answer() {
    let guest = module(&format!(
        "(global $served (mut i32) (i32.const 48)) {}",
        handle(
            "(global.set $served (i32.add (global.get $served) (i32.const 1)))
             (i32.store8 (i32.const 64) (global.get $served))
             (call $answer (i64.const 64) (i64.const 1))"
        )
    ))
    .replace(
        "(func (export \"ResetAllocator\") ",
        "(func (export \"ResetAllocator\") (loop $l (br $l)) ",
    );
    let plugin = hurried().load(&guest).await;
    assert_eq!(text(&plugin, "").await, "1");
    assert_eq!(text(&plugin, "").await, "1", "the instance must be a fresh one");
}

#[tokio::test]
async fn a_dropped_call_takes_its_instance_along() {
    let world = World::new();
    let plugin = world.load(&guests::moody()).await;
    let spinning = call(&plugin, "spin");
    let gone = tokio::time::timeout(Duration::from_millis(50), spinning).await;
    assert!(gone.is_err(), "the caller went away before the call ended");
    assert_eq!(text(&plugin, "").await, "1");
    assert_eq!(text(&plugin, "").await, "2");
}
