//! What a test says about statements and outbound requests.

use std::cell::RefCell;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};

use crate::db::Params;

/// Statements and their answers, in the order in which they were said.
#[derive(Default)]
pub(super) struct Statements(RefCell<Vec<Statement>>);

#[derive(Clone)]
struct Statement {
    text: String,
    params: Option<Value>,
    answer: SqlAnswer,
    once: bool,
}

#[derive(Clone, Debug)]
pub(super) enum SqlAnswer {
    /// The host's JSON.
    Rows(String),
    Affected(u64),
    Failure(String),
}

/// How statements are answered that contain a text: by the last word of `rows`, `affects` and `fails`.
#[must_use = "it answers nothing until it ends with `rows`, `affects` or `fails`"]
pub struct SqlScript<'h> {
    statements: &'h Statements,
    text: String,
    params: Option<Value>,
    once: bool,
}

impl std::fmt::Debug for SqlScript<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlScript").field("text", &self.text).finish_non_exhaustive()
    }
}

impl<'h> SqlScript<'h> {
    pub(super) fn new(statements: &'h Statements, text: &str) -> Self {
        Self { statements, text: spaced(text), params: None, once: false }
    }

    /// Only with these parameters.
    pub fn with(self, params: impl Params) -> Self {
        let text = params.to_json("on_sql").unwrap_or_else(|error| panic!("{error}"));
        Self { params: Some(parameters(&text)), ..self }
    }

    /// Only the first time.
    pub fn once(self) -> Self {
        Self { once: true, ..self }
    }

    /// Answers with rows: structs or maps whose fields are columns, or tuples without names for them.
    pub fn rows<T: Serialize>(self, rows: impl IntoIterator<Item = T>) {
        let rows: Vec<Row> = rows.into_iter().map(|row| Row::of(&row)).collect();
        let columns =
            rows.first().map(|row| row.0.iter().map(|(name, _)| name).collect::<Vec<_>>());
        let values = |row: &Row| row.0.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>();
        let rows: Vec<_> = rows.iter().map(values).collect();
        self.answer(SqlAnswer::Rows(
            json!({ "columns": columns.unwrap_or_default(), "rows": rows }).to_string(),
        ));
    }

    /// Answers that so many rows were affected.
    pub fn affects(self, rows: u64) {
        self.answer(SqlAnswer::Affected(rows));
    }

    /// Answers with an error, as in `database_error: duplicate key value violates …`.
    pub fn fails(self, text: &str) {
        self.answer(SqlAnswer::Failure(text.to_owned()));
    }

    fn answer(self, answer: SqlAnswer) {
        let Self { statements, text, params, once } = self;
        statements.0.borrow_mut().push(Statement { text, params, answer, once });
    }
}

impl Statements {
    /// The answer to a statement.
    pub(super) fn answer(&self, function: &str, sql: &[u8], params: &[u8]) -> SqlAnswer {
        let sql = spaced(&String::from_utf8_lossy(sql));
        let given = parameters(&String::from_utf8_lossy(params));
        let mut statements = self.0.borrow_mut();
        let found = statements.iter().position(|statement| {
            sql.contains(&statement.text)
                && statement.params.as_ref().is_none_or(|params| *params == given)
        });
        let Some(found) = found else {
            let known: String = statements.iter().map(ToString::to_string).collect();
            panic!(
                "{function}: the test has no answer for\n  {sql}\n  with {given}\nit has:{known}"
            )
        };
        if statements[found].once {
            return statements.remove(found).answer;
        }
        statements[found].answer.clone()
    }
}

impl std::fmt::Display for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\n  {}", self.text)?;
        self.params.as_ref().map_or(Ok(()), |params| write!(f, "\n  with {params}"))
    }
}

/// URLs and their answers.
#[derive(Default)]
pub(super) struct Fetches(RefCell<Vec<(String, Value)>>);

/// How requests to a URL are answered.
#[must_use = "it answers nothing until it ends with `text`, `json` or `fails`"]
pub struct FetchScript<'h> {
    fetches: &'h Fetches,
    request: String,
    headers: serde_json::Map<String, Value>,
}

impl std::fmt::Debug for FetchScript<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FetchScript").field("request", &self.request).finish_non_exhaustive()
    }
}

impl<'h> FetchScript<'h> {
    pub(super) fn new(fetches: &'h Fetches, method: &str, url: &str) -> Self {
        Self { fetches, request: format!("{method} {url}"), headers: serde_json::Map::new() }
    }

    /// Adds a header to the response.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.into());
        self
    }

    /// Answers with a status and a text.
    pub fn text(self, status: u16, body: &str) {
        let answer = json!({ "status": status, "headers": self.headers, "body": body });
        self.fetches.0.borrow_mut().push((self.request, answer));
    }

    /// Answers with a status and a value as JSON.
    pub fn json(self, status: u16, body: &impl Serialize) {
        self.header("Content-Type", "application/json").text(status, &value(body).to_string());
    }

    /// Answers as a host that could not make the request, as in `timeout: no answer within 10 s`.
    pub fn fails(self, text: &str) {
        let answer = json!({ "status": 0, "error": text });
        self.fetches.0.borrow_mut().push((self.request, answer));
    }
}

impl Fetches {
    pub(super) fn answer(&self, request: &Value) -> Value {
        let part = |name| request.get(name).and_then(Value::as_str).unwrap_or_default();
        let wanted = format!("{} {}", part("method"), part("url"));
        let fetches = self.0.borrow();
        let found = fetches.iter().find(|(known, _)| *known == wanted);
        let Some((_, answer)) = found else {
            let known: String = fetches.iter().flat_map(|(known, _)| ["\n  ", known]).collect();
            panic!("fetch: the test has no answer for\n  {wanted}\nit has:{known}")
        };
        answer.clone()
    }
}

/// Any value as JSON.
pub(super) fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_else(|error| panic!("a value that is no JSON: {error}"))
}

fn parameters(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(params) => params,
        Err(_) => json!([]),
    }
}

/// With single spaces for all that separates words.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Columns and values in the order in which a type writes them, which a JSON object of serde's does not keep.
struct Row(Vec<(String, Value)>);

impl Row {
    fn of(row: &impl Serialize) -> Self {
        let text = serde_json::to_string(row).unwrap_or_else(|error| panic!("a row: {error}"));
        if text.starts_with('{') {
            return serde_json::from_str(&text).unwrap_or_else(|error| panic!("a row: {error}"));
        }
        let values = match value(row) {
            Value::Array(values) => values,
            single => vec![single],
        };
        let name = |at: usize| format!("column{}", at + 1);
        Self(values.into_iter().enumerate().map(|(at, value)| (name(at), value)).collect())
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = Row;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut columns = Vec::new();
                while let Some(column) = map.next_entry()? {
                    columns.push(column);
                }
                Ok(Row(columns))
            }
        }
        from.deserialize_map(Columns)
    }
}
