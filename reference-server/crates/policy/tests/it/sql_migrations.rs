//! Migration files.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use policy::SqlPolicy;
use policy::sql::{Statement, code};

fn split(sql: &str) -> Vec<Statement> {
    SqlPolicy::default().admit_migration(sql).unwrap()
}

#[test]
fn a_file_is_split_with_the_line_of_each_statement() {
    let file = "-- Items of a task.\n\
        CREATE TABLE items (\n  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),\n  text text DEFAULT ';'\n);\n\
        \n/* two\n lines */ CREATE INDEX items_text ON items (text);\n\
        CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1; -- ;\nEND $$;\n\
        INSERT INTO items (text) VALUES ('ä;ö'); SELECT setval('s', 1)";
    let statements = split(file);
    let found: Vec<_> =
        statements.iter().map(|s| (s.line, s.text.split('(').next().unwrap())).collect();
    assert_eq!(
        found,
        [
            (2, "CREATE TABLE items "),
            (8, "CREATE INDEX items_text ON items "),
            (9, "CREATE FUNCTION f"),
            (13, "INSERT INTO items "),
            (13, "SELECT setval"),
        ]
    );
    assert!(statements[2].text.ends_with("END $$"));
    assert_eq!(statements[3].text, "INSERT INTO items (text) VALUES ('ä;ö')");
}

#[test]
fn a_file_without_statements_is_fine() {
    for file in ["", "\n\n", "-- nothing yet", ";;", "/* a /* b */ c */ ;"] {
        assert_eq!(split(file), [], "{file}");
    }
}

#[test]
fn what_migrations_are_for_passes() {
    for sql in [
        "CREATE TABLE IF NOT EXISTS a (id uuid PRIMARY KEY, task_id uuid NOT NULL REFERENCES tasks(id) ON DELETE CASCADE, UNIQUE (task_id, id))",
        "CREATE TABLE b (id bigserial, PRIMARY KEY (id), CHECK (id > 0)) PARTITION BY RANGE (id)",
        "ALTER TABLE a ADD COLUMN IF NOT EXISTS n int DEFAULT 0, ADD CONSTRAINT c CHECK (n >= 0), ALTER COLUMN n SET NOT NULL",
        "ALTER TABLE a RENAME COLUMN n TO m",
        "ALTER TABLE a ENABLE ROW LEVEL SECURITY",
        "CREATE UNIQUE INDEX IF NOT EXISTS a_n ON a (lower(n)) WHERE n IS NOT NULL",
        "DROP TABLE IF EXISTS a CASCADE",
        "DROP INDEX a_n",
        "TRUNCATE a",
        "CREATE VIEW v AS SELECT * FROM a",
        "CREATE MATERIALIZED VIEW mv AS SELECT * FROM a",
        "CREATE TYPE mood AS ENUM ('a', 'b')",
        "ALTER TYPE mood ADD VALUE 'c'",
        "CREATE TYPE pair AS (a int, b int)",
        "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
        "CREATE SEQUENCE s START 10",
        "CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION touch()",
        "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.at = now(); RETURN NEW; END $$",
        "COMMENT ON TABLE a IS 'x'",
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM a) THEN INSERT INTO a DEFAULT VALUES; END IF; END $$",
        "INSERT INTO a (n) SELECT n FROM old ON CONFLICT DO NOTHING",
        "UPDATE a SET n = 1",
        "DELETE FROM a",
    ] {
        assert_eq!(split(sql).len(), 1, "{sql}");
    }
}

