//! The host functions one to one: text in, whatever the host wrote out, nothing interpreted.
//!
//! Plugins use [`db`](crate::db), [`kv`](crate::kv) and the other modules. This layer is for code that has
//! to tell "the host wrote nothing" from "the host wrote an empty value", as a test plugin does.

#![expect(unsafe_code, reason = "host functions are foreign functions")]

use crate::{memory, sys};

/// What the host left in a pair of out-pointers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// Neither the address nor the length was stored.
    Nothing,
    /// Data that lies in a buffer this guest allocated; empty when the host stored (0, 0).
    Bytes(Vec<u8>),
    /// Only one of the two was stored, or they name memory that `paca_malloc` never gave out.
    Invalid {
        /// The address as found.
        address: u32,
        /// The length as found.
        len: u32,
    },
}

impl Written {
    /// Whether the host stored nothing at all.
    pub fn is_untouched(&self) -> bool {
        *self == Self::Nothing
    }
}

/// A value no host stores: an address or a length past the end of any memory.
const UNWRITTEN: u32 = u32::MAX;

/// Two cells whose addresses are given to the host.
#[repr(C)]
struct Slot {
    address: u32,
    len: u32,
}

impl Slot {
    fn new() -> Self {
        Self { address: UNWRITTEN, len: UNWRITTEN }
    }

    fn address_cell(&mut self) -> i64 {
        offset(&raw mut self.address)
    }

    fn len_cell(&mut self) -> i64 {
        offset(&raw mut self.len)
    }

    fn take(&mut self) -> Written {
        // Volatile, because the host wrote here behind the compiler's back.
        // SAFETY: both cells are live and initialised.
        let (address, len) = unsafe {
            ((&raw const self.address).read_volatile(), (&raw const self.len).read_volatile())
        };
        read(address, len)
    }
}

fn read(address: u32, len: u32) -> Written {
    match (address, len) {
        (UNWRITTEN, UNWRITTEN) => Written::Nothing,
        _ => memory::claim(address as usize, len as usize)
            .map_or(Written::Invalid { address, len }, Written::Bytes),
    }
}

/// An address as the host wants it.
fn offset<T>(pointer: *const T) -> i64 {
    (pointer as usize as u64).cast_signed()
}

fn place(bytes: &[u8]) -> (i64, i64) {
    (offset(bytes.as_ptr()), (bytes.len() as u64).cast_signed())
}

/// `db_query`: the result is untouched on any error.
pub fn db_query(sql: impl AsRef<[u8]>, params: impl AsRef<[u8]>) -> Written {
    let ((sql, sql_len), (params, params_len)) = (place(sql.as_ref()), place(params.as_ref()));
    let mut result = Slot::new();
    // SAFETY: every pair names a live buffer, and the cells outlive the call.
    unsafe {
        sys::db_query(sql, sql_len, params, params_len, result.address_cell(), result.len_cell());
    }
    result.take()
}

/// `db_query2`: the result and the error text, one of them empty.
pub fn db_query2(sql: impl AsRef<[u8]>, params: impl AsRef<[u8]>) -> (Written, Written) {
    let ((sql, sql_len), (params, params_len)) = (place(sql.as_ref()), place(params.as_ref()));
    let (mut result, mut error) = (Slot::new(), Slot::new());
    // SAFETY: every pair names a live buffer, and the cells outlive the call.
    unsafe {
        sys::db_query2(
            sql,
            sql_len,
            params,
            params_len,
            result.address_cell(),
            result.len_cell(),
            error.address_cell(),
            error.len_cell(),
        );
    }
    (result.take(), error.take())
}

/// `db_exec`: the number of affected rows (`None` when the host did not store one) and the error text.
pub fn db_exec(sql: impl AsRef<[u8]>, params: impl AsRef<[u8]>) -> (Option<u64>, Written) {
    let ((sql, sql_len), (params, params_len)) = (place(sql.as_ref()), place(params.as_ref()));
    let (mut rows, mut error) = (u64::MAX, Slot::new());
    // SAFETY: every pair names a live buffer, and the cells outlive the call.
    let rows = unsafe {
        sys::db_exec(
            sql,
            sql_len,
            params,
            params_len,
            offset(&raw mut rows),
            error.address_cell(),
            error.len_cell(),
        );
        (&raw const rows).read_volatile()
    };
    ((rows != u64::MAX).then_some(rows), error.take())
}

