//! `/projects/{projectId}/roles`.

use std::{collections::BTreeSet, sync::Arc};

use axum::extract::State;
use contract::api::ErrorCode;
use http::StatusCode;
use serde::Deserialize;
use storage::roles::{PermissionMap, ProjectRole};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{projects, validate};
use crate::{
    app::App,
    auth::{authenticate::Caller, identity::forbidden},
    error::{ApiError, ApiResult},
    extract::{Items, JsonBody, UrlPath},
    openapi::Success,
    reply::Reply,
};

/// `GET …/roles`.
#[utoipa::path(
    get,
    path = "/projects/{projectId}/roles",
    operation_id = "listRoles",
    tag = "projects",
    responses((status = 200, description = "Done.", body = Success<Items<ProjectRole>>)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(project): UrlPath<Uuid>,
) -> ApiResult<Reply<Items<ProjectRole>>> {
    caller.require_in_project(&app, project, "project.roles.read").await?;
    projects::find(&app, project).await?;
    Ok(Reply::ok(Items { items: app.database.roles().of_project(project).await? }))
}

/// Body of a new role.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = RoleCreate)]
pub struct Create {
    role_name: String,
    #[serde(default)]
    permissions: PermissionMap,
}

/// `POST …/roles`.
#[utoipa::path(
    post,
    path = "/projects/{projectId}/roles",
    operation_id = "createRole",
    tag = "projects",
    request_body = Create,
    responses((status = 201, description = "Done.", body = Success<ProjectRole>)),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(project): UrlPath<Uuid>,
    JsonBody(new): JsonBody<Create>,
) -> ApiResult<Reply<ProjectRole>> {
    caller.require_in_project(&app, project, "project.roles.write").await?;
    projects::find(&app, project).await?;
    let role_name = validate::name("role_name", &new.role_name)?;
    may_grant(&app, &caller, project, &new.permissions).await?;
    let created = app.database.roles().create(project, role_name, &new.permissions).await;
    created.map(Reply::created).map_err(name_taken)
}

/// Body of a change of a role.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = RoleChange)]
pub struct Change {
    role_name: Option<String>,
    permissions: Option<PermissionMap>,
}

/// `PATCH …/roles/{roleId}`.
#[utoipa::path(
    patch,
    path = "/projects/{projectId}/roles/{roleId}",
    operation_id = "changeRole",
    tag = "projects",
    request_body = Change,
    responses((status = 200, description = "Done.", body = Success<ProjectRole>)),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath((project, role)): UrlPath<(Uuid, Uuid)>,
    JsonBody(change): JsonBody<Change>,
) -> ApiResult<Reply<ProjectRole>> {
    caller.require_in_project(&app, project, "project.roles.write").await?;
    let name = change.role_name.as_deref().map(|name| validate::name("role_name", name));
    let name = name.transpose()?;
    if let Some(permissions) = &change.permissions {
        may_grant(&app, &caller, project, permissions).await?;
    }
    let changed =
        app.database.roles().update(project, role, name, change.permissions.as_ref()).await;
    changed.map_err(name_taken)?.map(Reply::ok).ok_or_else(not_found)
}

/// `DELETE …/roles/{roleId}`.
#[utoipa::path(
    delete,
    path = "/projects/{projectId}/roles/{roleId}",
    operation_id = "deleteRole",
    tag = "projects",
    responses((status = 204, description = "Done.")),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath((project, role)): UrlPath<(Uuid, Uuid)>,
) -> ApiResult<StatusCode> {
    caller.require_in_project(&app, project, "project.roles.write").await?;
    let deleted = app.database.roles().delete(project, role).await.map_err(|error| {
        if error.is_conflict() {
            ApiError::new(ErrorCode::Conflict, "members still hold this role").because(error)
        } else {
            error.into()
        }
    })?;
    if deleted { Ok(StatusCode::NO_CONTENT) } else { Err(not_found()) }
}

/// Nobody grants more than they have, in the project or globally; otherwise the right to edit roles
/// would be the right to everything.
pub(super) async fn may_grant(
    app: &App,
    caller: &Caller,
    project: Uuid,
    permissions: &PermissionMap,
) -> ApiResult<()> {
    let user = caller.0.user_id;
    let mut own: BTreeSet<String> = app.database.roles().global_permissions(user).await?;
    if let Some(membership) = app.database.members().membership(project, user).await? {
        own.extend(membership.permissions);
    }
    if permissions.granted().iter().all(|key| app.access.covers(&own, key)) {
        Ok(())
    } else {
        Err(forbidden())
    }
}

fn name_taken(error: storage::StorageError) -> ApiError {
    if error.is_conflict() {
        let message = "the project has a role of this name already";
        ApiError::new(ErrorCode::Conflict, message).because(error)
    } else {
        error.into()
    }
}

fn not_found() -> ApiError {
    ApiError::new(ErrorCode::RoleNotFound, "the project has no such role")
}
