//! Faults (decisions A6, A7, A8): a trap ends its call and its instance, nothing else.

use sandbox::CallError;

use crate::guests::{self, BODY, handle, module};
use crate::world::{World, call, text};

#[tokio::test]
async fn a_trap_discards_the_instance_and_the_next_call_is_served() {
    let plugin = World::new().load(&guests::moody()).await;
    assert_eq!(text(&plugin, "").await, "1");
    assert_eq!(text(&plugin, "").await, "2", "an instance that behaves is kept");

    let error = call(&plugin, "trap").await.unwrap_err();

    let CallError::Trapped(fault) = &error else { panic!("{error:?}") };
    assert!(fault.to_string().contains("unreachable"), "{fault}");
    assert!(fault.backtrace().is_some(), "the log wants to know where");
    assert_eq!(error.code().as_str(), "PLUGIN_TRAPPED");
    assert_eq!(text(&plugin, "").await, "1", "nothing the trapped instance left is seen");
}

#[tokio::test]
async fn a_plugin_that_trapped_is_called_apart_until_a_call_ends_in_order() {
    // Writes the body as a key, and traps when it begins with `t`.
    let guest = module(&handle(&format!(
        "{BODY}
         (drop (call $storage_set (local.get $p) (local.get $q) (local.get $p) (local.get $q)))
         (if (i32.eq (i32.load8_u (i32.wrap_i64 (local.get $p))) (i32.const 116))
           (then (unreachable)))
         (call $answer (local.get $p) (local.get $q))"
    )));
    let world = World::new();
    let plugin = world.load(&guest).await;
    for body in ["a", "t", "t", "b", "c"] {
        assert_eq!(call(&plugin, body).await.is_err(), body == "t");
    }
    let apart = world.services.apart.lock().unwrap().clone();
    assert_eq!(apart, [false, false, true, true, false]);
}

#[tokio::test]
async fn unbounded_recursion_is_a_trap() {
    let plugin = World::new().load(&guests::moody()).await;
    let error = call(&plugin, "recurse").await.unwrap_err();
    let CallError::Trapped(fault) = &error else { panic!("{error:?}") };
    assert!(fault.to_string().contains("stack"), "{fault}");
    assert_eq!(text(&plugin, "").await, "1");
}

#[tokio::test]
async fn memory_grows_to_the_limit_and_no_further() {
    // Grows by one page as often as it can, then answers with the number of pages as a letter.
    let guest = module(&handle(&format!(
        "{BODY}
         (block $full (loop $more
           (br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
           (br $more)))
         (i32.store8 (i32.const 64) (i32.add (i32.const 65) (memory.size)))
         (call $answer (i64.const 64) (i64.const 1))"
    )));
    let world = World::limited(|limits| limits.memory_pages = 7);
    let plugin = world.load(&guest).await;
    assert_eq!(text(&plugin, "").await, "H", "7 pages, and the guest goes on");
}

#[tokio::test]
async fn tables_grow_to_the_limit_and_no_further() {
    let guest = module(&format!(
        "(table 10 funcref) {}",
        handle(
            "(i32.store8 (i32.const 64) (i32.add (i32.const 66)
               (table.grow (ref.null func) (i32.const 100))))
             (i32.store8 (i32.const 65) (i32.add (i32.const 66)
               (table.grow (ref.null func) (i32.const 10))))
             (call $answer (i64.const 64) (i64.const 2))"
        )
    ));
    let world = World::limited(|limits| limits.table_elements = 50);
    let plugin = world.load(&guest).await;
    // -1 for the first, the previous size, 10, for the second.
    assert_eq!(text(&plugin, "").await, "AL");
}
