//! What the tests stand on.

pub(crate) mod bundle;
pub(crate) mod catalog_server;
pub(crate) mod state;
pub(crate) mod world;

use contract::api::ErrorCode;
use lifecycle::LifecycleError;

/// The code and details of an operation that must have failed.
#[track_caller]
pub(crate) fn refusal<T: std::fmt::Debug>(
    result: Result<T, LifecycleError>,
) -> (ErrorCode, serde_json::Value) {
    let error = result.unwrap_err();
    (error.code(), error.details().unwrap_or_default())
}
