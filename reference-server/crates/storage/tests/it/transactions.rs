//! Transactions over several statements. No guard stands in front here.

use policy::sql::code;
use storage::plugin_sql::Access::{ReadOnly, ReadWrite};
use storage::plugin_sql::PluginTransaction;

use crate::support::{Host, Plugin, run, scalar};

const NOTES: &[(&str, &str)] = &[(
    "1.sql",
    "CREATE TABLE notes (id int PRIMARY KEY, body text, UNIQUE (body) DEFERRABLE INITIALLY DEFERRED);
     INSERT INTO notes VALUES (1, 'one');
     CREATE SEQUENCE numbers",
)];

async fn begin(plugin: &Plugin<'_>) -> PluginTransaction {
    plugin.host.database.plugin_sql().begin(&plugin.name).await.unwrap()
}

async fn count(transaction: &mut PluginTransaction) -> String {
    let rows = transaction.query(ReadOnly, "SELECT count(*) FROM notes", None).await.unwrap();
    rows.trim_start_matches(r#"{"columns":["count"],"rows":[["#).trim_end_matches("]]}").to_owned()
}

#[tokio::test]
async fn statements_see_each_other_and_others_see_them_after_the_commit() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin.migrate(NOTES).await.unwrap();
    let mut transaction = begin(&plugin).await;
    assert_eq!(transaction.exec("INSERT INTO notes VALUES (2, 'two')", None).await.unwrap(), 1);
    transaction.kv_set("k", "v").await.unwrap();
    assert_eq!(transaction.kv_get("k").await.unwrap().as_deref(), Some("v"));
    assert_eq!(count(&mut transaction).await, "2");
    assert_eq!(plugin.value("SELECT count(*) FROM notes").await, 1);
    assert_eq!(host.database.plugin_kv().get(&plugin.name, "k").await.unwrap(), None);
    transaction.commit().await.unwrap();
    assert_eq!(plugin.value("SELECT count(*) FROM notes").await, 2);
    assert_eq!(
        host.database.plugin_kv().get(&plugin.name, "k").await.unwrap().as_deref(),
        Some("v")
    );

    let mut transaction = begin(&plugin).await;
    transaction.exec("DELETE FROM notes", None).await.unwrap();
    transaction.kv_delete("k").await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(plugin.value("SELECT count(*) FROM notes").await, 2);
    assert!(host.database.plugin_kv().get(&plugin.name, "k").await.unwrap().is_some());
}

#[tokio::test]
async fn a_failing_statement_undoes_itself_and_nothing_else() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin.migrate(NOTES).await.unwrap();
    let mut transaction = begin(&plugin).await;
    transaction.exec("INSERT INTO notes VALUES (2, 'two')", None).await.unwrap();
    for (sql, params, code) in [
        ("INSERT INTO notes VALUES (3, 'three'), (1, 'again')", None, code::DATABASE_ERROR),
        ("INSERT INTO nowhere VALUES (1)", None, code::DATABASE_ERROR),
        ("DELETE FROM public.users", None, code::PERMISSION_DENIED),
        ("SELEC 1", None, code::SYNTAX_ERROR),
        ("DELETE FROM notes WHERE id = $1", Some("[\"x\"]"), code::PARAMS_INVALID),
        ("DELETE FROM notes WHERE id = $1", Some("{}"), code::PARAMS_INVALID),
        (
            "DELETE FROM notes WHERE now() > now() - $1::interval",
            Some("[\"x\"]"),
            code::PARAMS_INVALID,
        ),
    ] {
        let error = transaction.exec(sql, params).await.unwrap_err();
        assert_eq!(error.code, code, "{sql}: {error}");
        assert_eq!(count(&mut transaction).await, "2", "{sql}");
    }
    let many = "INSERT INTO notes SELECT n, n::text FROM generate_series(10, 20009) n RETURNING id";
    let error = transaction.query(ReadWrite, many, None).await.unwrap_err();
    assert_eq!(error.code, code::TOO_MANY_ROWS);
    let error = transaction.kv_set("a\0b", "v").await.unwrap_err();
    assert_eq!(error.code, code::DATABASE_ERROR);
    assert_eq!(count(&mut transaction).await, "2");
    transaction.commit().await.unwrap();
    assert_eq!(plugin.value("SELECT count(*) FROM notes").await, 2);
}

