//! `/admin/users`. Needs the global permission `users.write`, and `users.read` to look.

use std::sync::Arc;

use axum::extract::State;
use contract::api::ErrorCode;
use http::StatusCode;
use serde::Deserialize;
use storage::users::{NewUser, User};
use utoipa::ToSchema;
use uuid::Uuid;

use super::validate;
use crate::{
    app::App,
    auth::{authenticate::Caller, identity::forbidden},
    config::Secret,
    error::{ApiError, ApiResult},
    extract::{JsonBody, Page, PageQuery, Paged, UrlPath},
    openapi::Success,
    reply::Reply,
};

/// Role of a user when the body names none.
const DEFAULT_ROLE: &str = "USER";

/// Body of a new user.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = UserCreate)]
pub struct Create {
    username: String,
    password: Secret,
    #[serde(default)]
    full_name: String,
    /// Name of a global role.
    role: Option<String>,
}

/// `POST /admin/users`. The password is the administrator's choice, so the user must change it.
/// Tells `user.created`.
#[utoipa::path(
    post,
    path = "/admin/users",
    operation_id = "createUser",
    tag = "users",
    request_body = Create,
    responses((status = 201, description = "Done.", body = Success<User>)),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(new): JsonBody<Create>,
) -> ApiResult<Reply<User>> {
    caller.require(&app, "users.write").await?;
    let username = validate::name("username", &new.username)?;
    validate::password("password", &new.password)?;
    let full_name = validate::text("full_name", &new.full_name)?.trim();
    let role = new.role.as_deref().unwrap_or(DEFAULT_ROLE);
    may_assign(&app, &caller, role).await?;
    let password_hash = app.passwords.hash(new.password).await?;
    let user = NewUser {
        username,
        password_hash: &password_hash,
        full_name,
        role,
        must_change_password: true,
    };
    let created = app.database.users().create(user, caller.0.user_id).await.map_err(|error| {
        if error.is_conflict() {
            ApiError::new(ErrorCode::UsernameTaken, "the username is taken").because(error)
        } else {
            error.into()
        }
    })?;
    created.map(Reply::created).ok_or_else(no_such_role)
}

/// Besides the default role, a caller may hand out their own, and with `*` any: otherwise
/// `users.write` would be a way to every permission.
async fn may_assign(app: &App, caller: &Caller, role: &str) -> ApiResult<()> {
    if role == DEFAULT_ROLE {
        return Ok(());
    }
    if !app.database.roles().global_role_exists(role).await? {
        return Err(no_such_role());
    }
    caller.require(app, "global_roles.assign").await?;
    let own = app.database.roles().global_permissions(caller.0.user_id).await?;
    let own_role = app.database.users().get(caller.0.user_id).await?.map(|user| user.role);
    if own.contains("*") || own_role.as_deref() == Some(role) {
        return Ok(());
    }
    Err(forbidden())
}

fn no_such_role() -> ApiError {
    ApiError::new(ErrorCode::RoleNotFound, "there is no global role of this name")
}

/// `GET /admin/users`.
#[utoipa::path(
    get,
    path = "/admin/users",
    operation_id = "listUsers",
    tag = "users",
    params(PageQuery),
    responses((status = 200, description = "Done.", body = Success<Paged<User>>)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    page: Page,
) -> ApiResult<Reply<Paged<User>>> {
    caller.require(&app, "users.read").await?;
    let users = app.database.users().list(page.into()).await?;
    Ok(Reply::ok(Paged::new(users, page)))
}

/// Body of a password set for somebody else.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SetPassword {
    new_password: Secret,
}

/// `PATCH /admin/users/{id}/password`. The user must change it, and is signed out everywhere. Tells
/// `user.password_reset`.
#[utoipa::path(
    patch,
    path = "/admin/users/{userId}/password",
    operation_id = "setPassword",
    tag = "users",
    request_body = SetPassword,
    responses((status = 200, description = "Done.", body = Success<User>)),
)]
pub async fn set_password(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(body): JsonBody<SetPassword>,
) -> ApiResult<Reply<User>> {
    caller.require(&app, "users.write").await?;
    validate::password("new_password", &body.new_password)?;
    let user = app.database.users().get(id).await?.ok_or_else(not_found)?;
    // A way to act as them.
    outranks(&app, &caller, id).await?;
    let hash = app.passwords.hash(body.new_password).await?;
    if !app.database.users().reset_password(id, &hash, caller.0.user_id).await? {
        return Err(not_found());
    }
    // Whoever was signed in may be the reason for the new password.
    app.sessions.end_all(id).await?;
    Ok(Reply::ok(User { must_change_password: true, ..user }))
}

/// `DELETE /admin/users/{id}`. Their name stays taken, and what they made stays theirs.
/// Tells `user.deleted`.
#[utoipa::path(
    delete,
    path = "/admin/users/{userId}",
    operation_id = "deleteUser",
    tag = "users",
    responses((status = 204, description = "Done.")),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(id): UrlPath<Uuid>,
) -> ApiResult<StatusCode> {
    caller.require(&app, "users.delete").await?;
    if id == caller.0.user_id {
        // Otherwise the last administrator could lock everybody out.
        return Err(ApiError::new(ErrorCode::Conflict, "you cannot delete yourself"));
    }
    outranks(&app, &caller, id).await?;
    if app.database.users().delete(id, caller.0.user_id).await? {
        app.sessions.forget();
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_found())
    }
}

/// Power over somebody's account takes every permission they have.
async fn outranks(app: &App, caller: &Caller, id: Uuid) -> ApiResult<()> {
    let own = app.database.roles().global_permissions(caller.0.user_id).await?;
    let theirs = app.database.roles().global_permissions(id).await?;
    if theirs.iter().all(|key| app.access.covers(&own, key)) { Ok(()) } else { Err(forbidden()) }
}

fn not_found() -> ApiError {
    ApiError::new(ErrorCode::UserNotFound, "there is no such user")
}
