//! What a plugin cannot reach. No guard stands in front here: every refusal is Postgres's.

use policy::sql::code;

use crate::support::{Host, Plugin, scalar};

const NOTES: &[(&str, &str)] = &[("1.sql", "CREATE TABLE notes (id int PRIMARY KEY, body text)")];

/// Every call refuses the statement with that code. In a READ ONLY transaction Postgres may find
/// the transaction wrong before it finds the right missing.
async fn refused(plugin: &Plugin<'_>, sql: &str, code: &str) {
    for (call, outcome) in [
        ("query", plugin.query(sql, "").await.map(drop)),
        ("query2", plugin.query2(sql, "").await.map(drop)),
        ("exec", plugin.exec(sql, "").await.map(drop)),
    ] {
        let error = outcome.expect_err(sql);
        let reading = call == "query" && error.code == code::STATEMENT_NOT_ALLOWED;
        assert!(error.code == code || reading, "{call} of {sql}: {error}");
        assert!(!error.is_unavailable(), "{call} of {sql}: {error}");
    }
}

#[tokio::test]
async fn another_plugins_schema_is_unreachable_however_it_is_spelled() {
    let host = Host::start().await;
    let (a, b) = (host.plugin("a", &["db.read"]).await, host.plugin("b", &["db.read"]).await);
    a.migrate(NOTES).await.unwrap();
    b.migrate(NOTES).await.unwrap();
    b.exec("INSERT INTO notes VALUES (1, 'secret')", "").await.unwrap();
    for sql in [
        "SELECT * FROM plugin_data_b.notes",
        "SELECT * FROM \"plugin_data_b\".\"notes\"",
        "SELECT * FROM U&\"plugin\\005fdata_b\".notes",
        "TABLE plugin_data_b.plugin_kv",
        "SELECT * FROM plugin_data_b.plugin_schema_migrations",
        "SELECT query_to_xml('SELECT * FROM plugin_data_b.notes', true, false, '')",
        "SELECT pg_relation_size('plugin_data_b.notes')",
        "INSERT INTO plugin_data_b.notes VALUES (2, 'mine') RETURNING id",
        "UPDATE plugin_data_b.notes SET body = '' RETURNING id",
        "DELETE FROM plugin_data_b.notes RETURNING id",
        "WITH x AS (DELETE FROM plugin_data_b.notes RETURNING id) SELECT * FROM x",
    ] {
        refused(&a, sql, code::PERMISSION_DENIED).await;
    }
    assert_eq!(b.value("SELECT count(*) FROM notes WHERE body = 'secret'").await, 1);
    assert_eq!(a.value("SELECT count(*) FROM notes").await, 0);
}

#[tokio::test]
async fn core_tables_are_read_when_declared_and_written_never() {
    let host = Host::start().await;
    let project = host.project(&host.user("ada").await).await;
    let plugin = host.plugin("a", &["db:read:projects", "db:read:users"]).await;
    let found = plugin
        .query("SELECT name FROM projects WHERE id = $1", &format!("[\"{}\"]", project.id))
        .await
        .unwrap();
    assert_eq!(found["rows"][0][0], "A project");

    for sql in [
        "SELECT * FROM tasks",
        "SELECT * FROM public.project_members",
        "SELECT * FROM api_keys",
        "SELECT key_hash FROM api_keys",
        "SELECT * FROM plugin_schemas",
        "SELECT * FROM _sqlx_migrations",
        "SELECT * FROM pg_authid",
        "SELECT * FROM pg_shadow",
        "UPDATE projects SET name = 'mine' RETURNING id",
        "DELETE FROM users RETURNING id",
        "INSERT INTO projects (name) VALUES ('mine') RETURNING id",
        "SELECT * FROM projects FOR UPDATE",
    ] {
        refused(&plugin, sql, code::PERMISSION_DENIED).await;
    }
}

