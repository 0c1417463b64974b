//! Statements as text: what the guest reads, size and nesting, and properties of spelling.

use policy::sql::SqlCall::{Exec, Query, Query2};
use policy::sql::code;
use policy::{Limits, SqlPolicy};
use proptest::prelude::*;

use super::verdict;

#[test]
fn what_the_guest_reads_names_the_call_and_the_statement() {
    let text = |call, sql| {
        SqlPolicy::default().admit(call, sql, &Limits::default()).map_err(|e| e.to_string())
    };
    assert_eq!(
        text(Query, "/* x */ drop table items"),
        Err("statement_not_allowed: db_query takes one SELECT, WITH … SELECT or VALUES, not DROP"
            .into())
    );
    assert_eq!(
        text(Query, "SELECT pg_sleep(1)"),
        Err("function_not_allowed: the function pg_sleep is not available to plugins".into())
    );
    assert_eq!(
        text(Exec, "SELEC 1"),
        Err("syntax_error: syntax error at or near \"SELEC\"".into())
    );
}

#[test]
fn size_and_nesting_have_ends() {
    let sum = |terms: usize| format!("SELECT 1{}", " + 1".repeat(terms));
    // An expression some hundred levels deep is unusual, not hostile.
    assert_eq!(verdict(Query, &sum(300)), Ok(()));
    // Without end: an answer, not a crash.
    for sql in [
        sum(20_000),
        format!("SELECT {}1{}", "(".repeat(50_000), ")".repeat(50_000)),
        format!("SELECT {}true", "NOT ".repeat(9_000)),
        format!("SELECT ARRAY{}1{}", "[".repeat(9_000), "]".repeat(9_000)),
        format!("SELECT {}1{}", "(SELECT ".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(17_000)),
    ] {
        assert_eq!(verdict(Query, &sql), Err(code::SYNTAX_ERROR), "{}…", &sql[..40]);
    }
    let most = Limits::default().sql_statement_bytes;
    let long = format!("SELECT '{}'", "x".repeat(most - 9));
    assert_eq!(verdict(Query, &long), Ok(()));
    let longer = format!("SELECT '{}'", "x".repeat(most - 8));
    assert_eq!(verdict(Query, &longer), Err(code::STATEMENT_TOO_LARGE));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever surrounds a change, `db_query` refuses it.
    #[test]
    fn comments_blanks_and_case_change_no_verdict(
        before in "([ \n\t]|--[a-z ]{0,6}\n|/\\*[a-z ]{0,6}\\*/){0,4}",
        between in "([ \n\t]|/\\*[a-z ]{0,6}\\*/){1,3}",
        upper in any::<bool>(),
    ) {
        let words = ["delete", "from", "items", "returning", "id"].join(&between);
        let words = if upper { words.to_uppercase() } else { words };
        let sql = format!("{before}{words}");
        prop_assert_eq!(verdict(Query, &sql), Err(code::STATEMENT_NOT_ALLOWED));
        prop_assert_eq!(verdict(Query2, &sql), Ok(()));
    }

    /// Text inside quotes is data, whatever it says.
    #[test]
    fn quoted_text_is_data(text in "[^'\\\\\0]{0,30}") {
        let sql = format!("SELECT '{text}' AS a, $x${}$x$ AS b", text.replace('$', ""));
        prop_assert_eq!(verdict(Query, &sql), Ok(()));
    }

    /// Every text gets a verdict.
    #[test]
    fn every_text_is_judged(sql in "(SELECT|FROM|\\(|\\)|;|'|\\$\\$|--|/\\*|INTO|a|1|,| ){0,20}") {
        for call in [Query, Query2, Exec] {
            let _: Result<(), &str> = verdict(call, &sql);
        }
    }
}
