//! Decisions about statements.

use policy::Policy;
use policy::sql::SqlCall::{self, Exec, Query, Query2};

use super::differ;

fn verdict(policy: &Policy, call: SqlCall, sql: &str) -> String {
    match policy.sql.admit(call, sql, &policy.limits) {
        Ok(()) => "admitted".to_owned(),
        Err(refusal) => refusal.code.to_owned(),
    }
}

#[test]
fn what_should_be_refused_is_admitted() {
    for (name, call, sql, specification) in [
        ("query2-without-returning", Query2, "DELETE FROM t", "returning_required"),
        ("query2-explains", Query2, "EXPLAIN SELECT 1", "statement_not_allowed"),
        ("exec-takes-anything", Exec, "DROP TABLE t", "statement_not_allowed"),
        ("exec-refuses-definitions-only", Exec, "SET x = 1", "statement_not_allowed"),
        ("several-statements-admitted", Query, "SELECT 1; SELECT 2", "multiple_statements"),
        ("every-function-allowed", Query, "SELECT pg_sleep(1)", "function_not_allowed"),
        (
            "queries-as-text-allowed",
            Query,
            "SELECT query_to_xml('SELECT 1', true, true, '')",
            "function_not_allowed",
        ),
        ("catalogs-readable", Query, "SELECT * FROM pg_catalog.pg_class", "relation_not_allowed"),
        ("unqualified-catalogs-readable", Query, "SELECT * FROM pg_class", "relation_not_allowed"),
    ] {
        differ(name, |policy| verdict(policy, call, sql), specification, "admitted");
    }
}

#[test]
fn what_should_be_admitted_is_refused() {
    for (name, call, sql, wrong) in [
        ("queries-begin-with-select", Query, "VALUES (1)", "statement_not_allowed"),
        ("query2-reads-only", Query2, "DELETE FROM t RETURNING 1", "statement_not_allowed"),
        (
            "merge-unknown",
            Exec,
            "MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE",
            "statement_not_allowed",
        ),
        ("query2-takes-no-row-locks", Query2, "SELECT 1 FROM t FOR UPDATE", "locking_not_allowed"),
        (
            "exec-begins-with-its-verb",
            Exec,
            "WITH a AS (SELECT 1) DELETE FROM t",
            "statement_not_allowed",
        ),
        ("trailing-semicolon-refused", Query, "SELECT 1;", "multiple_statements"),
        ("keywords-searched-in-the-text", Query, "SELECT 'drop table t'", "statement_not_allowed"),
        (
            "information-schema-refused",
            Query,
            "SELECT 1 FROM information_schema.tables",
            "relation_not_allowed",
        ),
        ("unknown-functions-refused", Query, "SELECT gen_random_uuid()", "function_not_allowed"),
    ] {
        differ(name, |policy| verdict(policy, call, sql), "admitted", wrong);
    }
}
