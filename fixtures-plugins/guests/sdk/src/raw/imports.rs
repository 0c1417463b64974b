//! In a module: the host that runs it.

use super::slot::{Slot, offset, place};
use super::{Host, Written, sys};

/// The host that runs this module. Every method is one import.
///
/// What makes each call sound: every address handed over is that of a live buffer or of cells that outlive the
/// call, with its length beside it, and the host writes into those cells and into memory it was lent only.
pub(super) struct Imports;

pub(super) fn ask<T>(question: impl FnOnce(&Imports) -> T) -> T {
    question(&Imports)
}

impl Host for Imports {
    fn log(&self, level: i32, message: &str) {
        let (message, message_len) = place(message.as_bytes());
        unsafe { sys::log(level, message, message_len) }
    }

    fn db_query(&self, sql: &[u8], params: &[u8]) -> Written {
        let ((sql, sql_len), (params, params_len)) = (place(sql), place(params));
        written(|cell, len_cell| unsafe {
            sys::db_query(sql, sql_len, params, params_len, cell, len_cell);
        })
    }

    fn db_query2(&self, sql: &[u8], params: &[u8]) -> (Written, Written) {
        let ((sql, sql_len), (params, params_len)) = (place(sql), place(params));
        let mut result = Slot::new();
        let (rows, rows_len) = (result.address_cell(), result.len_cell());
        let error = written(|cell, len_cell| unsafe {
            sys::db_query2(sql, sql_len, params, params_len, rows, rows_len, cell, len_cell);
        });
        (result.take(), error)
    }

    fn db_exec(&self, sql: &[u8], params: &[u8]) -> (Option<u64>, Written) {
        let ((sql, sql_len), (params, params_len)) = (place(sql), place(params));
        let mut affected = u64::MAX;
        let affected_cell = offset(&raw mut affected);
        let error = written(|cell, len_cell| unsafe {
            sys::db_exec(sql, sql_len, params, params_len, affected_cell, cell, len_cell);
        });
        // Volatile, because the host wrote here behind the compiler's back.
        let affected = unsafe { (&raw const affected).read_volatile() };
        ((affected != u64::MAX).then_some(affected), error)
    }

    fn db_tx_begin(&self) -> i32 {
        unsafe { sys::db_tx_begin() }
    }

    fn db_tx_commit(&self) -> i32 {
        unsafe { sys::db_tx_commit() }
    }

    fn db_tx_rollback(&self) -> i32 {
        unsafe { sys::db_tx_rollback() }
    }

    fn storage_get(&self, key: &[u8]) -> Written {
        let (key, key_len) = place(key);
        written(|cell, len_cell| unsafe { sys::storage_get(key, key_len, cell, len_cell) })
    }

    fn storage_set(&self, key: &[u8], value: &[u8]) -> i32 {
        let ((key, key_len), (value, value_len)) = (place(key), place(value));
        unsafe { sys::storage_set(key, key_len, value, value_len) }
    }

    fn storage_delete(&self, key: &[u8]) -> i32 {
        let (key, key_len) = place(key);
        unsafe { sys::storage_delete(key, key_len) }
    }

    fn cache_get(&self, key: &[u8]) -> Written {
        let (key, key_len) = place(key);
        written(|cell, len_cell| unsafe { sys::cache_get(key, key_len, cell, len_cell) })
    }

    fn cache_set(&self, key: &[u8], value: &[u8], ttl_seconds: i32) -> i32 {
        let ((key, key_len), (value, value_len)) = (place(key), place(value));
        unsafe { sys::cache_set(key, key_len, value, value_len, ttl_seconds) }
    }

    fn cache_delete(&self, key: &[u8]) -> i32 {
        let (key, key_len) = place(key);
        unsafe { sys::cache_delete(key, key_len) }
    }

    fn permission_check(&self, permission: &str) -> i32 {
        let (permission, permission_len) = place(permission.as_bytes());
        unsafe { sys::permission_check(permission, permission_len) }
    }

