//! Which statements plugins may run (decisions D1 and D2) and migrate with (L3).
//!
//! Decided on the parse tree of Postgres's own grammar, never on text: comments, quoting, dollar
//! quoting and letter case therefore change nothing. The database's roles enforce isolation (D3);
//! the guard refuses what no role can express, and explains.

mod admit;
mod functions;
mod migration;
mod parse;
mod refusal;
mod relations;

pub use functions::{DENIED_FUNCTION_PREFIXES, DENIED_FUNCTIONS};
pub use migration::Statement;
pub use refusal::{SqlRefusal, code};

use crate::limits::Limits;

/// Every table or view that a text names: its schema, empty where it names none, and its name. Nothing
/// of a text that Postgres's grammar does not accept.
pub fn relations(sql: &str) -> Vec<(String, String)> {
    let statements = parse::parse(sql).unwrap_or_default();
    statements.into_iter().flat_map(|statement| statement.inside.relations).collect()
}

/// Through which host function a statement arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SqlCall {
    /// `db_query`: one SELECT, WITH … SELECT, VALUES or TABLE that changes nothing.
    Query,
    /// `db_query2`: also INSERT, UPDATE, DELETE and MERGE with RETURNING.
    Query2,
    /// `db_exec`: INSERT, UPDATE, DELETE, MERGE, with or without WITH.
    Exec,
}

impl SqlCall {
    /// The host function's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "db_query",
            Self::Query2 => "db_query2",
            Self::Exec => "db_exec",
        }
    }

    /// Whether the statement runs in a READ ONLY transaction.
    pub const fn is_read_only(self) -> bool {
        matches!(self, Self::Query)
    }
}

/// SQL decisions. Parsing is the cost; callers keep verdicts per call and statement text.
#[derive(Clone, Debug)]
pub struct SqlPolicy {
    /// Judges a statement of a running plugin.
    pub statement: fn(SqlCall, &str, &Limits) -> Result<(), SqlRefusal>,
    /// Judges a migration file and splits it into its statements.
    pub migration: fn(&str) -> Result<Vec<Statement>, SqlRefusal>,
}

impl SqlPolicy {
    /// Judges one statement. The database is not asked, so that a refusal costs no connection.
    pub fn admit(&self, call: SqlCall, sql: &str, limits: &Limits) -> Result<(), SqlRefusal> {
        (self.statement)(call, sql, limits)
    }

    /// Judges a migration file; its statements run in order, in one transaction. Everything that
    /// would leave that transaction, that role or the database is refused.
    pub fn admit_migration(&self, sql: &str) -> Result<Vec<Statement>, SqlRefusal> {
        (self.migration)(sql)
    }
}

impl Default for SqlPolicy {
    fn default() -> Self {
        Self { statement: admit::statement, migration: migration::split }
    }
}
