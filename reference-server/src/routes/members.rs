//! `/projects/{projectId}/members`.

use std::sync::Arc;

use axum::extract::State;
use contract::api::ErrorCode;
use http::StatusCode;
use serde::Deserialize;
use storage::{StorageError, members::Member};
use utoipa::ToSchema;
use uuid::Uuid;

use super::projects;
use crate::{
    app::App,
    auth::authenticate::Caller,
    error::{ApiError, ApiResult},
    extract::{Items, JsonBody, UrlPath},
    openapi::Success,
    reply::Reply,
};

/// `GET …/members`.
#[utoipa::path(
    get,
    path = "/projects/{projectId}/members",
    operation_id = "listMembers",
    tag = "projects",
    responses((status = 200, description = "Done.", body = Success<Items<Member>>)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(project): UrlPath<Uuid>,
) -> ApiResult<Reply<Items<Member>>> {
    caller.require_in_project(&app, project, "project.members.read").await?;
    projects::find(&app, project).await?;
    Ok(Reply::ok(Items { items: app.database.members().list(project).await? }))
}

/// Body of a new member.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = MemberAdd)]
pub struct Add {
    user_id: Uuid,
    project_role_id: Uuid,
}

/// `POST …/members`.
#[utoipa::path(
    post,
    path = "/projects/{projectId}/members",
    operation_id = "addMember",
    tag = "projects",
    request_body = Add,
    responses((status = 201, description = "Done.", body = Success<Member>)),
)]
pub async fn add(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(project): UrlPath<Uuid>,
    JsonBody(new): JsonBody<Add>,
) -> ApiResult<Reply<Member>> {
    caller.require_in_project(&app, project, "project.members.write").await?;
    projects::find(&app, project).await?;
    if app.database.users().get(new.user_id).await?.is_none() {
        return Err(no_such_user());
    }
    may_give(&app, &caller, project, new.project_role_id).await?;
    let added = app.database.members().add(project, new.user_id, new.project_role_id).await;
    let member = added.map_err(|error| match error {
        StorageError::Conflict { .. } => {
            ApiError::new(ErrorCode::Conflict, "the user is a member already").because(error)
        }
        StorageError::MissingReference { .. } => no_such_user().because(error),
        other => other.into(),
    })?;
    member.map(Reply::created).ok_or_else(no_such_role)
}

/// Body of a change of a member.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = MemberChange)]
pub struct Change {
    project_role_id: Uuid,
}

/// `PATCH …/members/{userId}`.
#[utoipa::path(
    patch,
    path = "/projects/{projectId}/members/{userId}",
    operation_id = "changeMember",
    tag = "projects",
    request_body = Change,
    responses((status = 200, description = "Done.", body = Success<Member>)),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath((project, user)): UrlPath<(Uuid, Uuid)>,
    JsonBody(change): JsonBody<Change>,
) -> ApiResult<Reply<Member>> {
    caller.require_in_project(&app, project, "project.members.write").await?;
    if app.database.members().get(project, user).await?.is_none() {
        return Err(not_found());
    }
    may_give(&app, &caller, project, change.project_role_id).await?;
    let changed = app.database.members().set_role(project, user, change.project_role_id).await?;
    changed.map(Reply::ok).ok_or_else(no_such_role)
}

/// `DELETE …/members/{userId}`.
#[utoipa::path(
    delete,
    path = "/projects/{projectId}/members/{userId}",
    operation_id = "removeMember",
    tag = "projects",
    responses((status = 204, description = "Done.")),
)]
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath((project, user)): UrlPath<(Uuid, Uuid)>,
) -> ApiResult<StatusCode> {
    caller.require_in_project(&app, project, "project.members.write").await?;
    let removed = app.database.members().remove(project, user).await.map_err(|error| {
        if error.is_conflict() {
            let message = "the member is still referred to";
            ApiError::new(ErrorCode::Conflict, message).because(error)
        } else {
            error.into()
        }
    })?;
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(not_found()) }
}

/// Nobody hands out more than they have: the caller must hold every permission of the role, in the
/// project or globally.
async fn may_give(app: &App, caller: &Caller, project: Uuid, role: Uuid) -> ApiResult<()> {
    let roles = app.database.roles().of_project(project).await?;
    let role = roles.into_iter().find(|other| other.id == role).ok_or_else(no_such_role)?;
    super::roles::may_grant(app, caller, project, &role.permissions).await
}

fn not_found() -> ApiError {
    ApiError::new(ErrorCode::ProjectMemberNotFound, "the user is not a member of this project")
}

fn no_such_user() -> ApiError {
    ApiError::new(ErrorCode::UserNotFound, "there is no such user")
}

fn no_such_role() -> ApiError {
    ApiError::new(ErrorCode::RoleNotFound, "the project has no such role")
}
