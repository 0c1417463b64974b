//! The operations, and how one is carried out.

use base64::{DecodeError, Engine as _, engine::general_purpose::STANDARD};
use hostproof_guest::{Answer, raw};
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
    DbQuery {
        sql: String,
        params: Option<Value>,
    },
    /// Result: the rows; error: the host's text.
    #[serde(rename = "db_query2")]
    DbQuery2 {
        sql: String,
        params: Option<Value>,
    },
    /// As `db_query2`, with the parameters' text sent verbatim.
    #[serde(rename = "raw_db_query2")]
    RawDbQuery2 {
        sql: String,
        params_text: String,
    },
    /// As `db_query2`, with the bytes of statement and parameters given in base64.
    #[serde(rename = "bytes_db_query2")]
    BytesDbQuery2 {
        sql_base64: String,
        params_base64: Option<String>,
    },
    /// As `db_query2`, with a statement that counts its parameters, of which there are that many.
    #[serde(rename = "count_db_query2")]
    CountDbQuery2 {
        count: usize,
    },
    /// Result: the number of affected rows.
    DbExec {
        sql: String,
        params: Option<Value>,
    },

    /// Result: the host's status.
    DbTxBegin {},
    /// Result: the host's status.
    DbTxCommit {},
    /// Result: the host's status.
    DbTxRollback {},

    /// Result: the value as a string, or null when the host wrote an empty one.
    StorageGet {
        key: String,
    },
    /// Result: the host's status. A `value` that is no string is stored as JSON text.
    StorageSet {
        key: String,
        value: Value,
    },
    /// Result: the host's status.
    StorageDelete {
        key: String,
    },
    /// As the three above, with key and value as base64: bytes that need not be text.
    StorageGetBytes {
        key: String,
    },
    StorageSetBytes {
        key: String,
        value: String,
    },
    StorageDeleteBytes {
        key: String,
    },
    /// As `storage_set`, with a value of that many `x`.
    StorageSetSized {
        key: String,
        size: usize,
    },
    /// Result: the value as a string, or null when the host wrote an empty one.
    CacheGet {
        key: String,
    },
    /// Result: the host's status. `ttl` is in seconds, 0 where absent. A `value` that is no string is stored as
    /// JSON text.
    CacheSet {
        key: String,
        value: Value,
        ttl: Option<i32>,
    },
    /// As `cache_set`, with a value of that many `x`.
    CacheSetSized {
        key: String,
        size: usize,
    },
    /// As `cache_set`, with the value as base64.
    CacheSetBytes {
        key: String,
        value: String,
    },
    /// Result: the host's status.
    CacheDelete {
        key: String,
    },

    /// Result: what the host gave, as JSON. `id` is sent as written.
    TasksList {
        id: String,
    },
    TaskGet {
        id: String,
    },
    ProjectGet {
        id: String,
    },
    MembersList {
        id: String,
    },
    /// Result: the settings as JSON.
    SettingsGet {},
    /// Result: the host's status.
    PermissionCheck {
        permission: String,
    },
    /// Result: the host's status. `activity` is sent as JSON, a string as it is.
    ActivityRecord {
        activity: Value,
    },
    /// Result: the response as JSON. `request` is sent as written.
    SendEmail {
        request: Value,
    },
    PasswordSetTokenIssue {
        request: Value,
    },

    /// Result: the value, or null.
    ConfigGet {
        key: String,
    },

    /// Result: the response as JSON. `request` is sent as written, save for what `fill` adds.
    Fetch {
        request: Value,
        fill: Option<Fill>,
    },
    /// Result: the response as JSON with `body_len`, the body's length in bytes, in place of the body.
    FetchSize {
        request: Value,
        fill: Option<Fill>,
    },
    /// Result: the host's status. `payload_text` is sent verbatim in place of `payload`.
    EventEmit {
        topic: String,
        payload: Option<Value>,
        payload_text: Option<String>,
    },
    /// Result: the host's status.
    EventSubscribe {
        topic: String,
    },
    /// Result: the payloads of the topic's events so far, first to last; those that have the members of `with`.
    Heard {
        topic: String,
        with: Option<Map<String, Value>>,
    },
    /// `level` is the ABI's number, or `debug`, `info`, `warn`, `error`.
    Log {
        level: Value,
        message: String,
    },

    /// Result: the body as a string, or null.
    HttpRequestBody {},
    /// Result: the headers as JSON, or null.
    HttpRequestHeaders {},
    /// Result: the identity as JSON, or null.
    HttpCallerIdentity {},
    /// Sets the response used when the guest returns nothing (see `answer_empty`).
    HttpRespond {
        status: i32,
        body: String,
    },

    /// Result: the size of memory in pages.
    MemoryPages {},
    /// Result: what `memory.grow` returned: the old size, or -1.
    Grow {
        pages: u32,
    },
    /// Result: how often this instance ran this operation, this time included.
    Counter {},

    /// Ends the call: never returns, and calls no host function.
    Spin {},
    /// Ends the call: calls one host function (`storage_get` unless `log` is asked for) for ever.
    SpinHostCalls {
        function: Option<Spinner>,
    },
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
    Answer {
        raw: String,
    },
    /// Ends the call with this place in memory as the result.
    AnswerPointer {
        ptr: u32,
        len: u32,
    },
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

