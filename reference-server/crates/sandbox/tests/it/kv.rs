//! `storage_*`.

use crate::guests::{BODY, data, handle, module};
use crate::services::BROKEN_KEY;
use crate::world::{World, text};

/// The body is the key, and the value too. Answers the status as a digit.
fn setter() -> String {
    module(&handle(&format!(
        "{BODY} (i32.store8 (i32.const 64) (i32.add (i32.const 48)
           (call $storage_set (local.get $p) (local.get $q) (local.get $p) (local.get $q))))
         (call $answer (i64.const 64) (i64.const 1))"
    )))
}

fn deleter() -> String {
    module(&handle(&format!(
        "{BODY} (i32.store8 (i32.const 64) (i32.add (i32.const 48)
           (call $storage_delete (local.get $p) (local.get $q))))
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
             (call $storage_get (local.get $p) (local.get $q) (i64.const 0) (i64.const 4))
             (call $answer_out)"
        ))
    ))
}

#[tokio::test]
async fn what_is_set_is_got_until_it_is_deleted() {
    let world = World::new();
    let (set, get, delete) =
        (world.load(&setter()).await, world.load(&getter()).await, world.load(&deleter()).await);
    assert_eq!(text(&get, "key").await, "", "absent is written as nothing");
    assert_eq!(text(&set, "key").await, "1");
    assert_eq!(text(&get, "key").await, "key");
    assert_eq!(text(&delete, "key").await, "1");
    assert_eq!(text(&delete, "key").await, "1", "deleting what is absent succeeds");
    assert_eq!(text(&get, "key").await, "");
}

#[tokio::test]
async fn a_failing_store_is_told_apart_from_an_absent_key() {
    let world = World::new();
    assert_eq!(text(&world.load(&getter()).await, BROKEN_KEY).await, "untouched");
    assert_eq!(text(&world.load(&setter()).await, BROKEN_KEY).await, "0");
    assert_eq!(text(&world.load(&deleter()).await, BROKEN_KEY).await, "0");
}

#[tokio::test]
async fn keys_and_values_are_bounded() {
    let world = World::limited(|limits| {
        limits.kv_key_bytes = 8;
        limits.kv_value_bytes = 4;
    });
    let set = world.load(&setter()).await;
    assert_eq!(text(&set, "four").await, "1");
    assert_eq!(text(&set, "five5").await, "0", "the value is too long");
    let delete = world.load(&deleter()).await;
    assert_eq!(text(&delete, "12345678").await, "1");
    assert_eq!(text(&delete, "123456789").await, "0", "the key is too long");
}

#[tokio::test]
async fn arguments_outside_the_memory_are_a_failure() {
    let guest = module(&handle(
        "(i32.store8 (i32.const 64) (i32.add (i32.const 48)
           (call $storage_delete (i64.const 131070) (i64.const 3))))
         (call $answer (i64.const 64) (i64.const 1))",
    ));
    assert_eq!(text(&World::new().load(&guest).await, "").await, "0");
}

#[tokio::test]
async fn out_pointers_outside_the_memory_are_ignored() {
    let guest = module(&format!(
        "{} {}",
        data(16, "fine"),
        handle(
            "(call $storage_get (i64.const 16) (i64.const 4) (i64.const 131070) (i64.const -1))
             (call $answer (i64.const 16) (i64.const 4))"
        )
    ));
    assert_eq!(text(&World::new().load(&guest).await, "").await, "fine");
}
