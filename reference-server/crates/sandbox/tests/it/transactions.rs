//! `db_tx_*` (decision A1): one transaction per call, which never outlives it.

use std::time::Duration;

use sandbox::{CallError, ServiceError};

use crate::guests::{BODY, data, handle, module};
use crate::services::STUCK_KEY;
use crate::world::{World, call, text};

const SQL: &str = "DELETE FROM notes";
const READ: &str = "SELECT 1 AS one  ";

/// Does what the letters of the body say, in order, and answers the statuses as digits: `b` begins,
/// `c` commits, `r` rolls back, `e` executes, `q` queries, `g` gets a key, `k` sets one, `d` deletes
/// one, `w` waits for a store without end, `s` spins, `t` traps.
fn scripted() -> String {
    let on = |letter: char, code: &str| {
        format!("(if (i32.eq (local.get $c) (i32.const {})) (then {code}))", u32::from(letter))
    };
    let status = |code: &str| {
        format!(
            "(i32.store8 (local.get $out) (i32.add (i32.const 48) {code}))
             (local.set $out (i32.add (local.get $out) (i32.const 1)))"
        )
    };
    let moves = [
        on('b', &status("(call $db_tx_begin)")),
        on('c', &status("(call $db_tx_commit)")),
        on('r', &status("(call $db_tx_rollback)")),
        on(
            'e',
            "(call $db_exec (i64.const 512) (i64.const 17) (i64.const 0) (i64.const 0)
               (i64.const 8) (i64.const 16) (i64.const 20))",
        ),
        on(
            'q',
            "(call $db_query (i64.const 544) (i64.const 17) (i64.const 0) (i64.const 0)
               (i64.const 16) (i64.const 20))",
        ),
        on('g', "(call $storage_get (i64.const 512) (i64.const 6) (i64.const 16) (i64.const 20))"),
        on(
            'k',
            &status(
                "(call $storage_set (i64.const 512) (i64.const 6) (i64.const 512) (i64.const 6))",
            ),
        ),
        on('d', &status("(call $storage_delete (i64.const 512) (i64.const 6))")),
        on('w', "(call $storage_get (i64.const 576) (i64.const 5) (i64.const 16) (i64.const 20))"),
        on('s', "(loop $forever (br $forever))"),
        on('t', "(unreachable)"),
    ]
    .concat();
    module(&format!(
        "{} {} {} {}",
        data(512, SQL),
        data(544, READ),
        data(576, STUCK_KEY),
        handle(&format!(
            "(local $c i32) (local $out i32)
             {BODY}
             (local.set $out (i32.const 64))
             (block $done (loop $next
               (br_if $done (i64.eqz (local.get $q)))
               (local.set $c (i32.load8_u (i32.wrap_i64 (local.get $p))))
               (local.set $p (i64.add (local.get $p) (i64.const 1)))
               (local.set $q (i64.sub (local.get $q) (i64.const 1)))
               {moves}
               (br $next)))
             (call $answer (i64.const 64)
               (i64.extend_i32_u (i32.sub (local.get $out) (i32.const 64))))"
        ))
    ))
}

fn happened(world: &World) -> Vec<String> {
    std::mem::take(&mut world.services.transactions.lock().unwrap())
}

#[tokio::test]
async fn what_lies_between_begin_and_commit_goes_through_the_transaction() {
    let world = World::new();
    let plugin = world.load(&scripted()).await;
    assert_eq!(text(&plugin, "beqgkdc").await, "1111");
    assert_eq!(
        happened(&world),
        ["begin", "exec", "query ReadOnly", "get DELETE", "set DELETE", "delete DELETE", "commit"]
    );
    assert!(world.services.statements.lock().unwrap().is_empty());

    // Afterwards, and without one, statements are transactions of their own.
    assert_eq!(text(&plugin, "breq").await, "11");
    assert_eq!(happened(&world), ["begin", "rollback"]);
    assert_eq!(world.services.statements.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_call_has_one_transaction_at_a_time() {
    let world = World::new();
    let plugin = world.load(&scripted()).await;
    assert_eq!(text(&plugin, "bbc").await, "101", "a second begin changes nothing");
    assert_eq!(happened(&world), ["begin", "commit"]);
    assert_eq!(text(&plugin, "crbcbr").await, "001111", "one after the other");
    assert_eq!(happened(&world), ["begin", "commit", "begin", "rollback"]);
    assert_eq!(text(&plugin, "bccrr").await, "11000", "what has ended cannot end again");
}

#[tokio::test]
async fn what_is_left_open_is_rolled_back_however_the_call_ends() {
    let world = World::limited(|limits| limits.call_duration = Duration::from_millis(400));
    let plugin = world.load(&scripted()).await;
    for (script, ending) in [("be", "return"), ("bet", "trap"), ("bes", "time")] {
        let outcome = call(&plugin, script).await;
        match ending {
            "return" => assert_eq!(outcome.unwrap().status, 200),
            "trap" => assert!(matches!(outcome, Err(CallError::Trapped(_))), "{outcome:?}"),
            _ => assert!(matches!(outcome, Err(CallError::Timeout { .. })), "{outcome:?}"),
        }
        assert_eq!(happened(&world), ["begin", "exec", "rollback"], "{ending}");
        assert_eq!(text(&plugin, "c").await, "0", "{ending}: the next call has none");
    }
    // In the middle of a step nobody can tell where it stands: it is dropped.
    let outcome = call(&plugin, "bw").await;
    assert!(matches!(outcome, Err(CallError::Timeout { .. })), "{outcome:?}");
    assert_eq!(happened(&world), ["begin", "get stuck", "dropped"]);
}

#[tokio::test]
async fn a_call_nobody_waits_for_takes_its_transaction_along() {
    let world = World::new();
    let plugin = world.load(&scripted()).await;
    let waiting = tokio::spawn(async move { call(&plugin, "bw").await });
    loop {
        if world.services.transactions.lock().unwrap().len() == 2 {
            break;
        }
        tokio::task::yield_now().await;
    }
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert_eq!(happened(&world), ["begin", "get stuck", "dropped"]);
}

#[tokio::test]
async fn an_init_keeps_no_transaction_open() {
    let world = World::new();
    let guest = module(&format!(
        "(func (export \"Init\") (result i32) (drop (call $db_tx_begin)) (i32.const 0)) {}",
        handle("(call $http_respond (i32.const 200) (i64.const 0) (i64.const 0)) (i64.const 0)")
    ));
    let plugin = world.load(&guest).await;
    assert_eq!(happened(&world), ["begin", "rollback"]);
    assert_eq!(text(&plugin, "").await, "");
}

#[tokio::test]
async fn a_database_that_fails_opens_nothing() {
    let world = World::new();
    let plugin = world.load(&scripted()).await;
    let away = ServiceError::new("database_error", "away");
    *world.services.rows.lock().unwrap() = Some(Err(away));
    assert_eq!(text(&plugin, "bc").await, "00");
    assert_eq!(happened(&world), [""; 0]);
}