/// Lengthens a text of a request, so that a script of few bytes can ask for one of many.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fill {
    /// JSON pointer to the text.
    at: String,
    /// How many `x` it gets at its end.
    size: usize,
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
            Self::DbQuery2 { sql, params } => host_calls::db_query2(&sql, text(params)),
            Self::RawDbQuery2 { sql, params_text } => host_calls::db_query2(&sql, &params_text),
            Self::BytesDbQuery2 { sql_base64, params_base64 } => {
                let params = params_base64.unwrap_or_default();
                with_bytes(&sql_base64, |sql| {
                    with_bytes(&params, |params| host_calls::db_query2(sql, params))
                })
            }
            Self::CountDbQuery2 { count } => host_calls::count_db_query2(count),
            Self::DbTxBegin {} => Outcome::value(raw::db_tx_begin()),
            Self::DbTxCommit {} => Outcome::value(raw::db_tx_commit()),
            Self::DbTxRollback {} => Outcome::value(raw::db_tx_rollback()),
            Self::DbExec { sql, params } => host_calls::db_exec(&sql, &text(params)),
            Self::StorageGet { key } => host_calls::storage_get(key.as_bytes()),
            Self::StorageSet { key, value } => {
                host_calls::storage_set(key.as_bytes(), plain(value).as_bytes())
            }
            Self::StorageDelete { key } => host_calls::storage_delete(key.as_bytes()),
            Self::StorageGetBytes { key } => with_bytes(&key, host_calls::storage_get),
            Self::StorageSetBytes { key, value } => with_bytes(&key, |key| {
                with_bytes(&value, |value| host_calls::storage_set(key, value))
            }),
            Self::StorageDeleteBytes { key } => with_bytes(&key, host_calls::storage_delete),
            Self::StorageSetSized { key, size } => {
                host_calls::storage_set(key.as_bytes(), "x".repeat(size).as_bytes())
            }
            Self::CacheGet { key } => host_calls::cache_get(&key),
            Self::CacheSet { key, value, ttl } => {
                host_calls::cache_set(&key, plain(value).as_bytes(), ttl.unwrap_or(0))
            }
            Self::CacheSetSized { key, size } => {
                host_calls::cache_set(&key, "x".repeat(size).as_bytes(), 0)
            }
            Self::CacheSetBytes { key, value } => {
                with_bytes(&value, |value| host_calls::cache_set(&key, value, 0))
            }
            Self::CacheDelete { key } => host_calls::cache_delete(&key),
            Self::TasksList { id } => host_calls::tasks_list(&id),
            Self::TaskGet { id } => host_calls::task_get(&id),
            Self::ProjectGet { id } => host_calls::project_get(&id),
            Self::MembersList { id } => host_calls::members_list(&id),
            Self::SettingsGet {} => host_calls::settings_get(),
            Self::PermissionCheck { permission } => host_calls::permission_check(&permission),
            Self::ActivityRecord { activity } => host_calls::activity_record(&plain(activity)),
            Self::SendEmail { request } => host_calls::send_email(&request.to_string()),
            Self::PasswordSetTokenIssue { request } => {
                host_calls::password_set_token_issue(&request.to_string())
            }
            Self::ConfigGet { key } => host_calls::config_get(&key),
            Self::Fetch { request, fill } => filled(request, fill, host_calls::fetch),
            Self::FetchSize { request, fill } => filled(request, fill, host_calls::fetch_size),
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

/// Carries out an operation on bytes that the script wrote as base64.
fn with_bytes(text: &str, run: impl FnOnce(&[u8]) -> Outcome) -> Outcome {
    match decode_base64(text) {
        Ok(bytes) => run(&bytes),
        Err(error) => Outcome::error(format!("probe: base64: {error}")),
    }
}

/// Sends a request as JSON text, lengthened if it is to be.
fn filled(mut request: Value, fill: Option<Fill>, send: fn(&str) -> Outcome) -> Outcome {
    if let Some(Fill { at, size }) = fill {
        let Some(Value::String(text)) = request.pointer_mut(&at) else {
            return Outcome::error(format!("probe: there is no text at {at}"));
        };
        text.extend(std::iter::repeat_n('x', size));
    }
    send(&request.to_string())
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
