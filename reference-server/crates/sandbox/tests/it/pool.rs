//! Instances (decision A8): how many run, how many are kept, how a plugin ends.

use std::time::Duration;

use sandbox::{CallError, SandboxConfig};

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

#[tokio::test]
async fn a_call_that_finds_every_instance_busy_for_too_long_says_so() {
    let world = World::limited(|limits| {
        limits.instances_per_plugin = 1;
        limits.call_duration = Duration::from_millis(300);
    });
    let plugin = world.load(&moody()).await;
    // One runs for as long as the others are willing to wait, so that at most one of them can get
    // its turn in the end.
    let spinning = (0..6).map(|_| call(&plugin, "spin"));
    let ended = futures_util::future::join_all(spinning).await;
    let errors: Vec<_> = ended.into_iter().map(Result::unwrap_err).collect();
    let busy = |error: &&CallError| matches!(error, CallError::NoFreeInstance { .. });
    assert!(errors.iter().filter(busy).count() >= 4, "{errors:?}");
    assert!(errors.iter().filter(busy).all(|error| error.code().status() == 503));
    let ran = |error: &CallError| matches!(error, CallError::Timeout { .. });
    assert!(errors.iter().all(|error| ran(error) || busy(&error)), "{errors:?}");
    assert_eq!(text(&plugin, "").await, "1");
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
