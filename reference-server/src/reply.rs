//! Answers that are successes, in the envelope.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use contract::api::Envelope;
use http::StatusCode;
use serde::Serialize;

use crate::middleware::request_id;

/// `{"success":true,"data":…,"request_id":…}`.
#[derive(Debug)]
pub struct Reply<T> {
    status: StatusCode,
    data: T,
}

impl<T> Reply<T> {
    /// 200.
    pub fn ok(data: T) -> Self {
        Self { status: StatusCode::OK, data }
    }

    /// 201.
    pub fn created(data: T) -> Self {
        Self { status: StatusCode::CREATED, data }
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let envelope = Envelope {
            success: true,
            data: Some(self.data),
            error_code: None,
            error: None,
            error_details: None,
            request_id: request_id::current(),
        };
        (self.status, Json(envelope)).into_response()
    }
}
