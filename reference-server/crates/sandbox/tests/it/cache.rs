//! `cache_*`.

use std::time::Duration;

use serde_json::json;

use crate::guests::{BODY, data, handle, module};
use crate::services::BROKEN_KEY;
use crate::world::{World, text};

/// The body is the key, and the value too. Answers the status as a digit.
fn setter(seconds: i32) -> String {
    status(&format!(
        "call $cache_set (local.get $p) (local.get $q) (local.get $p) (local.get $q)
           (i32.const {seconds})"
    ))
}

fn deleter() -> String {
    status("call $cache_delete (local.get $p) (local.get $q)")
}

fn status(call: &str) -> String {
    module(&handle(&format!(
        "{BODY} (i32.store8 (i32.const 64) (i32.add (i32.const 48) ({call})))
         (call $answer (i64.const 64) (i64.const 1))"
    )))
}

/// The body is the key. The out-pointers hold the word `untouched` unless the host writes them.
fn getter() -> String {
    module(&format!(
        "{} {}",
        data(16, "untouched"),
        handle(&format!(
            "{BODY}
             (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 9))
             (call $cache_get (local.get $p) (local.get $q) (i64.const 0) (i64.const 4))
             (call $answer_out)"
        ))
    ))
}

async fn load(world: &World, permissions: &[&str], wat: &str) -> sandbox::Plugin {
    let manifest = json!({"permissions": permissions});
    world.load_with("com.example.guest", manifest, wat).await.unwrap()
}

#[tokio::test]
async fn what_is_set_is_got_until_it_is_deleted() {
    let world = World::new();
    let granted = &["cache:use"];
    let set = load(&world, granted, &setter(0)).await;
    let get = load(&world, granted, &getter()).await;
    let delete = load(&world, granted, &deleter()).await;
    assert_eq!(text(&get, "key").await, "", "a miss is written as nothing");
    assert_eq!(text(&set, "key").await, "1");
    assert_eq!(text(&get, "key").await, "key");
    assert_eq!(text(&delete, "key").await, "1");
    assert_eq!(text(&delete, "key").await, "1");
    assert_eq!(text(&get, "key").await, "");
}

#[tokio::test]
async fn seconds_are_the_time_to_live_and_zero_is_without_end() {
    let world = World::new();
    let granted = &["cache:use"];
    assert_eq!(text(&load(&world, granted, &setter(90)).await, "bounded").await, "1");
    assert_eq!(text(&load(&world, granted, &setter(0)).await, "endless").await, "1");
    assert_eq!(text(&load(&world, granted, &setter(-1)).await, "negative").await, "0");
    let cached = world.services.cached.lock().unwrap();
    let ttls: Vec<_> = cached.iter().map(|((_, key), (_, ttl))| (key.as_str(), *ttl)).collect();
    assert_eq!(ttls, [("bounded", Some(Duration::from_secs(90))), ("endless", None)]);
}

#[tokio::test]
async fn a_cache_that_fails_is_a_cache_that_has_nothing() {
    let world = World::new();
    let granted = &["cache:use"];
    assert_eq!(text(&load(&world, granted, &getter()).await, BROKEN_KEY).await, "");
    assert_eq!(text(&load(&world, granted, &setter(0)).await, BROKEN_KEY).await, "0");
    assert_eq!(text(&load(&world, granted, &deleter()).await, BROKEN_KEY).await, "0");
}

#[tokio::test]
async fn an_empty_key_is_none() {
    let world = World::new();
    let granted = &["cache:use"];
    assert_eq!(text(&load(&world, granted, &getter()).await, "").await, "");
    assert_eq!(text(&load(&world, granted, &setter(0)).await, "").await, "0");
    assert_eq!(text(&load(&world, granted, &deleter()).await, "").await, "0");
}

#[tokio::test]
async fn keys_and_values_are_bounded() {
    let world = World::limited(|limits| {
        limits.cache_key_bytes = 8;
        limits.cache_value_bytes = 4;
    });
    let granted = &["cache:use"];
    let (set, delete) =
        (load(&world, granted, &setter(0)).await, load(&world, granted, &deleter()).await);
    assert_eq!(text(&set, "four").await, "1");
    assert_eq!(text(&set, "five5").await, "0", "the value is too long");
    assert_eq!(text(&delete, "12345678").await, "1");
    assert_eq!(text(&delete, "123456789").await, "0", "the key is too long");
}

#[tokio::test]
async fn without_the_grant_there_is_nothing_to_see() {
    let world = World::new();
    let set = load(&world, &["cache"], &setter(0)).await;
    assert_eq!(text(&set, "key").await, "1", "the dotted vocabulary opens it");
    let none = &["db:read:tasks"];
    assert_eq!(text(&load(&world, none, &getter()).await, "key").await, "");
    assert_eq!(text(&load(&world, none, &setter(0)).await, "key").await, "0");
    assert_eq!(text(&load(&world, none, &deleter()).await, "key").await, "0");
    assert_eq!(world.services.cached.lock().unwrap().len(), 1, "the entry is still there");
}
