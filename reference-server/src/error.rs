//! Errors on their way to a client.
//!
//! # Which error to use where
//!
//! * **The caller did something we refuse** (bad body, no permission, unknown id): build an
//!   [`ApiError`] with the code of the contract's table and a sentence for the caller. It is an
//!   answer, not an incident, and is logged at `debug`.
//! * **Something of ours failed** (a query, a file, a bug): let the typed error of the layer below
//!   turn into an [`ApiError`] with `?`. The client sees the code and a fixed sentence; the
//!   error itself, with all its causes, goes to the log, once, from the request's span, so that
//!   the request id in the body finds it.
//! * **Too much is asked of a plugin**: the code of that, and [`ApiError::retry_after`].
//! * **A plugin failed**: a `502` or `504` of its own code. What the guest said about it is for
//!   the log alone; a client of a plugin is not its author.
//! * **Start and stop** use `anyhow` with context: the reader is an operator at a terminal.
//!
//! An external message and an internal cause are therefore two fields, and only one of them is
//! ever serialised. Nothing outside this module writes an error body.

use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use contract::api::{Envelope, ErrorCode};
use http::{StatusCode, header};
use serde_json::Value;
use storage::StorageError;

use crate::middleware::request_id;

/// What is said of a failure that is ours.
const INTERNAL_MESSAGE: &str = "internal server error";

/// An answer that is not a success.
#[derive(Debug)]
pub struct ApiError {
    code: ErrorCode,
    message: Cow<'static, str>,
    details: Option<Value>,
    /// Seconds after which the caller may come again.
    retry_after: Option<u64>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
}

/// Result of a handler.
pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// A refusal: a code of the contract's table and a sentence for the caller.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), details: None, retry_after: None, cause: None }
    }

    /// A request that cannot be understood.
    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    /// A failure of ours. The client learns nothing about `cause`.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorCode::InternalError, INTERNAL_MESSAGE).because(cause)
    }

    /// Adds the machine-readable part of the answer.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// Says after how many seconds the caller may come again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds the cause, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl StdError for ApiError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

/// Left in the extensions of an error response, for the request's span.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    /// The causes, outermost first, joined by `: `.
    pub(crate) chain: Option<Arc<str>>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let failure = Failure {
            code: self.code,
            chain: self.cause.as_deref().map(|cause| chain(cause).into()),
        };
        let envelope = Envelope::<Value> {
            success: false,
            data: None,
            error_code: Some(self.code),
            error: Some(self.message.into_owned()),
            error_details: self.details,
            request_id: request_id::current(),
        };
        let mut response = (status, Json(envelope)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(failure);
        response
    }
}

/// An error and its causes, outermost first, joined by `: `.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

impl From<StorageError> for ApiError {
    /// Where a constraint means something to the caller, the handler says so before it comes here.
    fn from(error: StorageError) -> Self {
        let (code, message) = if error.is_unavailable() {
            (ErrorCode::ServiceUnavailable, "a store is not available; try again later")
        } else if error.is_conflict() {
            (ErrorCode::Conflict, "the request contradicts what is stored")
        } else if matches!(error, StorageError::UnstorableText) {
            (ErrorCode::BadRequest, "a text holds a character that cannot be stored")
        } else {
            (ErrorCode::InternalError, INTERNAL_MESSAGE)
        };
        Self::new(code, message).because(error)
    }
}

impl From<crate::auth::password::PasswordError> for ApiError {
    fn from(error: crate::auth::password::PasswordError) -> Self {
        Self::internal(error)
    }
}

impl From<jsonwebtoken::errors::Error> for ApiError {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        Self::internal(error)
    }
}