#[tokio::test]
async fn a_reading_statement_writes_nothing_in_a_writing_transaction() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin.migrate(NOTES).await.unwrap();
    let mut transaction = begin(&plugin).await;
    transaction.exec("UPDATE notes SET body = 'changed'", None).await.unwrap();
    for sql in [
        "DELETE FROM notes RETURNING id",
        "WITH x AS (DELETE FROM notes RETURNING id) SELECT * FROM x",
        "SELECT nextval('numbers')",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "DO $$ BEGIN SET transaction_read_only = off; DELETE FROM notes; END $$",
        "DO $$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM notes; END $$",
        "SELECT id INTO copied FROM notes",
        "SELECT * FROM notes FOR UPDATE",
    ] {
        transaction.query(ReadOnly, sql, None).await.map(drop).expect_err(sql);
        assert_eq!(count(&mut transaction).await, "1", "{sql}");
    }
    // Between them the transaction writes.
    transaction.exec("INSERT INTO notes VALUES (2, 'two')", None).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(plugin.value("SELECT count(*) FROM notes WHERE body = 'changed'").await, 1);
    assert_eq!(plugin.value("SELECT count(*) FROM notes").await, 2);
}

#[tokio::test]
async fn settings_begin_anew_with_each_statement() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin.migrate(NOTES).await.unwrap();
    let mut transaction = begin(&plugin).await;
    for local in ["true", "false"] {
        for (name, value) in [
            ("statement_timeout", "0"),
            ("search_path", "public"),
            ("timezone", "Asia/Tokyo"),
            ("standard_conforming_strings", "off"),
        ] {
            let sql = format!("SELECT set_config('{name}', '{value}', {local})");
            transaction.query(ReadWrite, &sql, None).await.unwrap();
        }
        let sql =
            "SELECT current_setting('statement_timeout') || ' ' || current_setting('search_path')
            || ' ' || current_setting('timezone') || ' ' || '\\n' AS s FROM notes";
        assert_eq!(
            transaction.query(ReadWrite, sql, None).await.unwrap(),
            r#"{"columns":["s"],"rows":[["3s plugin_data_a, public UTC \\n"]]}"#,
            "{local}"
        );
    }
    transaction.commit().await.unwrap();
    assert_eq!(plugin.value("SHOW statement_timeout").await, "3s");
}

#[tokio::test]
async fn a_refused_commit_keeps_nothing() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin.migrate(NOTES).await.unwrap();
    let mut transaction = begin(&plugin).await;
    transaction.exec("INSERT INTO notes VALUES (2, 'one')", None).await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.code, code::DATABASE_ERROR, "{error}");
    assert_eq!(plugin.value("SELECT count(*) FROM notes").await, 1);
}

#[tokio::test]
async fn a_lost_session_is_told_and_nothing_is_kept() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin.migrate(NOTES).await.unwrap();
    let mut transaction = begin(&plugin).await;
    transaction.exec("INSERT INTO notes VALUES (2, 'two')", None).await.unwrap();
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'hostproof-plugin' AND datname = current_database()";
    run(&mut host.superuser().await, kill).await;
    for _ in 0..2 {
        transaction.exec("INSERT INTO notes VALUES (3, 'three')", None).await.unwrap_err();
    }
    transaction.commit().await.unwrap_err();
    assert_eq!(plugin.value("SELECT count(*) FROM notes").await, 1);
}

#[tokio::test]
async fn a_dropped_transaction_is_rolled_back_and_lets_go_of_its_locks() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin.migrate(NOTES).await.unwrap();
    let mut transaction = begin(&plugin).await;
    transaction.exec("UPDATE notes SET body = 'dropped'", None).await.unwrap();
    drop(transaction);
    // Waits for the lock, should it still be there.
    plugin.exec("UPDATE notes SET body = body || '!'", "").await.unwrap();
    assert_eq!(plugin.value("SELECT body FROM notes").await, "one!");
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                AND state LIKE 'idle in transaction%'";
    assert_eq!(scalar::<i64>(&mut host.superuser().await, open).await, 0);
}

#[tokio::test]
async fn a_migration_meanwhile_is_noticed_within_a_transaction() {
    let host = Host::start_with(|config| config.plugin_connections_each = 1).await;
    let plugin = host.plugin("a", &[]).await;
    plugin.migrate(NOTES).await.unwrap();
    assert_eq!(plugin.value("SELECT count(*) FROM notes").await, 1);
    plugin.query("SELECT * FROM notes", "").await.unwrap();
    run(&mut host.superuser().await, "ALTER TABLE plugin_data_a.notes ADD COLUMN n int").await;
    let mut transaction = begin(&plugin).await;
    let rows = transaction.query(ReadOnly, "SELECT * FROM notes", None).await.unwrap();
    assert_eq!(rows, r#"{"columns":["id","body","n"],"rows":[[1,"one",null]]}"#);
    transaction.commit().await.unwrap();
}
