//! The operations, and how one is carried out.

use base64::{DecodeError, Engine as _, engine::general_purpose::STANDARD};
use hostproof_guest::Answer;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::{events, host_calls, misbehave};

/// One line of a script, by its `op`. An unknown argument is refused, so that a typo is no silent success.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Op {
    /// The request envelope as received.
    Envelope {},

    /// Result: the rows. `params` is written as JSON; absent means no text at all.
    DbQuery { sql: String, params: Option<Value> },
    /// Result: the rows; error: the host's text.
    #[serde(rename = "db_query2")]
    DbQuery2 { sql: String, params: Option<Value> },
    /// As `db_query2`, with the parameters' text sent verbatim.
    #[serde(rename = "raw_db_query2")]
    RawDbQuery2 { sql: String, params_text: String },
    /// Result: the number of affected rows.
    DbExec { sql: String, params: Option<Value> },

    /// Result: the value as a string, or null when the host wrote an empty one.
    StorageGet { key: String },
    /// Result: the host's status. A `value` that is no string is stored as JSON text.
    StorageSet { key: String, value: Value },
    /// Result: the host's status.
    StorageDelete { key: String },
    /// Result: the value, or null.
    ConfigGet { key: String },

    /// Result: the response as JSON. `request` is sent as written.
    Fetch { request: Value },
    /// Result: the response as JSON with `body_len`, the body's length in bytes, in place of the body.
    FetchSize { request: Value },
    /// Result: the host's status. `payload_text` is sent verbatim in place of `payload`.
    EventEmit { topic: String, payload: Option<Value>, payload_text: Option<String> },
    /// Result: the host's status.
    EventSubscribe { topic: String },
    /// Result: the payloads of the topic's events so far, first to last; those that have the members of `with`.
    Heard { topic: String, with: Option<Map<String, Value>> },
    /// `level` is the ABI's number, or `debug`, `info`, `warn`, `error`.
    Log { level: Value, message: String },

    /// Result: the body as a string, or null.
    HttpRequestBody {},
    /// Result: the headers as JSON, or null.
    HttpRequestHeaders {},
    /// Result: the identity as JSON, or null.
    HttpCallerIdentity {},
    /// Sets the response used when the guest returns nothing (see `answer_empty`).
    HttpRespond { status: i32, body: String },

    /// Result: the size of memory in pages.
    MemoryPages {},
    /// Result: what `memory.grow` returned: the old size, or -1.
    Grow { pages: u32 },
    /// Result: how often this instance ran this operation, this time included.
    Counter {},

    /// Ends the call: never returns, and calls no host function.
    Spin {},
    /// Ends the call: calls one host function (`storage_get` unless `log` is asked for) for ever.
    SpinHostCalls { function: Option<Spinner> },
    /// Ends the call: `unreachable`.
    Trap {},
    /// Ends the call: recursion without end.
    Recurse {},
    /// Ends the call with an envelope of these parts, written without a check. `body_size` is a body of that many
    /// `x`.
    Respond {
        status: Option<Value>,
        headers: Option<Map<String, Value>>,
        body: Option<String>,
        body_size: Option<usize>,
    },
    /// Ends the call with these bytes as the result.
    Answer { raw: String },
    /// Ends the call with this place in memory as the result.
    AnswerPointer { ptr: u32, len: u32 },
    /// Ends the call with no result.
    AnswerEmpty {},
}

/// The host function to call for ever.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Spinner {
    StorageGet,
    Log,
}

/// What came of an operation.
#[derive(Default, Serialize)]
pub(crate) struct Outcome {
    pub(crate) result: Option<Box<RawValue>>,
    pub(crate) error: Option<String>,
    pub(crate) untouched: bool,
}

impl Outcome {
    /// A result of the probe's own making.
    pub(crate) fn value(value: impl Serialize) -> Self {
        match serde_json::value::to_raw_value(&value) {
            Ok(raw) => Self { result: Some(raw), ..Self::default() },
            Err(error) => Self::error(format!("probe: {error}")),
        }
    }

    pub(crate) fn error(text: String) -> Self {
        Self { error: Some(text), ..Self::default() }
    }

    pub(crate) fn untouched() -> Self {
        Self { untouched: true, ..Self::default() }
    }
}

/// Whether the script goes on.
pub(crate) enum Done {
    Next(Outcome),
    Answer(Answer),
}

impl Op {
    /// Carries it out. `envelope` is the request as received.
    pub(crate) fn run(self, envelope: &[u8]) -> Done {
        Done::Next(match self {
            Self::Envelope {} => host_calls::json(envelope),
            Self::DbQuery { sql, params } => host_calls::db_query(&sql, &text(params)),
            Self::DbQuery2 { sql, params } => host_calls::db_query2(&sql, &text(params)),
            Self::RawDbQuery2 { sql, params_text } => host_calls::db_query2(&sql, &params_text),
            Self::DbExec { sql, params } => host_calls::db_exec(&sql, &text(params)),
            Self::StorageGet { key } => host_calls::storage_get(&key),
            Self::StorageSet { key, value } => host_calls::storage_set(&key, &plain(value)),
            Self::StorageDelete { key } => host_calls::storage_delete(&key),
            Self::ConfigGet { key } => host_calls::config_get(&key),
            Self::Fetch { request } => host_calls::fetch(&request.to_string()),
            Self::FetchSize { request } => host_calls::fetch_size(&request.to_string()),
            Self::EventEmit { topic, payload, payload_text } => {
                host_calls::event_emit(&topic, &payload_text.unwrap_or_else(|| text(payload)))
            }
            Self::EventSubscribe { topic } => host_calls::event_subscribe(&topic),
            Self::Heard { topic, with } => events::heard(&topic, &with.unwrap_or_default()),
            Self::Log { level, message } => host_calls::log(&level, &message),
            Self::HttpRequestBody {} => host_calls::http_request_body(),
            Self::HttpRequestHeaders {} => host_calls::http_request_headers(),
            Self::HttpCallerIdentity {} => host_calls::http_caller_identity(),
            Self::HttpRespond { status, body } => host_calls::http_respond(status, &body),
            Self::MemoryPages {} => Outcome::value(misbehave::memory_pages()),
            Self::Grow { pages } => Outcome::value(misbehave::grow(pages)),
            Self::Counter {} => Outcome::value(misbehave::count()),
            Self::Spin {} => misbehave::spin(),
            Self::SpinHostCalls { function } => {
                misbehave::spin_host_calls(&function.unwrap_or(Spinner::StorageGet))
            }
            Self::Trap {} => misbehave::trap(),
            Self::Recurse {} => misbehave::recurse(),
            Self::Respond { status, headers, body, body_size } => {
                let envelope = misbehave::envelope(status, headers, body, body_size);
                return Done::Answer(Answer::Bytes(envelope));
            }
            Self::Answer { raw } => return Done::Answer(Answer::Bytes(raw.into_bytes())),
            Self::AnswerPointer { ptr, len } => {
                return Done::Answer(Answer::Place { address: ptr, len });
            }
            Self::AnswerEmpty {} => return Done::Answer(Answer::Bytes(Vec::new())),
        })
    }
}

/// JSON text, or nothing.
fn text(value: Option<Value>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// A string without its quotes, anything else as JSON text.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

pub(crate) fn decode_base64(text: &str) -> Result<Vec<u8>, DecodeError> {
    STANDARD.decode(text)
}

pub(crate) fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
