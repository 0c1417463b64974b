//! `/users/me/api-keys`. Managed by sessions only: a key that could make keys could never be taken
//! back.

use std::sync::Arc;

use axum::extract::State;
use contract::api::ErrorCode;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use storage::api_keys::ApiKey;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::validate;
use crate::{
    app::App,
    auth::{api_key, authenticate::Caller},
    error::{ApiError, ApiResult},
    extract::{Items, JsonBody, UrlPath},
    openapi::Success,
    reply::Reply,
};

/// Body of a new key.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewKey {
    name: String,
    /// RFC 3339; absent: never. A time that is over makes a key that is refused as expired, which
    /// is of use to whoever tests a client.
    #[serde(default, with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
}

/// A key, the only time it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeyCreated)]
pub struct Created {
    key: String,
    #[serde(flatten)]
    stored: ApiKey,
}

/// `POST /users/me/api-keys`.
#[utoipa::path(
    post,
    path = "/users/me/api-keys",
    operation_id = "createApiKey",
    tag = "identity",
    request_body = NewKey,
    responses((status = 201, description = "Done.", body = Success<Created>)),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    Caller(me): Caller,
    JsonBody(new): JsonBody<NewKey>,
) -> ApiResult<Reply<Created>> {
    me.require_session()?;
    let name = validate::name("name", &new.name)?;
    let api_key::NewApiKey { key, hash } = api_key::generate();
    let stored = app.database.api_keys().create(me.user_id, name, &hash, new.expires_at).await?;
    Ok(Reply::created(Created { key, stored }))
}

/// `GET /users/me/api-keys`.
#[utoipa::path(
    get,
    path = "/users/me/api-keys",
    operation_id = "listApiKeys",
    tag = "identity",
    responses((status = 200, description = "Done.", body = Success<Items<ApiKey>>)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    Caller(me): Caller,
) -> ApiResult<Reply<Items<ApiKey>>> {
    me.require_session()?;
    Ok(Reply::ok(Items { items: app.database.api_keys().list(me.user_id).await? }))
}

/// `DELETE /users/me/api-keys/{id}`.
#[utoipa::path(
    delete,
    path = "/users/me/api-keys/{keyId}",
    operation_id = "revokeApiKey",
    tag = "identity",
    responses((status = 204, description = "Done.")),
)]
pub async fn revoke(
    State(app): State<Arc<App>>,
    Caller(me): Caller,
    UrlPath(id): UrlPath<Uuid>,
) -> ApiResult<StatusCode> {
    me.require_session()?;
    if app.database.api_keys().revoke(me.user_id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::new(ErrorCode::NotFound, "there is no such key, or it is revoked already"))
    }
}
