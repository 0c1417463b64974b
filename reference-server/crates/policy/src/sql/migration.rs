//! The guard of migration files (decision L3).

use super::admit::{first_word, functions};
use super::parse::{Kind, error_offset, parse};
use super::refusal::{SqlRefusal, code, line_at};

/// One statement of a migration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its text, without leading blanks and comments, without semicolon.
    pub text: String,
    /// The line it begins on, from 1.
    pub line: usize,
}

/// Judges a file and splits it. A refusal carries its place.
pub(super) fn split(sql: &str) -> Result<Vec<Statement>, SqlRefusal> {
    let statements = parse(sql).map_err(|refusal| SqlRefusal {
        offset: refusal.offset.or_else(|| error_offset(sql)),
        ..refusal
    })?;
    let mut accepted = Vec::with_capacity(statements.len());
    for statement in statements {
        let place = statement.start;
        let refuse = |code, message| Err(SqlRefusal::new(code, message).at(place));
        match statement.kind {
            Kind::Select | Kind::Change | Kind::Definition => {}
            Kind::Concurrent => {
                return refuse(
                    code::STATEMENT_NOT_ALLOWED,
                    "a migration runs in a transaction, which CONCURRENTLY cannot".to_owned(),
                );
            }
            Kind::Other => {
                return refuse(
                    code::STATEMENT_NOT_ALLOWED,
                    format!("a migration may not hold {}", first_word(sql, &statement)),
                );
            }
        }
        functions(&statement)
            .map_err(|refusal| SqlRefusal { offset: refusal.offset.or(Some(place)), ..refusal })?;
        let text = sql.get(statement.start..statement.end).unwrap_or_default().trim_end();
        accepted.push(Statement { text: text.to_owned(), line: line_at(sql, place) });
    }
    Ok(accepted)
}
