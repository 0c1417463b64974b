//! Rows of every kind, and what does not fit.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

const TWO: &str = r#"{"columns": ["id", "n"], "rows": [["a", 9007199254740993], ["b", null]]}"#;

fn read<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, String> {
    decode("db_query2", text.as_bytes()).map_err(|error| error.to_string())
}

#[derive(Debug, PartialEq, Deserialize)]
struct Item {
    n: Option<i64>,
    id: String,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Id(String);

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Open,
    Done,
}

#[test]
fn a_struct_is_read_by_the_names_of_the_columns() {
    let item = |id: &str, n| Item { id: id.to_owned(), n };
    assert_eq!(read(TWO), Ok(vec![item("a", Some(9_007_199_254_740_993)), item("b", None)]));
}

#[test]
fn a_map_and_a_value_have_the_columns_as_keys() {
    assert_eq!(read::<Value>(TWO).map(|rows| rows[1].clone()), Ok(json!({"id": "b", "n": null})));
    let rows = read::<BTreeMap<String, Value>>(TWO);
    assert_eq!(rows.map(|rows| rows[0]["id"].clone()), Ok(json!("a")));
}

#[test]
fn a_tuple_is_read_by_the_order_of_the_columns() {
    let rows = read::<(String, Option<u64>)>(TWO);
    assert_eq!(rows.map(|rows| rows[1].clone()), Ok(("b".to_owned(), None)));
}

#[test]
fn a_single_column_is_a_single_value() {
    assert_eq!(read(r#"{"columns":["count"],"rows":[[3]]}"#), Ok(vec![3_u64]));
    assert_eq!(read(r#"{"columns":["max"],"rows":[[null]]}"#), Ok(vec![None::<i32>]));
    assert_eq!(read(r#"{"columns":["id"],"rows":[["x"]]}"#), Ok(vec![Id("x".to_owned())]));
    let states = read(r#"{"columns":["state"],"rows":[["done"],["open"]]}"#);
    assert_eq!(states, Ok(vec![State::Done, State::Open]));
}

#[test]
fn the_rows_may_come_before_the_columns_and_none_may_be_null() {
    assert_eq!(read(r#"{"rows":[["x"]],"columns":["id"]}"#), Ok(vec!["x".to_owned()]));
    assert_eq!(read::<Item>(r#"{"columns":["id","n"],"rows":null}"#), Ok(Vec::new()));
    assert_eq!(read::<Item>(r#"{"columns":["id","n"],"rows":[]}"#), Ok(Vec::new()));
}

#[test]
fn what_does_not_fit_is_an_error_that_says_what() {
    let error = |result: Result<Vec<()>, String>, part: &str| {
        let text = result.expect_err("it does not fit");
        assert!(text.contains(part), "{text}");
    };
    let nothing = |_| ();
    let none = |rows: Vec<Item>| rows.into_iter().map(nothing).collect();
    let missing = read(r#"{"columns":["n"],"rows":[[1]]}"#).map(none);
    error(missing, "missing field `id`");
    let fewer = read::<(String,)>(TWO).map(|_| Vec::new());
    error(fewer, r#"columns ["id", "n"], and fewer were asked for"#);
    let single = read::<String>(TWO).map(|_| Vec::new());
    error(single, r#"columns ["id", "n"], and a single value was asked for"#);
    let short = read::<Item>(r#"{"columns":["id","n"],"rows":[["a"]]}"#).map(|_| Vec::new());
    error(short, "fewer values than columns");
    error(read::<Item>("").map(|_| Vec::new()), "neither rows nor an error");
}
