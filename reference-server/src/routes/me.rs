//! `/users/me`: the caller's own account.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use contract::api::ErrorCode;
use serde::Deserialize;
use storage::users::User;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{auth, validate};
use crate::{
    app::App,
    auth::authenticate::{Caller, Session},
    config::Secret,
    error::{ApiError, ApiResult},
    extract::JsonBody,
    openapi::Success,
    reply::Reply,
};

/// `GET /users/me`.
#[utoipa::path(
    get,
    path = "/users/me",
    operation_id = "showMe",
    tag = "identity",
    responses((status = 200, description = "Done.", body = Success<User>)),
)]
pub async fn show(State(app): State<Arc<App>>, Caller(me): Caller) -> ApiResult<Reply<User>> {
    user(&app, me.user_id).await.map(Reply::ok)
}

/// Body of a change of one's account.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = MeChange)]
pub struct Change {
    full_name: String,
}

/// `PATCH /users/me`.
#[utoipa::path(
    patch,
    path = "/users/me",
    operation_id = "changeMe",
    tag = "identity",
    request_body = Change,
    responses((status = 200, description = "Done.", body = Success<User>)),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    Caller(me): Caller,
    JsonBody(change): JsonBody<Change>,
) -> ApiResult<Reply<User>> {
    let full_name = validate::name("full_name", &change.full_name)?;
    app.database.users().set_full_name(me.user_id, full_name).await?;
    user(&app, me.user_id).await.map(Reply::ok)
}

/// Body of a change of one's password.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PasswordChange {
    current_password: Secret,
    new_password: Secret,
}

/// `PATCH /users/me/password`. The one thing a session with a stale password may do. Answers with
/// fresh tokens; every other session of the user ends.
#[utoipa::path(
    patch,
    path = "/users/me/password",
    operation_id = "changePassword",
    tag = "identity",
    request_body = PasswordChange,
    responses((status = 200, description = "Done.", body = Success<super::auth::SignedIn>)),
)]
pub async fn change_password(
    State(app): State<Arc<App>>,
    session: Session,
    JsonBody(change): JsonBody<PasswordChange>,
) -> ApiResult<Response> {
    validate::password("new_password", &change.new_password)?;
    if change.new_password == change.current_password {
        return Err(ApiError::bad_request("new_password must differ from current_password"));
    }
    let me = user(&app, session.identity.user_id).await?;
    let stored = app.database.users().credentials(&me.username).await?.ok_or_else(gone)?;
    let right =
        app.passwords.verify(change.current_password, Some(stored.password_hash.clone())).await?;
    if !right {
        return Err(ApiError::new(ErrorCode::AuthInvalidCredentials, "current_password is wrong"));
    }
    let hash = app.passwords.hash(change.new_password).await?;
    app.database.users().set_password(me.id, &hash, false).await?;
    let stored = app.database.users().credentials(&me.username).await?.ok_or_else(gone)?;
    app.sessions.end_all(me.id).await?;
    auth::begin(&app, stored.user, true).await
}

async fn user(app: &App, id: Uuid) -> ApiResult<User> {
    app.database.users().get(id).await?.ok_or_else(gone)
}

/// The account of a token that is still valid was deleted.
fn gone() -> ApiError {
    ApiError::new(ErrorCode::UserNotFound, "the account does not exist any more")
}
