//! The host functions, on memory.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::calls::Calls;
use super::manifest::Manifest;
use super::script::{Fetches, SqlAnswer, Statements};
use crate::raw::{Host, Written};

type Storage = BTreeMap<Vec<u8>, Vec<u8>>;
/// Values, and for how many seconds.
type Cache = BTreeMap<Vec<u8>, (Vec<u8>, i32)>;

/// What the host has, what the test said, and what the plugin did.
#[derive(Default)]
pub(super) struct MemoryHost {
    pub(super) manifest: Manifest,
    pub(super) storage: RefCell<Storage>,
    pub(super) cache: RefCell<Cache>,
    pub(super) config: RefCell<BTreeMap<String, String>>,
    pub(super) permissions: RefCell<BTreeSet<String>>,
    pub(super) sql: Statements,
    pub(super) fetches: Fetches,
    pub(super) failing: RefCell<BTreeSet<String>>,
    pub(super) calls: Calls,
    pub(super) emitted: RefCell<Vec<(String, Value)>>,
    pub(super) activities: RefCell<Vec<Value>>,
    pub(super) fetched: RefCell<Vec<Value>>,
    pub(super) logged: RefCell<Vec<String>>,
    /// Storage as it was when the open transaction began.
    transaction: RefCell<Option<Storage>>,
    /// Whether the request has a user, and a project.
    caller: Cell<(bool, bool)>,
}

impl MemoryHost {
    pub(super) fn new(manifest: Manifest) -> Self {
        Self { manifest, ..Self::default() }
    }

    pub(super) fn identify(&self, user: bool, project: bool) {
        self.caller.set((user, project));
    }

    /// What ends a call ends its transaction.
    pub(super) fn call_ended(&self) {
        if let Some(before) = self.transaction.take() {
            self.storage.replace(before);
        }
        self.caller.set((false, false));
    }

    /// Notes the call; whether the function is to work.
    fn called(&self, function: &str, arguments: &[&[u8]]) -> bool {
        self.calls.note(function, arguments);
        !self.failing.borrow().contains(function)
    }
}

fn empty() -> Written {
    Written::Bytes(Vec::new())
}

fn text(text: &str) -> Written {
    Written::Bytes(text.as_bytes().to_vec())
}

const AWAY: &str = "unavailable: the test made this function fail";

impl Host for MemoryHost {
    fn log(&self, level: i32, message: &str) {
        let level = match level {
            0 => "debug",
            1 => "info",
            2 => "warn",
            _ => "error",
        };
        self.logged.borrow_mut().push(format!("{level}: {message}"));
    }

    fn db_query(&self, sql: &[u8], params: &[u8]) -> Written {
        if !self.called("db_query", &[sql, params]) {
            return Written::Nothing;
        }
        match self.sql.answer("db_query", sql, params) {
            SqlAnswer::Rows(rows) => text(&rows),
            SqlAnswer::Failure(_) => Written::Nothing,
            other @ SqlAnswer::Affected(_) => panic!("db_query gives rows, and the test {other:?}"),
        }
    }

    fn db_query2(&self, sql: &[u8], params: &[u8]) -> (Written, Written) {
        if !self.called("db_query2", &[sql, params]) {
            return (empty(), text(AWAY));
        }
        match self.sql.answer("db_query2", sql, params) {
            SqlAnswer::Rows(rows) => (text(&rows), empty()),
            SqlAnswer::Failure(error) => (empty(), text(&error)),
            other @ SqlAnswer::Affected(_) => {
                panic!("db_query2 gives rows, and the test {other:?}")
            }
        }
    }

    fn db_exec(&self, sql: &[u8], params: &[u8]) -> (Option<u64>, Written) {
        if !self.called("db_exec", &[sql, params]) {
            return (Some(0), text(AWAY));
        }
        match self.sql.answer("db_exec", sql, params) {
            SqlAnswer::Affected(rows) => (Some(rows), empty()),
            SqlAnswer::Failure(error) => (Some(0), text(&error)),
            other @ SqlAnswer::Rows(_) => panic!("db_exec gives a number, and the test {other:?}"),
        }
    }

    fn db_tx_begin(&self) -> i32 {
        if !self.called("db_tx_begin", &[]) || self.transaction.borrow().is_some() {
            return 0;
        }
        self.transaction.replace(Some(self.storage.borrow().clone()));
        1
    }

    fn db_tx_commit(&self) -> i32 {
        let works = self.called("db_tx_commit", &[]);
        let Some(before) = self.transaction.take() else { return 0 };
        if !works {
            self.storage.replace(before);
        }
        i32::from(works)
    }

