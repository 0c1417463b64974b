//! Plugins' migrations.

use policy::sql::code;
use sqlx::Connection as _;
use storage::migrations::MigrationError;

use crate::support::{Host, as_files, config, run, scalar};

#[tokio::test]
async fn files_run_once_in_order_and_leave_a_record() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    let files = [
        ("0002_fill.sql", "INSERT INTO notes VALUES (1); INSERT INTO notes VALUES (2);"),
        (
            "0001_notes.sql",
            "-- first\nCREATE TABLE notes (id int); CREATE TYPE mood AS ENUM ('glad'); SELECT 'glad'::mood",
        ),
        ("0002_fill.down.sql", "DELETE FROM notes"),
    ];
    assert_eq!(a.migrate(&files).await.unwrap(), ["0001_notes.sql", "0002_fill.sql"]);
    assert!(a.migrate(&files).await.unwrap().is_empty());
    assert_eq!(a.value("SELECT count(*) FROM notes").await, 2);

    let more = [files[0], files[1], ("0003.sql", "CREATE INDEX ON notes (id)")];
    assert_eq!(a.migrate(&more).await.unwrap(), ["0003.sql"]);
    assert!(a.migrate(&[]).await.unwrap().is_empty());
    let recorded: i64 = scalar(
        &mut host.superuser().await,
        "SELECT count(*) FROM plugin_data_a.plugin_schema_migrations WHERE length(checksum) = 64",
    )
    .await;
    assert_eq!(recorded, 3);
}

#[tokio::test]
async fn a_failing_file_leaves_nothing_and_names_its_line() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    let error = a
        .migrate(&[
            ("1.sql", "CREATE TABLE kept (id int)"),
            ("2.sql", "CREATE TABLE gone (id int);\n\nSELECT id,\n       nothing\nFROM gone;"),
            ("3.sql", "CREATE TABLE never (id int)"),
        ])
        .await
        .unwrap_err();
    assert_eq!((error.file.as_str(), error.line), ("2.sql", Some(4)), "{error}");
    assert_eq!(error.code, code::DATABASE_ERROR);
    assert!(error.to_string().contains("2.sql, line 4: column \"nothing\""), "{error}");
    assert_eq!(a.value("SELECT to_regclass('kept') IS NOT NULL").await, true);
    assert_eq!(a.value("SELECT to_regclass('gone') IS NULL").await, true);

    // Corrected, it goes on where it stopped.
    let corrected =
        [("1.sql", "CREATE TABLE kept (id int)"), ("2.sql", "CREATE TABLE gone (id int)")];
    assert_eq!(a.migrate(&corrected).await.unwrap(), ["2.sql"]);
}

#[tokio::test]
async fn every_file_is_judged_before_the_first_one_runs() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    let first = ("1.sql", "CREATE TABLE t (id int)");
    for (text, code, line) in [
        ("\nCREATE TABEL u (id int)", code::SYNTAX_ERROR, Some(2)),
        ("SELECT 1;\nCOMMIT", code::STATEMENT_NOT_ALLOWED, Some(2)),
        ("SET ROLE postgres", code::STATEMENT_NOT_ALLOWED, Some(1)),
    ] {
        let error = a.migrate(&[first, ("2.sql", text)]).await.unwrap_err();
        assert_eq!((error.file.as_str(), error.code, error.line), ("2.sql", code, line), "{error}");
        assert_eq!(a.value("SELECT to_regclass('t') IS NULL").await, true, "{text}");
    }
}

#[tokio::test]
async fn an_applied_file_may_not_change() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    a.migrate(&[("1.sql", "CREATE TABLE t (id int)")]).await.unwrap();
    let changed = [("1.sql", "CREATE TABLE t (id int8)"), ("0.sql", "CREATE TABLE u (id int)")];
    let error = a.migrate(&changed).await.unwrap_err();
    assert_eq!((error.file.as_str(), error.code), ("1.sql", MigrationError::CHANGED));
    assert_eq!(a.value("SELECT to_regclass('u') IS NULL").await, true);
}

