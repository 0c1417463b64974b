//! What is refused, with the exact code.

use policy::sql::SqlCall::{Exec, Query, Query2};
use policy::sql::{SqlCall, code};

use super::verdict;

/// Refused by every call, for the same reason.
const REFUSED_EVERYWHERE: &[(&str, &str)] = &[
    // No statement, or more than one.
    ("", code::EMPTY_STATEMENT),
    ("   \n", code::EMPTY_STATEMENT),
    (";", code::EMPTY_STATEMENT),
    (";;  ; -- nothing", code::EMPTY_STATEMENT),
    ("/* nothing */", code::EMPTY_STATEMENT),
    ("SELECT 1; SELECT 2", code::MULTIPLE_STATEMENTS),
    ("SELECT 1; DROP TABLE items", code::MULTIPLE_STATEMENTS),
    ("INSERT INTO a VALUES (1) RETURNING 1; DELETE FROM b", code::MULTIPLE_STATEMENTS),
    ("SELECT ';'; -- ;\nSELECT 2", code::MULTIPLE_STATEMENTS),
    // No SQL.
    ("SELEC 1", code::SYNTAX_ERROR),
    ("SELECT 'no end", code::SYNTAX_ERROR),
    ("SELECT $tag$no end", code::SYNTAX_ERROR),
    ("SELECT /* no end", code::SYNTAX_ERROR),
    ("SELECT 1\0; DROP TABLE items", code::SYNTAX_ERROR),
    ("SELECT U&'\\zzzz'", code::SYNTAX_ERROR),
    ("VACUUM items; SELEC", code::SYNTAX_ERROR),
    // Definitions.
    ("CREATE TABLE t (id int)", code::STATEMENT_NOT_ALLOWED),
    ("CREATE TABLE t AS SELECT 1", code::STATEMENT_NOT_ALLOWED),
    ("CREATE TEMP TABLE t (id int)", code::STATEMENT_NOT_ALLOWED),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", code::STATEMENT_NOT_ALLOWED),
    ("CREATE VIEW v AS SELECT 1", code::STATEMENT_NOT_ALLOWED),
    ("ALTER TABLE items ADD COLUMN x int", code::STATEMENT_NOT_ALLOWED),
    ("DROP TABLE items", code::STATEMENT_NOT_ALLOWED),
    ("drop/**/table items", code::STATEMENT_NOT_ALLOWED),
    ("/* SELECT */ DROP TABLE items", code::STATEMENT_NOT_ALLOWED),
    ("-- SELECT\nDROP TABLE items", code::STATEMENT_NOT_ALLOWED),
    ("TRUNCATE items", code::STATEMENT_NOT_ALLOWED),
    ("COMMENT ON TABLE items IS 'x'", code::STATEMENT_NOT_ALLOWED),
    // Rights.
    ("GRANT ALL ON items TO PUBLIC", code::STATEMENT_NOT_ALLOWED),
    ("REVOKE ALL ON items FROM PUBLIC", code::STATEMENT_NOT_ALLOWED),
    ("CREATE ROLE x SUPERUSER", code::STATEMENT_NOT_ALLOWED),
    ("ALTER ROLE x SUPERUSER", code::STATEMENT_NOT_ALLOWED),
    ("SET ROLE postgres", code::STATEMENT_NOT_ALLOWED),
    ("SET SESSION AUTHORIZATION postgres", code::STATEMENT_NOT_ALLOWED),
    ("RESET ROLE", code::STATEMENT_NOT_ALLOWED),
    // The session and the transaction.
    ("SET search_path TO public", code::STATEMENT_NOT_ALLOWED),
    ("SET LOCAL statement_timeout = 0", code::STATEMENT_NOT_ALLOWED),
    ("SHOW all", code::STATEMENT_NOT_ALLOWED),
    ("DISCARD ALL", code::STATEMENT_NOT_ALLOWED),
    ("BEGIN", code::STATEMENT_NOT_ALLOWED),
    ("COMMIT", code::STATEMENT_NOT_ALLOWED),
    ("ROLLBACK", code::STATEMENT_NOT_ALLOWED),
    ("SAVEPOINT a", code::STATEMENT_NOT_ALLOWED),
    ("PREPARE TRANSACTION 'a'", code::STATEMENT_NOT_ALLOWED),
    ("SET TRANSACTION READ WRITE", code::STATEMENT_NOT_ALLOWED),
    ("LOCK TABLE items", code::STATEMENT_NOT_ALLOWED),
    ("PREPARE p AS SELECT 1", code::STATEMENT_NOT_ALLOWED),
    ("EXECUTE p", code::STATEMENT_NOT_ALLOWED),
    ("DEALLOCATE ALL", code::STATEMENT_NOT_ALLOWED),
    ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", code::STATEMENT_NOT_ALLOWED),
    ("FETCH ALL FROM c", code::STATEMENT_NOT_ALLOWED),
    // Code, files, other sessions, the server.
    ("DO $$ BEGIN DELETE FROM items; END $$", code::STATEMENT_NOT_ALLOWED),
    ("CALL p()", code::STATEMENT_NOT_ALLOWED),
    ("COPY items TO STDOUT", code::STATEMENT_NOT_ALLOWED),
    ("COPY items FROM PROGRAM 'id'", code::STATEMENT_NOT_ALLOWED),
    ("COPY (DELETE FROM items RETURNING id) TO '/tmp/x'", code::STATEMENT_NOT_ALLOWED),
    ("LISTEN x", code::STATEMENT_NOT_ALLOWED),
    ("NOTIFY x, 'y'", code::STATEMENT_NOT_ALLOWED),
    ("UNLISTEN *", code::STATEMENT_NOT_ALLOWED),
    ("LOAD 'x'", code::STATEMENT_NOT_ALLOWED),
    ("VACUUM", code::STATEMENT_NOT_ALLOWED),
    ("ANALYZE items", code::STATEMENT_NOT_ALLOWED),
    ("REINDEX TABLE items", code::STATEMENT_NOT_ALLOWED),
    ("CHECKPOINT", code::STATEMENT_NOT_ALLOWED),
    ("ALTER SYSTEM SET x = 1", code::STATEMENT_NOT_ALLOWED),
    ("CREATE EXTENSION dblink", code::STATEMENT_NOT_ALLOWED),
    ("EXPLAIN SELECT 1", code::STATEMENT_NOT_ALLOWED),
    ("EXPLAIN ANALYZE DELETE FROM items RETURNING id", code::STATEMENT_NOT_ALLOWED),
    ("REFRESH MATERIALIZED VIEW v", code::STATEMENT_NOT_ALLOWED),
    ("IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c", code::STATEMENT_NOT_ALLOWED),
];

