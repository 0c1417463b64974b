//! Answers for what no route answers.

use contract::api::ErrorCode;

use crate::error::ApiError;

/// 404, in the envelope.
pub async fn not_found() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is nothing at this path")
}

/// 405, in the envelope; axum adds the `Allow` header.
pub async fn method_not_allowed() -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, "this path does not answer this method")
}
