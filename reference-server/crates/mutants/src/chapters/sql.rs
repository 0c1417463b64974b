//! SQL: which statements are run, and how far they reach.

use crate::catalogue::{Entry, decision, value};
use mutant_switch::mistake;
use policy::core_data::CoreTable;
use policy::sql::{SqlCall, SqlRefusal, code};
use policy::{Limits, SqlPolicy};

type Verdict = Result<(), SqlRefusal>;

/// The specification's verdict.
fn admit(call: SqlCall, sql: &str, limits: &Limits) -> Verdict {
    (SqlPolicy::default().statement)(call, sql, limits)
}

/// The verdict without one reason for refusals.
fn without(reason: &str, call: SqlCall, sql: &str, limits: &Limits) -> Verdict {
    match admit(call, sql, limits) {
        Err(refusal) if refusal.code == reason => mistake(Ok(())),
        verdict => verdict,
    }
}

/// The verdict with one more reason.
fn also(refused: bool, reason: &'static str, call: SqlCall, sql: &str, limits: &Limits) -> Verdict {
    admit(call, sql, limits)?;
    if refused { mistake(Err(SqlRefusal::new(reason, "not here"))) } else { Ok(()) }
}

/// Whether a text begins with one of these words, as a guard without a parser would look.
fn begins(sql: &str, words: &[&str]) -> bool {
    let text = sql.trim().to_uppercase();
    words.iter().any(|word| text.starts_with(word))
}

fn mentions(sql: &str, words: &[&str]) -> bool {
    let text = sql.to_lowercase();
    words.iter().any(|word| text.contains(word))
}