#[tokio::test]
async fn secret_columns_are_readable_by_nobody() {
    let host = Host::start().await;
    host.user("ada").await;
    for permissions in
        [&["db:read:users"][..], &["db.read"], &["db:read:api_keys", "db:read:users"]]
    {
        let plugin = host.plugin("a", permissions).await;
        assert_eq!(plugin.value("SELECT username FROM users").await, "ada");
        assert_eq!(plugin.value("SELECT count(*) FROM users").await, 1);
        for sql in [
            "SELECT password_hash FROM users",
            "SELECT * FROM users",
            "SELECT u FROM users u",
            "SELECT row_to_json(u) FROM users u",
            "SELECT 1 FROM users WHERE password_hash LIKE '$%'",
            "SELECT id FROM users ORDER BY password_hash",
            "SELECT max(password_hash) FROM users",
            "SELECT key_hash FROM api_keys",
        ] {
            refused(&plugin, sql, code::PERMISSION_DENIED).await;
        }
    }
}

#[tokio::test]
async fn undeclaring_a_table_takes_effect_at_once() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &["db:read:projects", "db:read:tasks"]).await;
    plugin.query("SELECT id FROM tasks", "").await.unwrap();
    let plugin = host.plugin("a", &["db:read:projects"]).await;
    plugin.query("SELECT id FROM projects", "").await.unwrap();
    refused(&plugin, "SELECT id FROM tasks", code::PERMISSION_DENIED).await;
}

#[tokio::test]
async fn there_is_no_other_role_to_become() {
    let host = Host::start().await;
    let (a, b) = (host.plugin("a", &[]).await, host.plugin("b", &[]).await);
    b.migrate(NOTES).await.unwrap();
    let mut superuser = host.superuser().await;
    let host_role: String = scalar(&mut superuser, "SELECT current_user::text").await;
    let roles: Vec<String> = sqlx::query_scalar(
        "SELECT r.rolname::text FROM pg_namespace n, aclexplode(n.nspacl) a
         JOIN pg_roles r ON r.oid = a.grantee WHERE n.nspname = 'plugin_data_b'
         AND NOT r.rolsuper",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    assert!(roles.len() >= 2, "{roles:?}");
    let own = a.value("SELECT session_user::text").await;
    assert_eq!(own, a.value("SELECT current_user::text").await);

    for role in roles.iter().chain([&host_role]) {
        for sql in [
            format!("SET ROLE \"{role}\""),
            format!("SET SESSION AUTHORIZATION \"{role}\""),
            format!("SELECT set_config('role', '{role}', false)"),
            format!("SELECT set_config('session_authorization', '{role}', false)"),
            format!("GRANT \"{role}\" TO CURRENT_USER"),
        ] {
            a.query(&sql, "").await.expect_err(&sql);
            a.exec(&sql, "").await.expect_err(&sql);
        }
    }
    // These succeed, and lead nowhere.
    for sql in [
        "RESET ROLE",
        "RESET SESSION AUTHORIZATION",
        "SET SESSION AUTHORIZATION DEFAULT",
        "SELECT set_config('role', 'none', false)",
        "DO $$ BEGIN EXECUTE 'RESET ROLE'; END $$",
    ] {
        a.query2(sql, "").await.expect(sql);
        assert_eq!(a.value("SELECT current_user::text").await, own, "{sql}");
        refused(&a, "SELECT * FROM plugin_data_b.notes", code::PERMISSION_DENIED).await;
    }
}

#[tokio::test]
async fn settings_do_not_outlive_their_statement() {
    let host = Host::start_with(|config| config.plugin_connections_each = 1).await;
    let plugin = host.plugin("a", &["db.read"]).await;
    let backend = plugin.value("SELECT pg_backend_pid()").await;
    for (name, value) in
        [("statement_timeout", "0"), ("search_path", "public"), ("timezone", "Asia/Tokyo")]
    {
        plugin.query(&format!("SELECT set_config('{name}', '{value}', false)"), "").await.unwrap();
    }
    assert_eq!(plugin.value("SHOW statement_timeout").await, "3s");
    assert_eq!(plugin.value("SHOW search_path").await, "plugin_data_a, public");
    assert_eq!(plugin.value("SHOW timezone").await, "UTC");
    plugin.query("SELECT pg_advisory_lock(7)", "").await.unwrap();
    assert_eq!(backend, plugin.value("SELECT pg_backend_pid()").await, "one session throughout");
    let mut superuser = host.superuser().await;
    assert!(scalar::<bool>(&mut superuser, "SELECT pg_try_advisory_lock(7)").await);
}

#[tokio::test]
async fn a_reading_call_writes_nothing() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    plugin
        .migrate(&[("1.sql", "CREATE TABLE notes (id serial PRIMARY KEY, body text)")])
        .await
        .unwrap();
    plugin.exec("INSERT INTO notes (body) VALUES ('first')", "").await.unwrap();
    for sql in [
        "INSERT INTO notes (body) VALUES ('x') RETURNING id",
        "UPDATE notes SET body = 'x' RETURNING id",
        "DELETE FROM notes RETURNING id",
        "WITH x AS (DELETE FROM notes RETURNING id) SELECT * FROM x",
        "SELECT nextval('notes_id_seq')",
        "SELECT setval('notes_id_seq', 99)",
        "SELECT query_to_xml('DELETE FROM notes', true, false, '')",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "DO $$ BEGIN SET transaction_read_only = off; DELETE FROM notes; END $$",
        "DO $$ BEGIN SET TRANSACTION READ WRITE; DELETE FROM notes; END $$",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'x')",
        "CREATE TEMPORARY TABLE t (a int)",
        "SELECT id INTO TEMPORARY t FROM notes",
        "SELECT id INTO t FROM notes",
        "PREPARE p AS DELETE FROM notes",
    ] {
        if sql.starts_with("PREPARE") {
            // Harmless by itself; what it prepared is refused like the rest.
            plugin.query(sql, "").await.unwrap();
            plugin.query("EXECUTE p", "").await.expect_err(sql);
            continue;
        }
        plugin.query(sql, "").await.expect_err(sql);
    }
    assert_eq!(plugin.value("SELECT count(*) FROM notes WHERE body = 'first'").await, 1);
    assert_eq!(plugin.value("SELECT last_value FROM notes_id_seq").await, 1);
}

