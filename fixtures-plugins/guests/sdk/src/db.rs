//! The plugin's database: SQL in the plugin's own schema, with the core tables it was granted behind it.
//!
//! A row becomes whatever type the caller asks for: a struct (or a map, or [`json::Value`](crate::json::Value))
//! by the names of the columns, a tuple by their order, a single value where there is a single column.
//! Parameters are `$1`, `$2`, … and come as a tuple, an array, or a slice: see [`Params`].
//!
//! ```
//! use hostproof_guest::{Error, db};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Item {
//!     id: String,
//!     title: String,
//!     done: Option<bool>,
//! }
//!
//! fn open_items(task: &str) -> Result<Vec<Item>, Error> {
//!     Ok(db::query("SELECT id, title, done FROM items WHERE task_id = $1 AND NOT done", (task,))?)
//! }
//!
//! fn totals() -> Result<(u64, u64), Error> {
//!     Ok(db::query_one("SELECT count(*), count(*) FILTER (WHERE done) FROM items", ())?)
//! }
//!
//! fn title(id: &str) -> Result<Option<String>, Error> {
//!     Ok(db::query_opt("SELECT title FROM items WHERE id = $1", (id,))?)
//! }
//! ```
//!
//! Each call is a transaction of its own, unless it is made within [`transaction`].

mod params;
mod rows;

use serde::de::DeserializeOwned;

use crate::host::{self, HostError};
use crate::raw::{self, Written};

pub use params::Params;

/// Runs one statement that returns rows: a SELECT, or a write with RETURNING.
pub fn query<T: DeserializeOwned>(sql: &str, params: impl Params) -> Result<Vec<T>, HostError> {
    rows::decode(QUERY, &answer(sql, params)?)
}

/// Like [`query`], of which no row or one is expected. More are an error with the code `too_many_rows`.
pub fn query_opt<T: DeserializeOwned>(
    sql: &str,
    params: impl Params,
) -> Result<Option<T>, HostError> {
    let mut rows = query(sql, params)?;
    let first = rows.pop();
    if rows.is_empty() { Ok(first) } else { Err(wrong_number("too_many_rows", rows.len() + 1)) }
}

/// Like [`query`], of which exactly one row is expected. None is an error with the code `no_rows`, more are one
/// with the code `too_many_rows`.
pub fn query_one<T: DeserializeOwned>(sql: &str, params: impl Params) -> Result<T, HostError> {
    query_opt(sql, params)?.ok_or_else(|| wrong_number("no_rows", 0))
}

/// Runs one statement for its effect and returns the number of affected rows.
pub fn execute(sql: &str, params: impl Params) -> Result<u64, HostError> {
    const NAME: &str = "db_exec";
    let (rows, error) = raw::db_exec(sql.as_bytes(), params.to_json(NAME)?.as_bytes());
    refuse_error(NAME, error)?;
    rows.ok_or_else(|| HostError::no_answer(NAME))
}

/// Runs one SELECT in a transaction that cannot write. The host does not say why it refused: its log does.
pub fn read<T: DeserializeOwned>(sql: &str, params: impl Params) -> Result<Vec<T>, HostError> {
    const NAME: &str = "db_query";
    let written = raw::db_query(sql.as_bytes(), params.to_json(NAME)?.as_bytes());
    rows::decode(NAME, &host::bytes(NAME, written)?)
}

/// Runs `work` in one transaction: permanent when it returns `Ok`, undone when it returns an error. Key-value
/// calls made meanwhile are part of it. A statement that fails undoes only itself, so `work` may go on after one.
pub fn transaction<T, E: From<HostError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    host::status("db_tx_begin", raw::db_tx_begin())?;
    match work() {
        Ok(value) => {
            host::status("db_tx_commit", raw::db_tx_commit())?;
            Ok(value)
        }
        Err(error) => {
            // Should this fail, the host undoes it when the call ends; the first error is the one to tell.
            raw::db_tx_rollback();
            Err(error)
        }
    }
}

const QUERY: &str = "db_query2";

fn answer(sql: &str, params: impl Params) -> Result<Vec<u8>, HostError> {
    let (result, error) = raw::db_query2(sql.as_bytes(), params.to_json(QUERY)?.as_bytes());
    refuse_error(QUERY, error)?;
    host::bytes(QUERY, result)
}

/// The error text, when there is one, ends the call.
fn refuse_error(function: &'static str, error: Written) -> Result<(), HostError> {
    let text = host::bytes(function, error)?;
    if text.is_empty() {
        return Ok(());
    }
    Err(HostError::from_text(function, &String::from_utf8_lossy(&text)))
}

fn wrong_number(code: &str, rows: usize) -> HostError {
    HostError::from_text(QUERY, &format!("{code}: {rows} rows where one was expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_host_there_is_no_answer() {
        let code = |result: Result<u64, HostError>| result.map_err(|error| error.code);
        assert_eq!(code(query_one("SELECT 1", ())), Err("no_answer".to_owned()));
        assert_eq!(code(execute("DELETE FROM t", ())), Err("no_answer".to_owned()));
        let never = transaction(|| -> Result<(), HostError> { panic!("no transaction is open") });
        assert_eq!(never.map_err(|error| error.function), Err("db_tx_begin"));
    }
}
