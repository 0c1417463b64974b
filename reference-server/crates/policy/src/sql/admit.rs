//! The guard of running plugins' statements.

use super::functions::is_denied;
use super::parse::{Kind, Parsed, parse};
use super::refusal::{SqlRefusal, code};
use super::{MAX_STATEMENT_BYTES, SqlCall};

/// Decides on one text. The order of the checks is the order in which an author would fix them:
/// what the text is, what the statement is, what is inside it.
pub(super) fn statement(call: SqlCall, sql: &str) -> Result<(), SqlRefusal> {
    if sql.len() > MAX_STATEMENT_BYTES {
        return Err(SqlRefusal::new(
            code::STATEMENT_TOO_LARGE,
            format!("a statement has at most {MAX_STATEMENT_BYTES} bytes"),
        ));
    }
    let mut statements = parse(sql)?.into_iter();
    let Some(only) = statements.next() else {
        return Err(SqlRefusal::new(code::EMPTY_STATEMENT, "there is no statement"));
    };
    if statements.next().is_some() {
        return Err(SqlRefusal::new(
            code::MULTIPLE_STATEMENTS,
            format!("{} takes one statement", call.as_str()),
        ));
    }
    kind(call, sql, &only)?;
    if only.inside.into {
        return Err(SqlRefusal::new(code::SELECT_INTO, "SELECT INTO creates a table"));
    }
    if call == SqlCall::Query && only.inside.writes {
        return Err(SqlRefusal::new(
            code::STATEMENT_NOT_ALLOWED,
            "db_query takes no INSERT, UPDATE, DELETE or MERGE, not in a WITH clause either",
        ));
    }
    if call == SqlCall::Query && only.inside.locks {
        return Err(SqlRefusal::new(
            code::LOCKING_NOT_ALLOWED,
            "db_query only reads and locks no rows",
        ));
    }
    functions(&only)
}

/// Refuses denied functions anywhere in a statement.
pub(super) fn functions(statement: &Parsed) -> Result<(), SqlRefusal> {
    match statement.inside.calls.iter().find(|(name, _)| is_denied(name)) {
        None => Ok(()),
        Some((name, place)) => Err(SqlRefusal {
            offset: *place,
            ..SqlRefusal::new(
                code::FUNCTION_NOT_ALLOWED,
                format!("the function {name} is not available to plugins"),
            )
        }),
    }
}

fn kind(call: SqlCall, sql: &str, statement: &Parsed) -> Result<(), SqlRefusal> {
    let takes = match (call, statement.kind) {
        (SqlCall::Query | SqlCall::Query2, Kind::Select) | (SqlCall::Exec, Kind::Change) => {
            return Ok(());
        }
        (SqlCall::Query2, Kind::Change) if statement.returning => return Ok(()),
        (SqlCall::Query2, Kind::Change) => {
            return Err(SqlRefusal::new(
                code::RETURNING_REQUIRED,
                "db_query2 takes INSERT, UPDATE, DELETE and MERGE with RETURNING only; db_exec takes them without",
            ));
        }
        (SqlCall::Query, _) => "one SELECT, WITH … SELECT or VALUES",
        (SqlCall::Query2, _) => {
            "one SELECT, WITH … SELECT or VALUES, or INSERT, UPDATE, DELETE or MERGE with RETURNING"
        }
        (SqlCall::Exec, _) => "one INSERT, UPDATE, DELETE or MERGE",
    };
    Err(SqlRefusal::new(
        code::STATEMENT_NOT_ALLOWED,
        format!("{} takes {takes}, not {}", call.as_str(), first_word(sql, statement)),
    ))
}

/// The statement's first word, for messages: enough to recognise it by.
pub(super) fn first_word(sql: &str, statement: &Parsed) -> String {
    let text = sql.get(statement.start..statement.end).unwrap_or_default();
    let word: String = text.chars().take_while(char::is_ascii_alphabetic).take(20).collect();
    if word.is_empty() { "this".to_owned() } else { word.to_ascii_uppercase() }
}
