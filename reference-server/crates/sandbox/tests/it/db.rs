//! `db_query`, `db_query2`, `db_exec` (decisions A2, D1, D2).

use sandbox::ServiceError;

use crate::guests::{BODY, data, handle, module};
use crate::world::{World, call, text};

/// Out-pointers at 0 (result) and 8 (error), preset to name `untouched` at 32; the body is the
/// statement; parameters are at 48.
fn guest(function: &str, arguments: &str, answer: &str) -> String {
    module(&format!(
        "{} {} {}",
        data(32, "untouched"),
        data(48, "[1]"),
        handle(&format!(
            "{BODY}
             (i32.store (i32.const 0) (i32.const 32)) (i32.store (i32.const 4) (i32.const 9))
             (i32.store (i32.const 8) (i32.const 32)) (i32.store (i32.const 12) (i32.const 9))
             (call ${function} (local.get $p) (local.get $q) (i64.const 48) (i64.const 3) {arguments})
             {answer}"
        ))
    ))
}

const RESULT_OUT: &str = "(i64.const 0) (i64.const 4)";
const ERROR_OUT: &str = "(i64.const 8) (i64.const 12)";
const ANSWER_RESULT: &str = "(call $answer_out)";
const ANSWER_ERROR: &str =
    "(call $answer (i64.load32_u (i32.const 8)) (i64.load32_u (i32.const 12)))";

fn query() -> String {
    guest("db_query", RESULT_OUT, ANSWER_RESULT)
}

fn query2(answer: &str) -> String {
    guest("db_query2", &format!("{RESULT_OUT} {ERROR_OUT}"), answer)
}

/// The affected rows, eight bytes, are stored at 16.
fn exec(answer: &str) -> String {
    let preset = "(i64.store (i32.const 16) (i64.const 99))";
    guest("db_exec", &format!("(i64.const 16) {ERROR_OUT}"), answer)
        .replace("(call $db_exec", &format!("{preset} (call $db_exec"))
}

const ANSWER_AFFECTED: &str = "(call $answer (i64.const 16) (i64.const 8))";

fn fail(world: &World) {
    let error = ServiceError::new("database_error", "relation \"x\" does not exist");
    *world.services.rows.lock().unwrap() = Some(Err(error));
}

