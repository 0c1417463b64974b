//! The host functions one to one: text in, whatever the host wrote out, nothing interpreted.
//!
//! Plugins use [`db`](crate::db), [`kv`](crate::kv) and the other modules. This layer is for code that has
//! to tell "the host wrote nothing" from "the host wrote an empty value", as a test plugin does.
//!
//! It is the seam of the library as well. In a module for wasm32 the functions are the host's imports;
//! anywhere else they ask the [`Host`] that [`with_host`] lends to this thread, such as
//! [`testing::TestHost`](crate::testing::TestHost), and without one they answer as a host that does nothing.

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "host functions are foreign functions")]
mod imports;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(any(target_arch = "wasm32", test))]
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "for its tests"))]
#[expect(unsafe_code, reason = "the host writes where it is told to")]
mod slot;
#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "host functions are foreign functions")]
mod sys;

#[cfg(target_arch = "wasm32")]
use imports::ask;
#[cfg(not(target_arch = "wasm32"))]
use native::ask;
#[cfg(not(target_arch = "wasm32"))]
pub use native::with_host;

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

/// Each function once: a method of [`Host`], with the answer of a host that does nothing, and a function.
macro_rules! host_functions {
    ($($(#[$attribute:meta])*
        fn $name:ident($($argument:ident: $type:ty),*) $(-> $result:ty = $absent:expr)?;)*) => {
        /// What answers the host functions. A method that is not written does nothing.
        pub trait Host {
            $($(#[$attribute])*
            fn $name(&self, $($argument: $type),*) $(-> $result)? {
                let _ = ($($argument,)*);
                $($absent)?
            })*
        }

        $($(#[$attribute])*
        pub fn $name($($argument: $type),*) $(-> $result)? {
            ask(|host| host.$name($($argument),*))
        })*
    };
}

host_functions! {
    /// `log`: 0 debug, 1 info, 2 warning, anything else error.
    fn log(level: i32, message: &str);

    /// `db_query`: the result is untouched on any error.
    fn db_query(sql: &[u8], params: &[u8]) -> Written = Written::Nothing;
    /// `db_query2`: the result and the error text, one of them empty.
    fn db_query2(sql: &[u8], params: &[u8]) -> (Written, Written) =
        (Written::Nothing, Written::Nothing);
    /// `db_exec`: the number of affected rows (`None` when the host did not store one) and the error text.
    fn db_exec(sql: &[u8], params: &[u8]) -> (Option<u64>, Written) = (None, Written::Nothing);
    /// `db_tx_begin`: 1 when a transaction is open now.
    fn db_tx_begin() -> i32 = 0;
    /// `db_tx_commit`: 1 when the transaction is permanent.
    fn db_tx_commit() -> i32 = 0;
    /// `db_tx_rollback`: 1 when the transaction is undone.
    fn db_tx_rollback() -> i32 = 0;

    /// `storage_get`: empty when the key is missing.
    fn storage_get(key: &[u8]) -> Written = Written::Nothing;
    /// `storage_set`: 1 when stored.
    fn storage_set(key: &[u8], value: &[u8]) -> i32 = 0;
    /// `storage_delete`: 1, also when there was no such key.
    fn storage_delete(key: &[u8]) -> i32 = 0;
    /// `cache_get`: empty when the key is missing.
    fn cache_get(key: &[u8]) -> Written = Written::Nothing;
    /// `cache_set`: 1 when stored. 0 seconds are without end.
    fn cache_set(key: &[u8], value: &[u8], ttl_seconds: i32) -> i32 = 0;
    /// `cache_delete`: 1, also when there was no such key.
    fn cache_delete(key: &[u8]) -> i32 = 0;

    /// `permission_check`: 1 when the request's caller holds the permission.
    fn permission_check(permission: &str) -> i32 = 0;
    /// `activity_record`: 1 when recorded. The activity is JSON.
    fn activity_record(activity: &str) -> i32 = 0;
    /// `settings_get`: the installation's branding as JSON.
    fn settings_get() -> Written = Written::Nothing;
    /// `send_email`: the request and the response are JSON. Reserved.
    fn send_email(request: &[u8]) -> Written = Written::Nothing;
    /// `password_set_token_issue`: the request and the response are JSON. Reserved.
    fn password_set_token_issue(request: &[u8]) -> Written = Written::Nothing;
    /// `config_get`: empty when the key is not granted or has no value.
    fn config_get(key: &str) -> Written = Written::Nothing;
    /// `fetch`: the request and the response are JSON.
    fn fetch(request: &[u8]) -> Written = Written::Nothing;
    /// `event_emit`: 1 when published.
    fn event_emit(topic: &str, payload: &str) -> i32 = 0;
    /// `event_subscribe`: does nothing and returns 1; subscriptions are declared in the manifest.
    fn event_subscribe(topic: &str) -> i32 = 0;
    /// `http_respond`: the response a host uses when `HandleRequest` returns nothing.
    fn http_respond(status: i32, body: &[u8]);

    /// `http_request_body`: the body of the request being handled.
    #[cfg(feature = "multi-value")]
    fn http_request_body() -> Written = Written::Nothing;
    /// `http_request_headers`: a JSON object, name to first value.
    #[cfg(feature = "multi-value")]
    fn http_request_headers() -> Written = Written::Nothing;
    /// `http_caller_identity`: a JSON object with `caller_id`, `user_id`, `caller_role`, `project_id`.
    #[cfg(feature = "multi-value")]
    fn http_caller_identity() -> Written = Written::Nothing;
    /// `tasks_list`: the tasks of a project as JSON, or an object with `error`.
    #[cfg(feature = "multi-value")]
    fn tasks_list(project: &str) -> Written = Written::Nothing;
    /// `task_get`: a task as JSON, or an object with `error`.
    #[cfg(feature = "multi-value")]
    fn task_get(task: &str) -> Written = Written::Nothing;
    /// `project_get`: a project as JSON, or an object with `error`.
    #[cfg(feature = "multi-value")]
    fn project_get(project: &str) -> Written = Written::Nothing;
    /// `members_list`: the members of a project as JSON, or an object with `error`.
    #[cfg(feature = "multi-value")]
    fn members_list(project: &str) -> Written = Written::Nothing;
}