#[tokio::test]
async fn a_migration_reaches_nothing_but_its_schema_and_the_ids_of_core_tables() {
    let host = Host::start().await;
    let (a, b) = (host.plugin("a", &["db.read"]).await, host.plugin("b", &[]).await);
    b.migrate(&[("1.sql", "CREATE TABLE notes (id int PRIMARY KEY)")]).await.unwrap();
    for (number, sql) in [
        "CREATE TABLE public.t (id int)",
        "CREATE TABLE plugin_data_b.t (id int)",
        "CREATE SCHEMA s",
        "ALTER TABLE tasks ADD COLUMN x int",
        "ALTER TABLE plugin_data_b.notes ADD COLUMN x int",
        "DROP TABLE plugin_data_b.notes",
        "DROP TABLE projects",
        "CREATE INDEX ON tasks (title)",
        "CREATE TABLE t AS SELECT * FROM users",
        "CREATE TABLE t AS SELECT * FROM plugin_data_b.notes",
        "INSERT INTO projects (name) VALUES ('mine')",
        "UPDATE users SET password_hash = ''",
        "DELETE FROM tasks",
        "TRUNCATE tasks",
        "CREATE TRIGGER t BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE r AS ON DELETE TO tasks DO INSTEAD NOTHING",
        "CREATE TABLE t () INHERITS (tasks)",
        "CREATE TABLE t (id int REFERENCES plugin_data_b.notes (id))",
        "CREATE TABLE t (id uuid REFERENCES api_keys (id))",
        "CREATE TABLE t (name text REFERENCES users (username))",
        "ALTER SCHEMA plugin_data_a RENAME TO other",
        "DROP SCHEMA plugin_data_a CASCADE",
        "DROP TABLE plugin_kv",
        "ALTER TABLE plugin_kv ADD COLUMN x int",
        "DROP TABLE plugin_schema_migrations",
        "CREATE TEMPORARY TABLE t (id int)",
    ]
    .iter()
    .enumerate()
    {
        let error = a.migrate(&[(&format!("{number}.sql"), sql)]).await.expect_err(sql);
        assert!(
            [code::PERMISSION_DENIED, code::STATEMENT_NOT_ALLOWED].contains(&error.code),
            "{sql}: {error} ({})",
            error.code
        );
    }
    // A view can be written down; what it may read is decided when it is read.
    a.migrate(&[("view.sql", "CREATE VIEW v AS SELECT password_hash FROM users")]).await.unwrap();
    let error = a.query("SELECT * FROM v", "").await.unwrap_err();
    assert_eq!(error.code, code::PERMISSION_DENIED, "{error}");

    let allowed = "CREATE TABLE t (
        project uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
        task uuid REFERENCES public.tasks (id) ON DELETE CASCADE,
        member uuid REFERENCES project_members (id) ON DELETE SET NULL,
        author uuid DEFAULT gen_random_uuid() REFERENCES users (id))";
    a.migrate(&[("allowed.sql", allowed)]).await.unwrap();
}

#[tokio::test]
async fn foreign_keys_hold_and_cascade() {
    let host = Host::start().await;
    let (ada, bob) = (host.user("ada").await, host.user("bob").await);
    let project = host.project(&ada).await;
    let role = host.database.roles().of_project(project.id).await.unwrap()[0].id;
    let members = host.database.members();
    let member = members.add(project.id, bob.id, role).await.unwrap().unwrap();
    let a = host.plugin("a", &[]).await;
    a.migrate(&[(
        "1.sql",
        "CREATE TABLE notes (member uuid REFERENCES project_members (id) ON DELETE CASCADE);
         CREATE TABLE pins (member uuid REFERENCES project_members (id))",
    )])
    .await
    .unwrap();
    let id = format!("[\"{}\"]", member.id);
    a.exec("INSERT INTO notes VALUES ($1)", &id).await.unwrap();
    let nobody = a.exec("INSERT INTO notes VALUES (gen_random_uuid())", "").await.unwrap_err();
    assert!(nobody.message.contains("foreign key"), "{nobody}");

    a.exec("INSERT INTO pins VALUES ($1)", &id).await.unwrap();
    let held = members.remove(project.id, bob.id).await.unwrap_err();
    assert!(matches!(held, storage::StorageError::StillReferenced { .. }), "{held}");
    a.exec("DELETE FROM pins", "").await.unwrap();
    assert!(members.remove(project.id, bob.id).await.unwrap());
    assert_eq!(a.value("SELECT count(*) FROM notes").await, 0);
}

#[tokio::test]
async fn a_migration_leaves_no_code() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    for (number, sql) in [
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'",
        "DO $$ BEGIN CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; END $$",
        "CREATE OPERATOR = (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = uuid_ne)",
        "CREATE AGGREGATE g (int) (SFUNC = int4pl, STYPE = int)",
        "SELECT lo_create(0)",
    ]
    .iter()
    .enumerate()
    {
        let error = a.migrate(&[(&format!("{number}.sql"), sql)]).await.expect_err(sql);
        assert_ne!(error.code, code::SYNTAX_ERROR, "{sql}: {error}");
    }
    let mut superuser = host.superuser().await;
    let left: i64 = scalar(
        &mut superuser,
        "SELECT (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                 WHERE n.nspname = 'plugin_data_a')
              + (SELECT count(*) FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
                 WHERE n.nspname = 'plugin_data_a')
              + (SELECT count(*) FROM pg_largeobject_metadata)",
    )
    .await;
    assert_eq!(left, 0);
    // Data structures that bring functions of Postgres's own along are fine.
    a.migrate(&[("range.sql", "CREATE TYPE r AS RANGE (subtype = float8)")]).await.unwrap();
}