#[test]
fn what_no_call_takes() {
    for (sql, expected) in REFUSED_EVERYWHERE {
        for call in [Query, Query2, Exec] {
            assert_eq!(verdict(call, sql), Err(*expected), "{}: {sql:?}", call.as_str());
        }
    }
}

/// What only shows inside a statement, with the calls that get that far.
const REFUSED_INSIDE: &[(SqlCall, &str, &str)] = &[
    // A read that creates a table.
    (Query, "SELECT * INTO copy FROM items", code::SELECT_INTO),
    (Query2, "SELECT * INTO TEMP copy FROM items", code::SELECT_INTO),
    (Query, "SELECT 1 INTO a UNION SELECT 2", code::SELECT_INTO),
    (Query, "WITH x AS (SELECT 1 AS a) SELECT a INTO UNLOGGED b FROM x", code::SELECT_INTO),
    // A read that writes.
    (
        Query,
        "WITH x AS (DELETE FROM items RETURNING *) SELECT * FROM x",
        code::STATEMENT_NOT_ALLOWED,
    ),
    (
        Query,
        "WITH a AS (SELECT 1), b AS (INSERT INTO t VALUES (1)) SELECT * FROM a",
        code::STATEMENT_NOT_ALLOWED,
    ),
    (
        Query,
        "WITH x AS (MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE RETURNING 1) SELECT 1",
        code::STATEMENT_NOT_ALLOWED,
    ),
    (
        Query,
        "SELECT * FROM (WITH x AS (UPDATE t SET a = 1 RETURNING 1) SELECT * FROM x) y",
        code::STATEMENT_NOT_ALLOWED,
    ),
    (
        Query,
        "VALUES ((WITH x AS (UPDATE t SET a = 1 RETURNING a) SELECT a FROM x))",
        code::STATEMENT_NOT_ALLOWED,
    ),
    // A read that locks.
    (Query, "SELECT * FROM items FOR UPDATE", code::LOCKING_NOT_ALLOWED),
    (Query, "SELECT * FROM items FOR SHARE NOWAIT", code::LOCKING_NOT_ALLOWED),
    (
        Query,
        "SELECT * FROM (SELECT * FROM items FOR NO KEY UPDATE SKIP LOCKED) x",
        code::LOCKING_NOT_ALLOWED,
    ),
    (
        Query,
        "WITH x AS (SELECT * FROM items FOR KEY SHARE) SELECT * FROM x",
        code::LOCKING_NOT_ALLOWED,
    ),
];

#[test]
fn what_shows_inside_a_statement() {
    for (call, sql, expected) in REFUSED_INSIDE {
        assert_eq!(verdict(*call, sql), Err(*expected), "{}: {sql}", call.as_str());
    }
    // The positive twins: the same statements where they belong.
    assert_eq!(
        verdict(Query2, "WITH x AS (DELETE FROM items RETURNING *) SELECT * FROM x"),
        Ok(())
    );
    assert_eq!(verdict(Query2, "SELECT * FROM items FOR UPDATE"), Ok(()));
    assert_eq!(
        verdict(Exec, "WITH x AS (DELETE FROM a) SELECT 1"),
        Err(code::STATEMENT_NOT_ALLOWED)
    );
}
