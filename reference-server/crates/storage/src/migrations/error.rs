//! Failures of migrations, in words for the plugin's author.

use policy::sql::{SqlRefusal, Statement, code};
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use super::file::MigrationFile;
use crate::error::is_away;

/// Why a plugin's migrations stopped. Files before the named one are applied and stay so; of the
/// named one nothing remains.
#[derive(Debug, thiserror::Error)]
#[error("{}{message}", place(.file, *.line))]
pub struct MigrationError {
    /// The file that failed; empty when the trouble was before the first one.
    pub file: String,
    /// The line in it, counted from 1, where known.
    pub line: Option<usize>,
    /// [`MigrationError::CHANGED`], [`MigrationError::DUPLICATE`], or one of
    /// [`policy::sql::code`].
    pub code: &'static str,
    /// What happened.
    pub message: String,
    unavailable: bool,
    #[source]
    source: Option<Box<sqlx::Error>>,
}

impl MigrationError {
    /// Code of an applied file whose text has changed.
    pub const CHANGED: &str = "migration_changed";
    /// Code of two files with one name.
    pub const DUPLICATE: &str = "migration_duplicate";

    /// True when the store is away rather than the file wrong.
    pub fn is_unavailable(&self) -> bool {
        self.unavailable
    }

    fn new(file: &str, line: Option<usize>, code: &'static str, message: String) -> Self {
        Self { file: file.to_owned(), line, code, message, unavailable: false, source: None }
    }

    pub(super) fn before_files(error: impl std::fmt::Display) -> Self {
        Self::new("", None, code::DATABASE_ERROR, error.to_string())
    }

    pub(super) fn changed(file: &MigrationFile) -> Self {
        let message = "the file was applied before and its text has changed since; \
                       put the change into a new file"
            .to_owned();
        Self::new(&file.name, None, Self::CHANGED, message)
    }

    pub(super) fn duplicate(name: &str) -> Self {
        Self::new(name, None, Self::DUPLICATE, "there are two files of this name".to_owned())
    }

    pub(super) fn refused(file: &MigrationFile, refusal: &SqlRefusal) -> Self {
        Self::new(&file.name, refusal.line(&file.sql), refusal.code, refusal.message.clone())
    }

    pub(super) fn code(file: &MigrationFile, what: &str) -> Self {
        let message = format!("a migration may not leave code in the database: {what}");
        Self::new(&file.name, None, code::STATEMENT_NOT_ALLOWED, message)
    }

    /// Postgres refused or failed a statement of the file.
    pub(super) fn statement(
        file: &MigrationFile,
        statement: &Statement,
        error: sqlx::Error,
    ) -> Self {
        let line = statement.line + lines_before_error(&statement.text, &error);
        Self { line: Some(line), ..Self::outside_statements(file, error) }
    }

    /// Something else failed while the file was being applied.
    pub(super) fn outside_statements(file: &MigrationFile, error: sqlx::Error) -> Self {
        Self { file: file.name.clone(), ..Self::from(error) }
    }
}

impl From<sqlx::Error> for MigrationError {
    fn from(error: sqlx::Error) -> Self {
        let unavailable = is_away(&error);
        let (code, message) = match error.as_database_error() {
            _ if unavailable => (code::DATABASE_ERROR, "the database is unavailable".to_owned()),
            Some(refused) => {
                let code = match refused.code().as_deref() {
                    Some("42501") => code::PERMISSION_DENIED,
                    Some("57014" | "55P03") => code::TIMEOUT,
                    _ => code::DATABASE_ERROR,
                };
                (code, refused.message().to_owned())
            }
            None => (code::DATABASE_ERROR, "the file cannot be applied".to_owned()),
        };
        Self {
            file: String::new(),
            line: None,
            code,
            message,
            unavailable,
            source: Some(Box::new(error)),
        }
    }
}

/// How many lines into a statement Postgres places its error; none when it names no place.
fn lines_before_error(text: &str, error: &sqlx::Error) -> usize {
    let position = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
        .and_then(PgDatabaseError::position);
    // Counted in characters, from 1.
    let Some(PgErrorPosition::Original(position)) = position else { return 0 };
    text.chars().take(position.saturating_sub(1)).filter(|c| *c == '\n').count()
}

fn place(file: &str, line: Option<usize>) -> String {
    match (file, line) {
        ("", _) => String::new(),
        (file, None) => format!("{file}: "),
        (file, Some(line)) => format!("{file}, line {line}: "),
    }
}