#[tokio::test]
async fn what_a_plugin_hangs_on_its_rows_leaves_no_trace_in_the_hosts_sessions() {
    let host = Host::start_with(|config| config.core_connections = 1).await;
    let (ada, bob) = (host.user("ada").await, host.user("bob").await);
    let project = host.project(&ada).await;
    let role = host.database.roles().of_project(project.id).await.unwrap()[0].id;
    let member = host.database.members().add(project.id, bob.id, role).await.unwrap().unwrap();
    let a = host.plugin("a", &[]).await;
    // As a guard that overlooked `set_config` would let it through: the check is evaluated in the
    // session in which the member is removed.
    run(
        &mut host.superuser().await,
        "CREATE TABLE plugin_data_a.notes (
             member uuid REFERENCES public.project_members (id) ON DELETE SET NULL,
             CHECK (member IS NOT NULL
                    OR set_config('search_path', 'plugin_data_a', false) = 'plugin_data_a'));
         GRANT ALL ON plugin_data_a.notes TO PUBLIC",
    )
    .await;
    a.exec("INSERT INTO notes VALUES ($1)", &format!("[\"{}\"]", member.id)).await.unwrap();
    assert!(host.database.members().remove(project.id, bob.id).await.unwrap());
    assert_eq!(a.value("SELECT member FROM notes").await, serde_json::Value::Null);
    assert!(host.database.users().get(bob.id).await.unwrap().is_some(), "users is still public's");
}

#[tokio::test]
async fn down_files_undo_in_reverse_order() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    let files = [
        ("1_t.sql", "CREATE TABLE t (id int)"),
        ("1_t.down.sql", "DROP TABLE t"),
        ("2_view.sql", "CREATE VIEW v AS SELECT id FROM t"),
        ("2_view.down.sql", "DROP VIEW v"),
        ("3_kept.sql", "CREATE TABLE kept (id int)"),
        ("4_never.down.sql", "DROP TABLE nothing"),
    ];
    a.migrate(&files).await.unwrap();
    let downs = host.database.migrations();
    let files = as_files(&files);
    assert_eq!(downs.run_down(&a.name, &files).await.unwrap(), ["2_view.down.sql", "1_t.down.sql"]);
    assert!(downs.run_down(&a.name, &files).await.unwrap().is_empty());
    assert_eq!(a.value("SELECT to_regclass('kept') IS NOT NULL").await, true);
    // And forward again.
    assert_eq!(host.database.migrations().run(&a.name, &files).await.unwrap().len(), 2);
}

#[tokio::test]
async fn two_hosts_apply_a_file_once() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    let other = storage::Database::connect(&config(host.copy.url()), std::sync::Arc::default())
        .await
        .unwrap();
    let files = as_files(&[
        ("1.sql", "CREATE TABLE t (id int)"),
        ("2.sql", "INSERT INTO t SELECT generate_series(1, 1000)"),
    ]);
    let (here, there) = (host.database.migrations(), other.migrations());
    let (one, two) = tokio::join!(here.run(&a.name, &files), there.run(&a.name, &files));
    assert_eq!(one.unwrap().len() + two.unwrap().len(), 2);
    assert_eq!(a.value("SELECT count(*) FROM t").await, 1000);
    other.close().await;
}

#[tokio::test]
async fn a_host_killed_in_the_middle_of_a_file_leaves_nothing_of_it() {
    let host = Host::start().await;
    let a = host.plugin("a", &[]).await;
    let files = as_files(&[(
        "1.sql",
        "CREATE TABLE t (id int); SELECT count(*) FROM generate_series(1, 100000000000)",
    )]);
    let (database, name) = (host.database.clone(), a.name.clone());
    let running = tokio::spawn(async move { database.migrations().run(&name, &files).await });
    let mut superuser = sqlx::PgConnection::connect(host.copy.url()).await.unwrap();
    let busy =
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT count(*) FROM generate_series%'
                AND datname = current_database() AND pid <> pg_backend_pid()";
    let pid: i32 = loop {
        if let Some(pid) = sqlx::query_scalar(busy).fetch_optional(&mut superuser).await.unwrap() {
            break pid;
        }
        tokio::task::yield_now().await;
    };
    // As a kill would: the client is gone, Postgres has to notice.
    running.abort();
    let _ = running.await;
    while scalar::<bool>(
        &mut superuser,
        &format!("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {pid})"),
    )
    .await
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(a.value("SELECT to_regclass('t') IS NULL").await, true);
    assert_eq!(a.migrate(&[("1.sql", "CREATE TABLE t (id int)")]).await.unwrap().len(), 1);
}
