//! Database answers as guests read them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Rows of `db_query` and `db_query2`.
///
/// Values (decision D5): integers exact beyond 2^53 too, booleans, `json`/`jsonb` nested, `NULL` as
/// `null`, timestamps as RFC 3339 text, `bytea` as base64 text, `numeric` as a number with all its
/// digits, every other type as the text Postgres prints. No rows are `[]`, never `null`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueryResult {
    /// Output column names, in order.
    pub columns: Vec<String>,
    /// One list of values per row, in the order of `columns`.
    pub rows: Vec<Vec<Value>>,
}