#[tokio::test]
async fn rows_come_back_and_the_statement_goes_out_as_it_was() {
    let world = World::new();
    let plugin = world.load(&query()).await;
    assert_eq!(text(&plugin, "SELECT $1").await, r#"{"columns":[],"rows":[]}"#);
    let plugin = world.load(&query2(ANSWER_RESULT)).await;
    let insert = "INSERT INTO t VALUES ($1) RETURNING id";
    assert_eq!(text(&plugin, insert).await, r#"{"columns":[],"rows":[]}"#);
    assert_eq!(text(&plugin, "SELECT $1").await, r#"{"columns":[],"rows":[]}"#);
    let plugin = world.load(&query2(ANSWER_ERROR)).await;
    assert_eq!(text(&plugin, insert).await, "", "success clears the error");

    let params = Some("[1]".to_owned());
    assert_eq!(
        *world.services.statements.lock().unwrap(),
        [
            ("read", "SELECT $1".to_owned(), params.clone()),
            ("write", insert.to_owned(), params.clone()),
            // `db_query2` may write, whatever it is asked for.
            ("write", "SELECT $1".to_owned(), params.clone()),
            ("write", insert.to_owned(), params),
        ]
    );
}

#[tokio::test]
async fn affected_rows_are_64_bits() {
    let world = World::new();
    let plugin = world.load(&exec(ANSWER_AFFECTED)).await;
    let body = call(&plugin, "DELETE FROM t").await.unwrap().body;
    assert_eq!(body, 0x1_0000_0003_u64.to_le_bytes());
    let plugin = world.load(&exec(ANSWER_ERROR)).await;
    assert_eq!(text(&plugin, "DELETE FROM t").await, "");
}

#[tokio::test]
async fn a_failed_db_query_leaves_the_out_pointers_alone() {
    let world = World::new();
    fail(&world);
    assert_eq!(text(&world.load(&query()).await, "SELECT 1").await, "untouched");
}

#[tokio::test]
async fn a_failed_db_query2_clears_the_result_and_tells_the_error() {
    let world = World::new();
    fail(&world);
    let error = "database_error: relation \"x\" does not exist";
    assert_eq!(text(&world.load(&query2(ANSWER_RESULT)).await, "SELECT 1").await, "");
    assert_eq!(text(&world.load(&query2(ANSWER_ERROR)).await, "SELECT 1").await, error);
}

#[tokio::test]
async fn a_failed_db_exec_affects_0_rows_and_tells_the_error() {
    let world = World::new();
    fail(&world);
    let affected = call(&world.load(&exec(ANSWER_AFFECTED)).await, "DELETE FROM t").await;
    assert_eq!(affected.unwrap().body, 0_u64.to_le_bytes());
    assert_eq!(
        text(&world.load(&exec(ANSWER_ERROR)).await, "DELETE FROM t").await,
        "database_error: relation \"x\" does not exist"
    );
}

#[tokio::test]
async fn what_the_guard_refuses_never_reaches_the_database() {
    let world = World::new();
    let query = world.load(&query()).await;
    let query2 = world.load(&query2(ANSWER_ERROR)).await;
    let exec = world.load(&exec(ANSWER_ERROR)).await;

    assert_eq!(text(&query, "DELETE FROM t").await, "untouched");
    for (plugin, statement, code) in [
        (&query2, "SELEC 1", "syntax_error: "),
        (&query2, "DELETE FROM t", "returning_required: "),
        (&query2, "SELECT 1; SELECT 2", "multiple_statements: "),
        (&exec, "DROP TABLE t", "statement_not_allowed: "),
        (&exec, "SELECT 1", "statement_not_allowed: "),
    ] {
        let error = text(plugin, statement).await;
        assert!(error.starts_with(code), "{statement}: {error}");
        // The kept verdict is the same.
        assert_eq!(text(plugin, statement).await, error);
    }
    assert_eq!(*world.services.statements.lock().unwrap(), []);
}

#[tokio::test]
async fn rows_that_the_guest_has_no_room_for_are_an_error_not_zero_rows() {
    let world = World::new();
    *world.services.rows.lock().unwrap() = Some(Ok("x".repeat(200_000)));
    assert_eq!(
        text(&world.load(&query2(ANSWER_ERROR)).await, "SELECT 1").await,
        "allocation_failed: the guest could not allocate 200000 bytes for the result"
    );
    assert_eq!(text(&world.load(&query2(ANSWER_RESULT)).await, "SELECT 1").await, "");
    assert_eq!(text(&world.load(&query()).await, "SELECT 1").await, "untouched");
}

#[tokio::test]
async fn arguments_outside_the_memory_leave_everything_alone() {
    let world = World::new();
    for answer in [ANSWER_RESULT, ANSWER_ERROR] {
        let plugin = query2(answer)
            .replace("(i64.const 48) (i64.const 3)", "(i64.const 131070) (i64.const 3)");
        assert_eq!(text(&world.load(&plugin).await, "SELECT 1").await, "untouched");
    }
    assert_eq!(*world.services.statements.lock().unwrap(), []);
}

#[tokio::test]
async fn absent_parameters_are_told_apart_from_an_empty_list() {
    let world = World::new();
    let plugin = query().replace("(i64.const 48) (i64.const 3)", "(i64.const 48) (i64.const 0)");
    text(&world.load(&plugin).await, "SELECT 1").await;
    assert_eq!(*world.services.statements.lock().unwrap(), [("read", "SELECT 1".to_owned(), None)]);
}