/// `db_tx_begin`: 1 when a transaction is open now.
pub fn db_tx_begin() -> i32 {
    // SAFETY: no memory is involved.
    unsafe { sys::db_tx_begin() }
}

/// `db_tx_commit`: 1 when the transaction is permanent.
pub fn db_tx_commit() -> i32 {
    // SAFETY: no memory is involved.
    unsafe { sys::db_tx_commit() }
}

/// `db_tx_rollback`: 1 when the transaction is undone.
pub fn db_tx_rollback() -> i32 {
    // SAFETY: no memory is involved.
    unsafe { sys::db_tx_rollback() }
}

/// `storage_get`: empty when the key is missing.
pub fn storage_get(key: impl AsRef<[u8]>) -> Written {
    let (key, key_len) = place(key.as_ref());
    let mut value = Slot::new();
    // SAFETY: as above.
    unsafe { sys::storage_get(key, key_len, value.address_cell(), value.len_cell()) };
    value.take()
}

/// `storage_set`: 1 when stored.
pub fn storage_set(key: impl AsRef<[u8]>, value: &[u8]) -> i32 {
    let ((key, key_len), (value, value_len)) = (place(key.as_ref()), place(value));
    // SAFETY: as above.
    unsafe { sys::storage_set(key, key_len, value, value_len) }
}

/// `storage_delete`: 1, also when there was no such key.
pub fn storage_delete(key: impl AsRef<[u8]>) -> i32 {
    let (key, key_len) = place(key.as_ref());
    // SAFETY: as above.
    unsafe { sys::storage_delete(key, key_len) }
}

/// `cache_get`: empty when the key is missing.
pub fn cache_get(key: impl AsRef<[u8]>) -> Written {
    let (key, key_len) = place(key.as_ref());
    let mut value = Slot::new();
    // SAFETY: as above.
    unsafe { sys::cache_get(key, key_len, value.address_cell(), value.len_cell()) };
    value.take()
}

/// `cache_set`: 1 when stored. 0 seconds are without end.
pub fn cache_set(key: impl AsRef<[u8]>, value: &[u8], ttl_seconds: i32) -> i32 {
    let ((key, key_len), (value, value_len)) = (place(key.as_ref()), place(value));
    // SAFETY: as above.
    unsafe { sys::cache_set(key, key_len, value, value_len, ttl_seconds) }
}

/// `cache_delete`: 1, also when there was no such key.
pub fn cache_delete(key: impl AsRef<[u8]>) -> i32 {
    let (key, key_len) = place(key.as_ref());
    // SAFETY: as above.
    unsafe { sys::cache_delete(key, key_len) }
}

/// `permission_check`: 1 when the request's caller holds the permission.
pub fn permission_check(permission: &str) -> i32 {
    let (permission, permission_len) = place(permission.as_bytes());
    // SAFETY: as above.
    unsafe { sys::permission_check(permission, permission_len) }
}

/// `activity_record`: 1 when published. The activity is JSON.
pub fn activity_record(activity: &str) -> i32 {
    let (activity, activity_len) = place(activity.as_bytes());
    // SAFETY: as above.
    unsafe { sys::activity_record(activity, activity_len) }
}

/// `settings_get`: the installation's branding as JSON.
pub fn settings_get() -> Written {
    let mut settings = Slot::new();
    // SAFETY: the cells outlive the call.
    unsafe { sys::settings_get(settings.address_cell(), settings.len_cell()) };
    settings.take()
}

/// `send_email`: the request and the response are JSON. Reserved.
pub fn send_email(request: &[u8]) -> Written {
    let (request, request_len) = place(request);
    let mut response = Slot::new();
    // SAFETY: as above.
    unsafe { sys::send_email(request, request_len, response.address_cell(), response.len_cell()) };
    response.take()
}

/// `password_set_token_issue`: the request and the response are JSON. Reserved.
pub fn password_set_token_issue(request: &[u8]) -> Written {
    let (request, request_len) = place(request);
    let mut response = Slot::new();
    let (address, len) = (response.address_cell(), response.len_cell());
    // SAFETY: as above.
    unsafe { sys::password_set_token_issue(request, request_len, address, len) };
    response.take()
}

/// `config_get`: empty when the key is not granted or has no value.
pub fn config_get(key: &str) -> Written {
    let (key, key_len) = place(key.as_bytes());
    let mut value = Slot::new();
    // SAFETY: as above.
    unsafe { sys::config_get(key, key_len, value.address_cell(), value.len_cell()) };
    value.take()
}

