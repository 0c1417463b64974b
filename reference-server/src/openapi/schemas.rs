//! The envelope, as a schema.

use std::borrow::Cow;

use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Schema, Type},
    },
};

/// A success: the result is under `data`.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "a description; what is sent is contract::api::Envelope")]
#[expect(clippy::struct_field_names, reason = "the envelope's field, and the envelope's meaning")]
pub struct Success<T> {
    #[schema(default = true)]
    success: bool,
    data: T,
    /// Also the header `x-request-id`, and in the host's log.
    request_id: String,
}

/// A refusal or failure.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "a description; what is sent is contract::api::Envelope")]
pub struct Failure {
    #[schema(default = false)]
    success: bool,
    #[schema(inline = false)]
    error_code: ErrorCode,
    /// For people.
    error: String,
    /// For programs; present with some codes.
    #[schema(required = false)]
    error_details: Option<Value>,
    /// Also the header `x-request-id`, and in the host's log.
    request_id: String,
}

/// Every error code, out of the contract's table.
#[derive(Debug)]
pub(super) struct ErrorCode;

impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let codes = contract::api::ErrorCode::ALL.iter().map(|code| code.as_str());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A stable code; each has one status."))
            .enum_values(Some(codes))
            .into()
    }
}

impl ToSchema for ErrorCode {
    fn name() -> Cow<'static, str> {
        "ErrorCode".into()
    }
}