pub(super) const MUTANTS: &[Entry] = &[
    decision(
        "queries-begin-with-select",
        &["s-m9tk", "s-5xv5"],
        "db_query takes what begins with SELECT, and neither WITH, VALUES nor a comment",
        |policy| {
            policy.sql.statement = |call, sql, limits| {
                let other = call == SqlCall::Query && !begins(sql, &["SELECT"]);
                also(other, code::STATEMENT_NOT_ALLOWED, call, sql, limits)
            }
        },
    ),
    decision("query2-reads-only", &["s-9x2v"], "db_query2 takes no writing statement", |policy| {
        policy.sql.statement = |call, sql, limits| {
            let writes = call == SqlCall::Query2 && admit(SqlCall::Exec, sql, limits).is_ok();
            also(writes, code::STATEMENT_NOT_ALLOWED, call, sql, limits)
        }
    }),
    decision(
        "merge-unknown",
        &["s-9x2v", "s-8m4e"],
        "MERGE is no statement that changes data",
        |policy| {
            policy.sql.statement = |call, sql, limits| {
                also(begins(sql, &["MERGE"]), code::STATEMENT_NOT_ALLOWED, call, sql, limits)
            }
        },
    ),
    decision(
        "query2-without-returning",
        &["s-ttb7"],
        "db_query2 takes writing statements that return nothing",
        |policy| {
            policy.sql.statement =
                |call, sql, limits| without(code::RETURNING_REQUIRED, call, sql, limits);
        },
    ),
    decision(
        "query2-explains",
        &["s-9fz4"],
        "db_query2 takes EXPLAIN, SHOW and whatever else gives rows",
        |policy| {
            policy.sql.statement = |call, sql, limits| match call {
                SqlCall::Query2 => without(code::STATEMENT_NOT_ALLOWED, call, sql, limits),
                call => admit(call, sql, limits),
            }
        },
    ),
    decision("query2-takes-no-row-locks", &["s-r9d8"], "db_query2 refuses FOR UPDATE", |policy| {
        policy.sql.statement = |call, sql, limits| {
            let locks = call == SqlCall::Query2 && mentions(sql, &["for update", "for share"]);
            also(locks, code::LOCKING_NOT_ALLOWED, call, sql, limits)
        }
    }),
    decision(
        "exec-begins-with-its-verb",
        &["s-8m4e"],
        "db_exec takes no WITH before the statement",
        |policy| {
            policy.sql.statement = |call, sql, limits| {
                let with = call == SqlCall::Exec && begins(sql, &["WITH"]);
                also(with, code::STATEMENT_NOT_ALLOWED, call, sql, limits)
            }
        },
    ),
    decision(
        "exec-takes-anything",
        &["s-cn5z"],
        "db_exec takes every kind of statement, since the roles stop what matters",
        |policy| {
            policy.sql.statement = |call, sql, limits| match call {
                SqlCall::Exec => without(code::STATEMENT_NOT_ALLOWED, call, sql, limits),
                call => admit(call, sql, limits),
            }
        },
    ),
    decision(
        "exec-refuses-definitions-only",
        &["s-cn5z"],
        "db_exec refuses what begins like a definition, and takes DO, SET and COPY",
        |policy| {
            policy.sql.statement = |call, sql, limits| {
                let words = ["DROP", "TRUNCATE", "ALTER", "CREATE", "GRANT", "REVOKE"];
                if call == SqlCall::Exec && !begins(sql, &words) {
                    return without(code::STATEMENT_NOT_ALLOWED, call, sql, limits);
                }
                admit(call, sql, limits)
            }
        },
    ),
    decision(
        "several-statements-admitted",
        &["s-76y6"],
        "the guard judges a text whatever the number of its statements",
        |policy| {
            policy.sql.statement =
                |call, sql, limits| without(code::MULTIPLE_STATEMENTS, call, sql, limits);
        },
    ),
    decision(
        "trailing-semicolon-refused",
        &["s-76y6"],
        "a semicolon makes two statements, even at the end",
        |policy| {
            policy.sql.statement = |call, sql, limits| {
                let second = sql.trim_end().ends_with(';');
                also(second, code::MULTIPLE_STATEMENTS, call, sql, limits)
            }
        },
    ),
    decision(
        "keywords-searched-in-the-text",
        &["s-5xv5"],
        "a statement is refused for a word in a comment, a literal or a quoted name",
        |policy| {
            policy.sql.statement = |call, sql, limits| {
                let words = ["drop ", "truncate ", "alter ", "grant ", "delete from"];
                let found = call == SqlCall::Query && mentions(sql, &words);
                also(found, code::STATEMENT_NOT_ALLOWED, call, sql, limits)
            }
        },
    ),
    decision(
        "every-function-allowed",
        &["s-n2af"],
        "a statement may call every function of the database",
        |policy| {
            policy.sql.statement =
                |call, sql, limits| without(code::FUNCTION_NOT_ALLOWED, call, sql, limits);
        },
    ),
    decision(
        "queries-as-text-allowed",
        &["s-n2af"],
        "functions that run a query given as text are not on the list",
        |policy| {
            policy.sql.statement = |call, sql, limits| {
                if mentions(sql, &["_to_xml", "ts_stat", "ts_rewrite"]) {
                    return without(code::FUNCTION_NOT_ALLOWED, call, sql, limits);
                }
                admit(call, sql, limits)
            }
        },
    ),
    decision(
        "catalogs-readable",
        &["s-sw95"],
        "pg_catalog is read like any other schema",
        |policy| {
            policy.sql.statement =
                |call, sql, limits| without(code::RELATION_NOT_ALLOWED, call, sql, limits);
        },
    ),
    decision(
        "unqualified-catalogs-readable",
        &["s-sw95"],
        "catalogs are recognised by their schema, which need not be written",
        |policy| {
            policy.sql.statement = |call, sql, limits| {
                if !mentions(sql, &["pg_catalog"]) {
                    return without(code::RELATION_NOT_ALLOWED, call, sql, limits);
                }
                admit(call, sql, limits)
            }
        },
    ),
    decision(
        "information-schema-refused",
        &["s-9mtp"],
        "information_schema is taken for one of the catalogs",
        |policy| {
            policy.sql.statement = |call, sql, limits| {
                let found = mentions(sql, &["information_schema."]);
                also(found, code::RELATION_NOT_ALLOWED, call, sql, limits)
            }
        },
    ),
    decision(
        "unknown-functions-refused",
        &["s-njs3"],
        "functions that nobody thought of are refused",
        |policy| {
            policy.sql.statement = |call, sql, limits| {
                let found = mentions(sql, &["to_char(", "gen_random_uuid(", "generate_series("]);
                also(found, code::FUNCTION_NOT_ALLOWED, call, sql, limits)
            }
        },
    ),
    value(
        "tasks-not-readable",
        &["s-p9vy"],
        "no plugin reads tasks, whatever it declared",
        |policy| policy.core_data.readable.retain(|table| table.name != "tasks"),
    ),
    value(
        "password-hashes-readable",
        &["s-cu76"],
        "who reads users reads their password_hash",
        |policy| {
            for table in &mut policy.core_data.readable {
                *table = CoreTable { secret_columns: &[], ..*table };
            }
        },
    ),
];
