//! A panic in a handler is a bug of ours; the client gets the envelope, the log the message.

use std::any::Any;

use axum::response::{IntoResponse as _, Response};

use crate::error::ApiError;

/// A panic, as an error with its message.
#[derive(Debug, thiserror::Error)]
#[error("panicked: {0}")]
struct Panicked(String);

/// The answer to a request whose handler panicked.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature is that of tower-http's panic handlers"
)]
pub(crate) fn respond(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "no message".to_owned());
    ApiError::internal(Panicked(message)).into_response()
}
