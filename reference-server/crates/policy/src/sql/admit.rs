//! The guard of running plugins' statements.

use super::SqlCall;
use super::functions::is_denied;
use super::parse::{Kind, Parsed, parse};
use super::refusal::{SqlRefusal, code};
use super::relations::is_catalog;
use crate::limits::Limits;

/// Decides on one text. The order of the checks is the order in which an author would fix them:
/// what the text is, what the statement is, what is inside it.
pub(super) fn statement(call: SqlCall, sql: &str, limits: &Limits) -> Result<(), SqlRefusal> {
    if sql.len() > limits.sql_statement_bytes {
        return Err(SqlRefusal::new(
            code::STATEMENT_TOO_LARGE,
            format!("a statement has at most {} bytes", limits.sql_statement_bytes),
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
    if usize::try_from(only.inside.parameters).is_ok_and(|count| count > limits.sql_params) {
        return Err(SqlRefusal::new(
            code::PARAMS_INVALID,
            format!("a statement has at most {} parameters", limits.sql_params),
        ));
    }
    relations(&only)?;
    functions(&only)
}

/// Refuses the catalogs, which know every other plugin's tables, functions and views.
fn relations(statement: &Parsed) -> Result<(), SqlRefusal> {
    match statement.inside.relations.iter().find(|(schema, name)| is_catalog(schema, name)) {
        None => Ok(()),
        Some((_, name)) => Err(SqlRefusal::new(
            code::RELATION_NOT_ALLOWED,
            format!("{name} is one of Postgres's catalogs; information_schema shows what is yours"),
        )),
    }
}

/// Refuses denied functions anywhere in a statement.
pub(super) fn functions(statement: &Parsed) -> Result<(), SqlRefusal> {
    match statement.inside.calls.iter().find(|call| is_denied(&call.name, call.arguments)) {
        None => Ok(()),
        Some(call) => Err(SqlRefusal {
            offset: call.place,
            ..SqlRefusal::new(
                code::FUNCTION_NOT_ALLOWED,
                format!("the function {} is not available to plugins", call.name),
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
