//! `/projects`.

use std::sync::Arc;

use axum::extract::State;
use contract::api::ErrorCode;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use storage::projects::{NewProject, Project, ProjectChange};
use utoipa::ToSchema;
use uuid::Uuid;

use super::validate;
use crate::{
    app::App,
    auth::authenticate::Caller,
    error::{ApiError, ApiResult},
    extract::{JsonBody, Page, PageQuery, Paged, UrlPath},
    openapi::Success,
    reply::Reply,
};

/// `GET /projects`: all of them for whoever may read projects globally, else the caller's own.
#[utoipa::path(
    get,
    path = "/projects",
    operation_id = "listProjects",
    tag = "projects",
    params(PageQuery),
    responses((status = 200, description = "Done.", body = Success<Paged<Project>>)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    page: Page,
) -> ApiResult<Reply<Paged<Project>>> {
    let user = caller.0.user_id;
    let all = app.access.has_all(user, None, &["projects.read"]).await?;
    let projects = app.database.projects().list((!all).then_some(user), page.into()).await?;
    Ok(Reply::ok(Paged::new(projects, page)))
}

/// Body of a new project.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ProjectCreate)]
pub struct Create {
    name: String,
    #[serde(default)]
    description: String,
    settings: Option<Value>,
}

/// `POST /projects`. The creator becomes its owner.
#[utoipa::path(
    post,
    path = "/projects",
    operation_id = "createProject",
    tag = "projects",
    request_body = Create,
    responses((status = 201, description = "Done.", body = Success<Project>)),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(new): JsonBody<Create>,
) -> ApiResult<Reply<Project>> {
    caller.require(&app, "projects.create").await?;
    let settings = new.settings.unwrap_or_else(|| json!({}));
    let project = NewProject {
        name: validate::name("name", &new.name)?,
        description: validate::text("description", &new.description)?,
        settings: validate::object("settings", &settings)?,
        created_by: caller.0.user_id,
    };
    Ok(Reply::created(app.database.projects().create(project).await?))
}

/// `GET /projects/{projectId}`.
#[utoipa::path(
    get,
    path = "/projects/{projectId}",
    operation_id = "showProject",
    tag = "projects",
    responses((status = 200, description = "Done.", body = Success<Project>)),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(id): UrlPath<Uuid>,
) -> ApiResult<Reply<Project>> {
    caller.require_in_project(&app, id, "projects.read").await?;
    find(&app, id).await.map(Reply::ok)
}

/// Body of a change of a project.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ProjectChange)]
pub struct Change {
    name: Option<String>,
    description: Option<String>,
    settings: Option<Value>,
}

/// `PATCH /projects/{projectId}`.
#[utoipa::path(
    patch,
    path = "/projects/{projectId}",
    operation_id = "changeProject",
    tag = "projects",
    request_body = Change,
    responses((status = 200, description = "Done.", body = Success<Project>)),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(change): JsonBody<Change>,
) -> ApiResult<Reply<Project>> {
    caller.require_in_project(&app, id, "projects.write").await?;
    let name = change.name.as_deref().map(|name| validate::name("name", name));
    let description = change.description.as_deref().map(|text| validate::text("description", text));
    let settings = change.settings.as_ref().map(|value| validate::object("settings", value));
    let change = ProjectChange {
        name: name.transpose()?,
        description: description.transpose()?,
        settings: settings.transpose()?,
    };
    app.database.projects().update(id, change).await?.map(Reply::ok).ok_or_else(not_found)
}

/// `DELETE /projects/{projectId}`.
#[utoipa::path(
    delete,
    path = "/projects/{projectId}",
    operation_id = "deleteProject",
    tag = "projects",
    responses((status = 204, description = "Done.")),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(id): UrlPath<Uuid>,
) -> ApiResult<StatusCode> {
    caller.require_in_project(&app, id, "projects.delete").await?;
    if app.database.projects().delete(id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(not_found())
    }
}

/// The project, or 404.
pub(super) async fn find(app: &App, id: Uuid) -> ApiResult<Project> {
    app.database.projects().get(id).await?.ok_or_else(not_found)
}

pub(super) fn not_found() -> ApiError {
    ApiError::new(ErrorCode::ProjectNotFound, "there is no such project")
}
