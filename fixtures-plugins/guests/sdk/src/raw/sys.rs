//! The imports of module `paca`, exactly as the host defines them.
//!
//! Pointers and lengths go in as i64 byte offsets; where a host function hands data back it stores a u32
//! address and a u32 length at the offsets it was given.

#[link(wasm_import_module = "paca")]
unsafe extern "C" {
    pub(super) fn log(level: i32, text: i64, text_len: i64);
    pub(super) fn db_query(
        sql: i64,
        sql_len: i64,
        params: i64,
        params_len: i64,
        result: i64,
        result_len: i64,
    );
    pub(super) fn db_query2(
        sql: i64,
        sql_len: i64,
        params: i64,
        params_len: i64,
        result: i64,
        result_len: i64,
        error: i64,
        error_len: i64,
    );
    pub(super) fn db_exec(
        sql: i64,
        sql_len: i64,
        params: i64,
        params_len: i64,
        rows_affected: i64,
        error: i64,
        error_len: i64,
    );
    pub(super) fn db_tx_begin() -> i32;
    pub(super) fn db_tx_commit() -> i32;
    pub(super) fn db_tx_rollback() -> i32;
    pub(super) fn storage_get(key: i64, key_len: i64, value: i64, value_len: i64);
    pub(super) fn storage_set(key: i64, key_len: i64, value: i64, value_len: i64) -> i32;
    pub(super) fn storage_delete(key: i64, key_len: i64) -> i32;
    pub(super) fn cache_get(key: i64, key_len: i64, value: i64, value_len: i64);
    pub(super) fn cache_set(
        key: i64,
        key_len: i64,
        value: i64,
        value_len: i64,
        ttl_seconds: i32,
    ) -> i32;
    pub(super) fn cache_delete(key: i64, key_len: i64) -> i32;
    pub(super) fn permission_check(permission: i64, permission_len: i64) -> i32;
    pub(super) fn activity_record(activity: i64, activity_len: i64) -> i32;
    pub(super) fn settings_get(settings: i64, settings_len: i64);
    pub(super) fn send_email(request: i64, request_len: i64, response: i64, response_len: i64);
    pub(super) fn password_set_token_issue(
        request: i64,
        request_len: i64,
        response: i64,
        response_len: i64,
    );
    pub(super) fn config_get(key: i64, key_len: i64, value: i64, value_len: i64);
    pub(super) fn fetch(request: i64, request_len: i64, response: i64, response_len: i64);
    pub(super) fn event_emit(topic: i64, topic_len: i64, payload: i64, payload_len: i64) -> i32;
    pub(super) fn event_subscribe(topic: i64, topic_len: i64) -> i32;
    pub(super) fn http_respond(status: i32, body: i64, body_len: i64);
}

// In the host's module these give `(i64, i64)`. Here they take the address of two i64 instead, last;
// `cargo xtask fixtures` puts the real import behind a shim of this shape.
#[cfg(feature = "multi-value")]
#[link(wasm_import_module = "paca_multi_value")]
unsafe extern "C" {
    pub(super) fn http_request_body(out: usize);
    pub(super) fn http_request_headers(out: usize);
    pub(super) fn http_caller_identity(out: usize);
    pub(super) fn tasks_list(project: i64, project_len: i64, out: usize);
    pub(super) fn task_get(task: i64, task_len: i64, out: usize);
    pub(super) fn project_get(project: i64, project_len: i64, out: usize);
    pub(super) fn members_list(project: i64, project_len: i64, out: usize);
}
