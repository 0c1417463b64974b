//! One host function each: called with the script's arguments, reported as it answered.

use hostproof_guest::raw::{self, Written};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::script::{Outcome, encode_base64};

pub(crate) fn db_query(sql: &str, params: &str) -> Outcome {
    written(raw::db_query(sql.as_bytes(), params.as_bytes()), json)
}

pub(crate) fn db_query2(sql: impl AsRef<[u8]>, params: impl AsRef<[u8]>) -> Outcome {
    let (result, error) = raw::db_query2(sql.as_ref(), params.as_ref());
    if result.is_untouched() && error.is_untouched() {
        return Outcome::untouched();
    }
    with_error(written(result, json), error)
}

pub(crate) fn db_exec(sql: &str, params: &str) -> Outcome {
    let (rows, error) = raw::db_exec(sql.as_bytes(), params.as_bytes());
    if rows.is_none() && error.is_untouched() {
        return Outcome::untouched();
    }
    with_error(Outcome::value(rows), error)
}

pub(crate) fn storage_get(key: &[u8]) -> Outcome {
    written(raw::storage_get(key), text)
}

pub(crate) fn storage_set(key: &[u8], value: &[u8]) -> Outcome {
    Outcome::value(raw::storage_set(key, value))
}

pub(crate) fn storage_delete(key: &[u8]) -> Outcome {
    Outcome::value(raw::storage_delete(key))
}

pub(crate) fn cache_get(key: &str) -> Outcome {
    written(raw::cache_get(key.as_bytes()), text)
}

pub(crate) fn cache_set(key: &str, value: &[u8], ttl_seconds: i32) -> Outcome {
    Outcome::value(raw::cache_set(key.as_bytes(), value, ttl_seconds))
}

pub(crate) fn cache_delete(key: &str) -> Outcome {
    Outcome::value(raw::cache_delete(key.as_bytes()))
}

pub(crate) fn tasks_list(id: &str) -> Outcome {
    written(raw::tasks_list(id), json)
}

pub(crate) fn task_get(id: &str) -> Outcome {
    written(raw::task_get(id), json)
}

pub(crate) fn project_get(id: &str) -> Outcome {
    written(raw::project_get(id), json)
}

pub(crate) fn members_list(id: &str) -> Outcome {
    written(raw::members_list(id), json)
}

pub(crate) fn settings_get() -> Outcome {
    written(raw::settings_get(), json)
}

pub(crate) fn permission_check(permission: &str) -> Outcome {
    Outcome::value(raw::permission_check(permission))
}

pub(crate) fn activity_record(activity: &str) -> Outcome {
    Outcome::value(raw::activity_record(activity))
}

pub(crate) fn send_email(request: &str) -> Outcome {
    written(raw::send_email(request.as_bytes()), json)
}

pub(crate) fn password_set_token_issue(request: &str) -> Outcome {
    written(raw::password_set_token_issue(request.as_bytes()), json)
}

pub(crate) fn count_db_query2(count: usize) -> Outcome {
    let list = |item: fn(usize) -> String| (1..=count).map(item).collect::<Vec<_>>().join(",");
    let places = list(|n| format!("${n}"));
    let sql = format!("SELECT cardinality(ARRAY[{places}]::int[])");
    db_query2(sql, format!("[{}]", list(|n| n.to_string())))
}

pub(crate) fn config_get(key: &str) -> Outcome {
    written(raw::config_get(key), text)
}

pub(crate) fn fetch(request: &str) -> Outcome {
    written(raw::fetch(request.as_bytes()), json)
}

pub(crate) fn fetch_size(request: &str) -> Outcome {
    written(raw::fetch(request.as_bytes()), |bytes| match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Object(mut response)) => {
            let body = response.remove("body");
            let len = body.as_ref().and_then(Value::as_str).map(str::len);
            response.insert("body_len".to_owned(), json!(len));
            Outcome::value(response)
        }
        Ok(_) | Err(_) => Outcome::error("probe: the host's answer is no JSON object".to_owned()),
    })
}

pub(crate) fn event_emit(topic: &str, payload: &str) -> Outcome {
    Outcome::value(raw::event_emit(topic, payload))
}

pub(crate) fn event_subscribe(topic: &str) -> Outcome {
    Outcome::value(raw::event_subscribe(topic))
}

pub(crate) fn log(level: &Value, message: &str) -> Outcome {
    let number = match level.as_str() {
        Some("debug") => Some(0),
        Some("info") => Some(1),
        Some("warn") => Some(2),
        Some("error") => Some(3),
        Some(_) => None,
        None => level.as_i64().and_then(|level| i32::try_from(level).ok()),
    };
    let Some(number) = number else {
        return Outcome::error(format!("probe: {level} is no log level"));
    };
    raw::log(number, message);
    Outcome::default()
}

pub(crate) fn http_request_body() -> Outcome {
    written(raw::http_request_body(), text)
}

pub(crate) fn http_request_headers() -> Outcome {
    written(raw::http_request_headers(), json)
}

pub(crate) fn http_caller_identity() -> Outcome {
    written(raw::http_caller_identity(), json)
}

pub(crate) fn http_respond(status: i32, body: &str) -> Outcome {
    raw::http_respond(status, body.as_bytes());
    Outcome::default()
}

/// What the host wrote, read by `read`; an empty value is null.
fn written(written: Written, read: fn(&[u8]) -> Outcome) -> Outcome {
    match written {
        Written::Nothing => Outcome::untouched(),
        Written::Bytes(bytes) if bytes.is_empty() => Outcome::default(),
        Written::Bytes(bytes) => read(&bytes),
        Written::Invalid { address, len } => {
            Outcome::error(format!("probe: the host pointed at {len} bytes at {address}"))
        }
    }
}

/// Adds the error text of a function that has a place for it.
fn with_error(outcome: Outcome, error: Written) -> Outcome {
    let error = match error {
        Written::Nothing => Some("probe: the host left the error text untouched".to_owned()),
        Written::Bytes(text) if text.is_empty() => None,
        Written::Bytes(text) => Some(String::from_utf8_lossy(&text).into_owned()),
        Written::Invalid { address, len } => {
            Some(format!("probe: the host put its error text at {len} bytes at {address}"))
        }
    };
    Outcome { error: error.or(outcome.error), ..outcome }
}

/// JSON, kept to the letter: numbers stay as the host wrote them.
pub(crate) fn json(bytes: &[u8]) -> Outcome {
    match serde_json::from_slice::<Box<RawValue>>(bytes) {
        Ok(raw) => Outcome { result: Some(raw), ..Outcome::default() },
        Err(error) => Outcome::error(format!("probe: the host's answer is not JSON: {error}")),
    }
}

/// Text, or `{"base64": …}` when it is not UTF-8.
fn text(bytes: &[u8]) -> Outcome {
    match str::from_utf8(bytes) {
        Ok(text) => Outcome::value(text),
        Err(_) => Outcome::value(json!({ "base64": encode_base64(bytes) })),
    }
}