/// `fetch`: the request and the response are JSON.
pub fn fetch(request: &[u8]) -> Written {
    let (request, request_len) = place(request);
    let mut response = Slot::new();
    // SAFETY: as above.
    unsafe { sys::fetch(request, request_len, response.address_cell(), response.len_cell()) };
    response.take()
}

/// `event_emit`: 1 when published.
pub fn event_emit(topic: &str, payload: &str) -> i32 {
    let ((topic, topic_len), (payload, payload_len)) =
        (place(topic.as_bytes()), place(payload.as_bytes()));
    // SAFETY: as above.
    unsafe { sys::event_emit(topic, topic_len, payload, payload_len) }
}

/// `event_subscribe`: does nothing and returns 1; subscriptions are declared in the manifest.
pub fn event_subscribe(topic: &str) -> i32 {
    let (topic, topic_len) = place(topic.as_bytes());
    // SAFETY: as above.
    unsafe { sys::event_subscribe(topic, topic_len) }
}

/// `log`: 0 debug, 1 info, 2 warning, anything else error.
pub fn log(level: i32, message: &str) {
    let (message, message_len) = place(message.as_bytes());
    // SAFETY: as above.
    unsafe { sys::log(level, message, message_len) }
}

/// `http_respond`: the response a host uses when `HandleRequest` returns nothing.
pub fn http_respond(status: i32, body: &[u8]) {
    let (body, body_len) = place(body);
    // SAFETY: as above.
    unsafe { sys::http_respond(status, body, body_len) }
}

#[cfg(feature = "multi-value")]
mod multi_value {
    use super::{Written, place, read, sys};

    fn call(function: impl FnOnce(usize)) -> Written {
        let mut out = [-1_i64, -1];
        function((&raw mut out) as usize);
        // SAFETY: `out` is live and initialised; the shim stored its two results there.
        let [address, len] = unsafe { (&raw const out).read_volatile() };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "memory is 32 bits wide; -1 becomes the mark for unwritten"
        )]
        read(address as u32, len as u32)
    }

    /// `http_request_body`: the body of the request being handled.
    pub fn http_request_body() -> Written {
        call(|out| unsafe { sys::http_request_body(out) })
    }

    /// `http_request_headers`: a JSON object, name to first value.
    pub fn http_request_headers() -> Written {
        call(|out| unsafe { sys::http_request_headers(out) })
    }

    /// `http_caller_identity`: a JSON object with `caller_id`, `user_id`, `caller_role`, `project_id`.
    pub fn http_caller_identity() -> Written {
        call(|out| unsafe { sys::http_caller_identity(out) })
    }

    /// `tasks_list`: the tasks of a project as JSON, or an object with `error`.
    pub fn tasks_list(project: &str) -> Written {
        let (project, len) = place(project.as_bytes());
        call(|out| unsafe { sys::tasks_list(project, len, out) })
    }

    /// `task_get`: a task as JSON, or an object with `error`.
    pub fn task_get(task: &str) -> Written {
        let (task, len) = place(task.as_bytes());
        call(|out| unsafe { sys::task_get(task, len, out) })
    }

    /// `project_get`: a project as JSON, or an object with `error`.
    pub fn project_get(project: &str) -> Written {
        let (project, len) = place(project.as_bytes());
        call(|out| unsafe { sys::project_get(project, len, out) })
    }

    /// `members_list`: the members of a project as JSON, or an object with `error`.
    pub fn members_list(project: &str) -> Written {
        let (project, len) = place(project.as_bytes());
        call(|out| unsafe { sys::members_list(project, len, out) })
    }
}

#[cfg(feature = "multi-value")]
pub use multi_value::{
    http_caller_identity, http_request_body, http_request_headers, members_list, project_get,
    task_get, tasks_list,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_host_nothing_is_written() {
        assert!(db_query("SELECT 1", "").is_untouched());
        assert_eq!(db_exec("DELETE FROM t", ""), (None, Written::Nothing));
        assert_eq!(storage_set("key", b"value"), 0);
    }

    #[test]
    fn a_pair_of_zeros_is_an_empty_value() {
        assert_eq!(read(0, 0), Written::Bytes(Vec::new()));
    }

    #[test]
    fn memory_that_was_never_lent_is_reported_and_not_read() {
        assert_eq!(read(4096, 5), Written::Invalid { address: 4096, len: 5 });
        assert_eq!(read(4096, UNWRITTEN), Written::Invalid { address: 4096, len: UNWRITTEN });
    }
}