    fn db_tx_rollback(&self) -> i32 {
        let works = self.called("db_tx_rollback", &[]);
        let Some(before) = self.transaction.take() else { return 0 };
        self.storage.replace(before);
        i32::from(works)
    }

    fn storage_get(&self, key: &[u8]) -> Written {
        if !self.called("storage_get", &[key]) {
            return Written::Nothing;
        }
        Written::Bytes(self.storage.borrow().get(key).cloned().unwrap_or_default())
    }

    fn storage_set(&self, key: &[u8], value: &[u8]) -> i32 {
        let works = self.called("storage_set", &[key, value]);
        if works {
            self.storage.borrow_mut().insert(key.to_vec(), value.to_vec());
        }
        i32::from(works)
    }

    fn storage_delete(&self, key: &[u8]) -> i32 {
        let works = self.called("storage_delete", &[key]);
        if works {
            self.storage.borrow_mut().remove(key);
        }
        i32::from(works)
    }

    fn cache_get(&self, key: &[u8]) -> Written {
        if !self.called("cache_get", &[key]) || !self.manifest.grants("cache:use") {
            return empty();
        }
        Written::Bytes(
            self.cache.borrow().get(key).map(|(value, _)| value.clone()).unwrap_or_default(),
        )
    }

    fn cache_set(&self, key: &[u8], value: &[u8], ttl_seconds: i32) -> i32 {
        let works = self.called("cache_set", &[key, value, ttl_seconds.to_string().as_bytes()])
            && self.manifest.grants("cache:use")
            && !key.is_empty()
            && ttl_seconds >= 0;
        if works {
            self.cache.borrow_mut().insert(key.to_vec(), (value.to_vec(), ttl_seconds));
        }
        i32::from(works)
    }

    fn cache_delete(&self, key: &[u8]) -> i32 {
        let works = self.called("cache_delete", &[key])
            && self.manifest.grants("cache:use")
            && !key.is_empty();
        if works {
            self.cache.borrow_mut().remove(key);
        }
        i32::from(works)
    }

    fn permission_check(&self, permission: &str) -> i32 {
        let works = self.called("permission_check", &[permission.as_bytes()]);
        let (user, _) = self.caller.get();
        i32::from(works && user && self.permissions.borrow().contains(permission))
    }

    fn activity_record(&self, activity: &str) -> i32 {
        let works = self.called("activity_record", &[activity.as_bytes()])
            && self.manifest.grants("events:emit")
            && self.caller.get() == (true, true);
        if let (true, Ok(activity)) = (works, serde_json::from_str(activity)) {
            self.activities.borrow_mut().push(activity);
        }
        i32::from(works)
    }

    fn settings_get(&self) -> Written {
        if !self.called("settings_get", &[]) {
            return Written::Nothing;
        }
        let branding = json!({
            "logo_url": "", "brand_name": "Test", "primary_color_light": "", "primary_color_dark": ""
        });
        text(&branding.to_string())
    }

    fn config_get(&self, key: &str) -> Written {
        if !self.called("config_get", &[key.as_bytes()]) || !self.manifest.allows_config(key) {
            return empty();
        }
        text(self.config.borrow().get(key).map_or("", String::as_str))
    }

    fn fetch(&self, request: &[u8]) -> Written {
        let works = self.called("fetch", &[request]);
        let request: Value = serde_json::from_slice(request).unwrap_or_default();
        let url = request.get("url").and_then(Value::as_str).unwrap_or_default();
        let refused = self.manifest.refuses_url(url).or_else(|| (!works).then(|| AWAY.to_owned()));
        if let Some(error) = refused {
            return text(&json!({ "status": 0, "error": error }).to_string());
        }
        self.fetched.borrow_mut().push(request.clone());
        text(&self.fetches.answer(&request).to_string())
    }

    fn event_emit(&self, topic: &str, payload: &str) -> i32 {
        let works = self.called("event_emit", &[topic.as_bytes(), payload.as_bytes()])
            && self.manifest.grants("events:emit")
            && !topic.is_empty();
        if works {
            let payload = serde_json::from_str(payload).unwrap_or_else(|_| json!({}));
            self.emitted.borrow_mut().push((topic.to_owned(), payload));
        }
        i32::from(works)
    }

    fn event_subscribe(&self, topic: &str) -> i32 {
        self.called("event_subscribe", &[topic.as_bytes()]);
        1
    }
}
