//! The plugin's database: SQL in the plugin's own schema, with the core tables it was granted behind it.
//!
//! Each call is a transaction of its own, unless it is made within [`transaction`]. Parameters are `$1`, `$2`, … and travel as JSON; write them with
//! [`params!`](crate::params).

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::host::{self, HostError};
use crate::raw::{self, Written};

/// A JSON array of query parameters: `params![task_id, 3, true]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::json::json!($value)),*] as &[$crate::json::Value] };
}

/// What a query returned.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Rows {
    /// Column names, in the order of the values of each row.
    pub columns: Vec<String>,
    /// The values. Some hosts send `null` for no rows.
    #[serde(deserialize_with = "null_is_empty")]
    pub rows: Vec<Vec<Value>>,
}

fn null_is_empty<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Vec<Value>>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl Rows {
    /// Reads the host's JSON.
    fn decode(function: &'static str, text: &[u8]) -> Result<Self, HostError> {
        if text.is_empty() {
            return Err(HostError::bad_answer(function, "neither rows nor an error"));
        }
        serde_json::from_slice(text).map_err(|error| HostError::bad_answer(function, error))
    }

    /// The rows as JSON objects, column name to value.
    pub fn into_objects(self) -> Vec<Value> {
        let columns = self.columns;
        self.rows
            .into_iter()
            .map(|row| Value::Object(columns.iter().cloned().zip(row).collect::<Map<_, _>>()))
            .collect()
    }

    /// The rows as values of a type whose fields are named like the columns.
    pub fn into_typed<T: DeserializeOwned>(self) -> Result<Vec<T>, HostError> {
        self.into_objects()
            .into_iter()
            .map(|row| {
                serde_json::from_value(row)
                    .map_err(|error| HostError::bad_answer("db_query2", error))
            })
            .collect()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Runs one statement that returns rows: a SELECT, or a write with RETURNING.
pub fn query(sql: &str, params: &[Value]) -> Result<Rows, HostError> {
    const NAME: &str = "db_query2";
    let (result, error) = raw::db_query2(sql, encode(params));
    refuse_error(NAME, error)?;
    Rows::decode(NAME, &host::bytes(NAME, result)?)
}

/// Runs one read in a transaction that cannot write. The host does not say why it refused: its log does.
pub fn read(sql: &str, params: &[Value]) -> Result<Rows, HostError> {
    const NAME: &str = "db_query";
    Rows::decode(NAME, &host::bytes(NAME, raw::db_query(sql, encode(params)))?)
}

/// Runs one statement for its effect and returns the number of affected rows.
pub fn exec(sql: &str, params: &[Value]) -> Result<u64, HostError> {
    const NAME: &str = "db_exec";
    let (rows, error) = raw::db_exec(sql, encode(params));
    refuse_error(NAME, error)?;
    rows.ok_or_else(|| HostError::no_answer(NAME))
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

/// The error text, when there is one, ends the call.
fn refuse_error(function: &'static str, error: Written) -> Result<(), HostError> {
    let text = host::bytes(function, error)?;
    if text.is_empty() {
        return Ok(());
    }
    Err(HostError::from_text(function, &String::from_utf8_lossy(&text)))
}

fn encode(params: &[Value]) -> String {
    if params.is_empty() { String::new() } else { json_text(params) }
}

fn json_text(params: &[Value]) -> String {
    Value::from(params.to_vec()).to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Row {
        id: String,
        n: Option<i64>,
    }

    #[test]
    fn rows_become_objects_and_types() {
        let text = br#"{"columns":["id","n"],"rows":[["a",9007199254740993],["b",null]]}"#;
        let rows = Rows::decode("db_query2", text).unwrap();
        assert_eq!(
            Value::from(rows.clone().into_objects()),
            serde_json::json!([{"id": "a", "n": 9_007_199_254_740_993_i64}, {"id": "b", "n": null}])
        );
        let typed: Vec<Row> = rows.into_typed().unwrap();
        assert_eq!((typed[0].id.as_str(), typed[0].n), ("a", Some(9_007_199_254_740_993)));
        assert_eq!((typed[1].id.as_str(), typed[1].n), ("b", None));
    }

    #[test]
    fn no_rows_may_be_null() {
        let rows = Rows::decode("db_query2", br#"{"columns":["id"],"rows":null}"#).unwrap();
        assert!(rows.is_empty());
    }

    #[test]
    fn an_empty_result_is_an_error_and_never_zero_rows() {
        let error = Rows::decode("db_query2", b"").unwrap_err();
        assert_eq!(error.code, "bad_answer");
    }

    #[test]
    fn parameters_are_a_json_array() {
        assert_eq!(encode(params!["x", 3, None::<i32>]), r#"["x",3,null]"#);
        assert_eq!(encode(params![]), "");
    }

    #[test]
    fn without_a_host_there_is_no_answer() {
        assert_eq!(query("SELECT 1", params![]).unwrap_err().code, "no_answer");
        assert_eq!(exec("DELETE FROM t", params![]).unwrap_err().code, "no_answer");
        let never = transaction(|| -> Result<(), HostError> { panic!("no transaction is open") });
        assert_eq!(never.unwrap_err().function, "db_tx_begin");
    }
}
