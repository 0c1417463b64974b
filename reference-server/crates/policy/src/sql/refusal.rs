//! Why a statement is not run.

/// Stable codes; a guest reads `code: human text`.
pub mod code {
    /// Postgres's grammar does not accept the text.
    pub const SYNTAX_ERROR: &str = "syntax_error";
    /// No statement: nothing, blanks or comments.
    pub const EMPTY_STATEMENT: &str = "empty_statement";
    /// More than one statement.
    pub const MULTIPLE_STATEMENTS: &str = "multiple_statements";
    /// A kind of statement this call does not take.
    pub const STATEMENT_NOT_ALLOWED: &str = "statement_not_allowed";
    /// `db_query2` with a writing statement that returns nothing.
    pub const RETURNING_REQUIRED: &str = "returning_required";
    /// A function that reaches beyond the plugin's data, or takes SQL as text.
    pub const FUNCTION_NOT_ALLOWED: &str = "function_not_allowed";
    /// A table or view of Postgres's own catalogs.
    pub const RELATION_NOT_ALLOWED: &str = "relation_not_allowed";
    /// `SELECT … INTO`, which creates a table.
    pub const SELECT_INTO: &str = "select_into";
    /// `FOR UPDATE` and its kin in a call that only reads.
    pub const LOCKING_NOT_ALLOWED: &str = "locking_not_allowed";
    /// The statement's text exceeds the limit.
    pub const STATEMENT_TOO_LARGE: &str = "statement_too_large";
    /// Parameters that are no JSON array, too many, or do not fit the types Postgres expects.
    pub const PARAMS_INVALID: &str = "params_invalid";
    /// More rows than the limit.
    pub const TOO_MANY_ROWS: &str = "too_many_rows";
    /// A result of more bytes than the limit.
    pub const RESULT_TOO_LARGE: &str = "result_too_large";
    /// The call's time ran out.
    pub const TIMEOUT: &str = "timeout";
    /// The database's roles do not allow it.
    pub const PERMISSION_DENIED: &str = "permission_denied";
    /// Any other error of the database, with its own message.
    pub const DATABASE_ERROR: &str = "database_error";

    /// All of them.
    pub const ALL: &[&str] = &[
        SYNTAX_ERROR,
        EMPTY_STATEMENT,
        MULTIPLE_STATEMENTS,
        STATEMENT_NOT_ALLOWED,
        RETURNING_REQUIRED,
        FUNCTION_NOT_ALLOWED,
        RELATION_NOT_ALLOWED,
        SELECT_INTO,
        LOCKING_NOT_ALLOWED,
        STATEMENT_TOO_LARGE,
        PARAMS_INVALID,
        TOO_MANY_ROWS,
        RESULT_TOO_LARGE,
        TIMEOUT,
        PERMISSION_DENIED,
        DATABASE_ERROR,
    ];
}

/// A refused statement. `Display` is the text a guest reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SqlRefusal {
    /// One of [`code`].
    pub code: &'static str,
    /// For humans.
    pub message: String,
    /// Where in the text, in bytes, when it is known; migrations report it as a line.
    pub offset: Option<usize>,
}

impl SqlRefusal {
    /// Builds a refusal without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), offset: None }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(self, offset: usize) -> Self {
        Self { offset: Some(offset), ..self }
    }

    /// The line (from 1) of [`Self::offset`] in `text`.
    pub fn line(&self, text: &str) -> Option<usize> {
        self.offset.map(|offset| line_at(text, offset))
    }
}

/// The line, from 1, of a byte offset.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
