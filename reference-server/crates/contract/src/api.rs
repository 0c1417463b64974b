//! What an HTTP client of the host sees: one envelope, one table of error codes (decision X1).

mod error_code;

pub use error_code::ErrorCode;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The envelope of every answer of the host itself. A plugin's answers are not enveloped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// Whether the request did what it asked for.
    pub success: bool,
    /// The answer's data.
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
    /// Stable code of a refusal or failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<ErrorCode>,
    /// Human text; never holds guest or database detail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Structured detail that some codes carry, such as the problems of a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_details: Option<Value>,
    /// The request's id, which also stands in the host's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl<T> Envelope<T> {
    /// An answer with data.
    pub fn ok(data: T, request_id: Option<String>) -> Self {
        Self {
            success: true,
            data: Some(data),
            error_code: None,
            error: None,
            error_details: None,
            request_id,
        }
    }
}

impl Envelope<Value> {
    /// A refusal or failure.
    pub fn error(
        code: ErrorCode,
        message: impl Into<String>,
        details: Option<Value>,
        request_id: Option<String>,
    ) -> Self {
        Self {
            success: false,
            data: None,
            error_code: Some(code),
            error: Some(message.into()),
            error_details: details,
            request_id,
        }
    }
}
