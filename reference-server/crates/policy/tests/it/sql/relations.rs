//! Postgres's own catalogs, and names that only look like them.

use policy::sql::SqlCall::{Exec, Query, Query2};
use policy::sql::code;

use super::verdict;

#[test]
fn the_catalogs_are_refused_under_every_spelling_and_in_every_place() {
    for relation in [
        "pg_class",
        "PG_CLASS",
        "pg_catalog.pg_proc",
        "\"pg_catalog\".\"pg_roles\"",
        "pg_catalog . pg_stat_activity",
        "U&\"pg\\005fnamespace\"",
        "pg_toast.pg_toast_1255",
        "pg_temp.x",
        "ONLY pg_attribute",
    ] {
        for sql in [
            format!("SELECT * FROM {relation}"),
            format!("SELECT 1 FROM notes, {relation} AS x"),
            format!("SELECT 1 FROM notes JOIN {relation} ON true"),
            format!("SELECT (SELECT count(*) FROM {relation})"),
            format!("WITH x AS (SELECT * FROM {relation}) SELECT * FROM x"),
            format!("SELECT 1 WHERE EXISTS (SELECT FROM {relation})"),
        ] {
            assert_eq!(verdict(Query, &sql), Err(code::RELATION_NOT_ALLOWED), "{sql}");
            assert_eq!(verdict(Query2, &sql), Err(code::RELATION_NOT_ALLOWED), "{sql}");
        }
        let relation = relation.trim_start_matches("ONLY ");
        for sql in [
            format!("INSERT INTO notes SELECT 1 FROM {relation}"),
            format!("UPDATE notes SET a = 1 FROM {relation} AS x"),
            format!("DELETE FROM notes USING {relation} AS x"),
            format!("DELETE FROM {relation}"),
            format!("MERGE INTO notes USING {relation} AS x ON true WHEN MATCHED THEN DELETE"),
        ] {
            assert_eq!(verdict(Exec, &sql), Err(code::RELATION_NOT_ALLOWED), "{sql}");
        }
    }
    assert_eq!(verdict(Query, "TABLE pg_settings"), Err(code::RELATION_NOT_ALLOWED));
}

#[test]
fn what_is_no_catalog_is_admitted() {
    for sql in [
        "SELECT table_name FROM information_schema.tables",
        "SELECT 'pg_class' AS pg_class, pg_type FROM notes AS pg_proc",
        "SELECT * FROM my_schema.pg_notes",
        "SELECT * FROM \"Pg_class\"",
        "SELECT pg_typeof(1), pg_get_serial_sequence('notes', 'id'), pg_column_size('x'::text)",
    ] {
        assert_eq!(verdict(Query, sql), Ok(()), "{sql}");
    }
}

#[test]
fn parameters_are_counted_by_the_highest() {
    assert_eq!(verdict(Query, "SELECT $10000::int"), Ok(()));
    assert_eq!(verdict(Query, "SELECT $10001::int"), Err(code::PARAMS_INVALID));
    assert_eq!(verdict(Exec, "DELETE FROM notes WHERE id = $70000"), Err(code::PARAMS_INVALID));
}