    fn activity_record(&self, activity: &str) -> i32 {
        let (activity, activity_len) = place(activity.as_bytes());
        unsafe { sys::activity_record(activity, activity_len) }
    }

    fn settings_get(&self) -> Written {
        written(|cell, len_cell| unsafe { sys::settings_get(cell, len_cell) })
    }

    fn send_email(&self, request: &[u8]) -> Written {
        let (request, request_len) = place(request);
        written(|cell, len_cell| unsafe { sys::send_email(request, request_len, cell, len_cell) })
    }

    fn password_set_token_issue(&self, request: &[u8]) -> Written {
        let (request, request_len) = place(request);
        written(|cell, len_cell| unsafe {
            sys::password_set_token_issue(request, request_len, cell, len_cell);
        })
    }

    fn config_get(&self, key: &str) -> Written {
        let (key, key_len) = place(key.as_bytes());
        written(|cell, len_cell| unsafe { sys::config_get(key, key_len, cell, len_cell) })
    }

    fn fetch(&self, request: &[u8]) -> Written {
        let (request, request_len) = place(request);
        written(|cell, len_cell| unsafe { sys::fetch(request, request_len, cell, len_cell) })
    }

    fn event_emit(&self, topic: &str, payload: &str) -> i32 {
        let ((topic, topic_len), (payload, payload_len)) =
            (place(topic.as_bytes()), place(payload.as_bytes()));
        unsafe { sys::event_emit(topic, topic_len, payload, payload_len) }
    }

    fn event_subscribe(&self, topic: &str) -> i32 {
        let (topic, topic_len) = place(topic.as_bytes());
        unsafe { sys::event_subscribe(topic, topic_len) }
    }

    fn http_respond(&self, status: i32, body: &[u8]) {
        let (body, body_len) = place(body);
        unsafe { sys::http_respond(status, body, body_len) }
    }

    #[cfg(feature = "multi-value")]
    fn http_request_body(&self) -> Written {
        two_results(|out| unsafe { sys::http_request_body(out) })
    }

    #[cfg(feature = "multi-value")]
    fn http_request_headers(&self) -> Written {
        two_results(|out| unsafe { sys::http_request_headers(out) })
    }

    #[cfg(feature = "multi-value")]
    fn http_caller_identity(&self) -> Written {
        two_results(|out| unsafe { sys::http_caller_identity(out) })
    }

    #[cfg(feature = "multi-value")]
    fn tasks_list(&self, project: &str) -> Written {
        let (project, len) = place(project.as_bytes());
        two_results(|out| unsafe { sys::tasks_list(project, len, out) })
    }

    #[cfg(feature = "multi-value")]
    fn task_get(&self, task: &str) -> Written {
        let (task, len) = place(task.as_bytes());
        two_results(|out| unsafe { sys::task_get(task, len, out) })
    }

    #[cfg(feature = "multi-value")]
    fn project_get(&self, project: &str) -> Written {
        let (project, len) = place(project.as_bytes());
        two_results(|out| unsafe { sys::project_get(project, len, out) })
    }

    #[cfg(feature = "multi-value")]
    fn members_list(&self, project: &str) -> Written {
        let (project, len) = place(project.as_bytes());
        two_results(|out| unsafe { sys::members_list(project, len, out) })
    }
}

/// Calls a function that takes the addresses of two cells, and reads them.
fn written(function: impl FnOnce(i64, i64)) -> Written {
    let mut slot = Slot::new();
    function(slot.address_cell(), slot.len_cell());
    slot.take()
}

/// Calls a function with two results, which the shim stores where it is told to.
#[cfg(feature = "multi-value")]
fn two_results(function: impl FnOnce(usize)) -> Written {
    let mut out = [-1_i64, -1];
    function((&raw mut out) as usize);
    // SAFETY: `out` is live and initialised.
    let [address, len] = unsafe { (&raw const out).read_volatile() };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "memory is 32 bits wide; -1 becomes the mark for unwritten"
    )]
    super::slot::read(address as u32, len as u32)
}