#[test]
fn what_migrations_are_not_for_is_refused_with_its_place() {
    for sql in [
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT a",
        "START TRANSACTION",
        "END",
        "SET ROLE postgres",
        "RESET ROLE",
        "SET SESSION AUTHORIZATION postgres",
        "SET search_path TO public",
        "SET LOCAL statement_timeout = 0",
        "RESET ALL",
        "DISCARD ALL",
        "COPY a FROM PROGRAM 'id'",
        "COPY a TO '/tmp/x'",
        "COPY a FROM STDIN",
        "ALTER SYSTEM SET x = 1",
        "CREATE EXTENSION dblink",
        "CREATE ROLE x",
        "ALTER ROLE x SUPERUSER",
        "DROP ROLE x",
        "CREATE DATABASE x",
        "DROP DATABASE x",
        "CREATE SCHEMA x",
        "CREATE TABLESPACE x LOCATION '/tmp'",
        "CREATE SERVER s FOREIGN DATA WRAPPER w",
        "CREATE FOREIGN TABLE f (a int) SERVER s",
        "IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c",
        "CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION f()",
        "CREATE PUBLICATION p",
        "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
        "CREATE LANGUAGE plpython3u",
        "GRANT ALL ON a TO PUBLIC",
        "REVOKE ALL ON a FROM x",
        "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC",
        "ALTER TABLE a OWNER TO x; SELECT pg_sleep(1)",
        "REASSIGN OWNED BY a TO b",
        "DROP OWNED BY a",
        "SECURITY LABEL ON TABLE a IS 'x'",
        "LISTEN x",
        "NOTIFY x",
        "LOAD 'x'",
        "VACUUM",
        "CHECKPOINT",
        "LOCK TABLE a",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "EXPLAIN SELECT 1",
        "SHOW all",
        "CREATE INDEX CONCURRENTLY i ON a (n)",
        "DROP INDEX CONCURRENTLY i",
    ] {
        let file = format!("CREATE TABLE t (id int);\n\n  {sql};\nCREATE TABLE u (id int);");
        let refusal = SqlPolicy::default().admit_migration(&file).unwrap_err();
        let expected = if sql.contains("pg_sleep") {
            code::FUNCTION_NOT_ALLOWED
        } else {
            code::STATEMENT_NOT_ALLOWED
        };
        assert_eq!((refusal.code, refusal.line(&file)), (expected, Some(3)), "{sql}: {refusal}");
    }
}

#[test]
fn denied_functions_are_denied_in_migrations_too() {
    for sql in [
        "SELECT pg_catalog.set_config('search_path', '', false)",
        "CREATE TABLE a (b int DEFAULT pg_sleep(1))",
        "CREATE VIEW v AS SELECT * FROM dblink('x', 'y')",
        "CREATE INDEX i ON a ((lo_get(b)))",
        "ALTER TABLE a ADD CHECK (pg_notify('a', 'b') IS NULL)",
        "CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW WHEN (pg_sleep(1) IS NULL) EXECUTE FUNCTION f()",
        "CREATE POLICY p ON a USING (pg_advisory_lock(1) IS NULL)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT pg_read_file('x'); SELECT 1; END",
        "CREATE RULE r AS ON INSERT TO a DO ALSO SELECT pg_sleep(1)",
    ] {
        let refusal = SqlPolicy::default().admit_migration(sql).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.line(sql)),
            (code::FUNCTION_NOT_ALLOWED, Some(1)),
            "{sql}"
        );
    }
}

#[test]
fn a_syntax_error_names_its_line() {
    for (file, line, message) in [
        (
            "CREATE TABLE a (id int);\nCREATE TABEL b (id int);\n",
            2,
            "syntax error at or near \"TABEL\"",
        ),
        ("CREATE TABLE a (\n  id int,\n);\n", 3, "syntax error at or near \")\""),
        (
            "CREATE TABLE a (id int);\n\nCREATE TABLE b (\n  id int\n",
            4,
            "syntax error at end of input",
        ),
        ("SELECT 1 1;\nSELECT 2", 1, "syntax error at or near \"1\""),
        ("SELECT 'ä' AS a;\nSELEC 'ä'", 2, "syntax error at or near \"SELEC\""),
    ] {
        let refusal = SqlPolicy::default().admit_migration(file).unwrap_err();
        assert_eq!(
            (refusal.code, refusal.line(file), refusal.message.as_str()),
            (code::SYNTAX_ERROR, Some(line), message),
            "{file}"
        );
    }
    let endless = SqlPolicy::default().admit_migration("SELECT 1;\nSELECT 'x").unwrap_err();
    assert_eq!((endless.code, endless.offset), (code::SYNTAX_ERROR, None));
}