#[tokio::test]
async fn a_running_plugin_defines_nothing_anywhere() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &["db.read"]).await;
    plugin.migrate(NOTES).await.unwrap();
    for sql in [
        "CREATE TABLE t (a int)",
        "CREATE TABLE public.t (a int)",
        "CREATE SCHEMA s",
        "CREATE TEMPORARY TABLE t (a int)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE r",
        "CREATE DATABASE d",
        "CREATE EXTENSION hstore",
        "DROP TABLE notes",
        "ALTER TABLE notes ADD COLUMN c int",
        "TRUNCATE notes",
        "TRUNCATE plugin_kv",
        "CREATE INDEX ON notes (body)",
        "COPY notes TO '/tmp/x'",
        "COPY notes FROM PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_create(0)",
        "ALTER SYSTEM SET fsync = off",
        "LOCK TABLE projects IN ACCESS EXCLUSIVE MODE",
        "DELETE FROM plugin_schema_migrations",
        "SELECT 1; SELECT 2",
    ] {
        plugin.query2(sql, "").await.expect_err(sql);
        plugin.exec(sql, "").await.expect_err(sql);
    }
    assert_eq!(plugin.value("SELECT count(*) FROM notes").await, 0);
    // Postgres takes this with a warning, and grants nothing.
    plugin.exec("GRANT ALL ON notes TO PUBLIC", "").await.unwrap();
    assert_eq!(
        plugin.value("SELECT has_table_privilege('public', 'notes', 'SELECT')").await,
        false
    );
}

#[tokio::test]
async fn two_hosts_on_one_server_do_not_meet() {
    let (here, there) = (Host::start().await, Host::start().await);
    let (a, b) = (here.plugin("a", &[]).await, there.plugin("a", &[]).await);
    assert_ne!(a.value("SELECT session_user").await, b.value("SELECT session_user").await);
    here.database.plugin_schemas().remove(&a.name).await.unwrap();
    b.value("SELECT session_user").await;
}

#[tokio::test]
async fn statements_end_in_time() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    let error = plugin.query("SELECT pg_sleep(60)", "").await.unwrap_err();
    assert_eq!(error.code, code::TIMEOUT, "{error}");
    assert_eq!(plugin.value("SELECT 1").await, 1);
}
