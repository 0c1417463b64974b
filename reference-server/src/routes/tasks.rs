//! `/projects/{projectId}/tasks`. Every change tells an event, in the transaction that makes it.

use std::sync::Arc;

use axum::extract::State;
use contract::api::ErrorCode;
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use storage::tasks::{NewTask, Task, TaskChange};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{projects, validate};
use crate::{
    app::App,
    auth::authenticate::Caller,
    error::{ApiError, ApiResult},
    extract::{JsonBody, Page, PageQuery, Paged, UrlPath},
    openapi::Success,
    reply::Reply,
};

/// `GET …/tasks`.
#[utoipa::path(
    get,
    path = "/projects/{projectId}/tasks",
    operation_id = "listTasks",
    tag = "projects",
    params(PageQuery),
    responses((status = 200, description = "Done.", body = Success<Paged<Task>>)),
)]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(project): UrlPath<Uuid>,
    page: Page,
) -> ApiResult<Reply<Paged<Task>>> {
    caller.require_in_project(&app, project, "tasks.read").await?;
    projects::find(&app, project).await?;
    let tasks = app.database.tasks().list(project, page.into()).await?;
    Ok(Reply::ok(Paged::new(tasks, page)))
}

/// Body of a new task.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TaskCreate)]
pub struct Create {
    title: String,
    status_id: Option<Uuid>,
    #[serde(default)]
    assignee_ids: Vec<Uuid>,
}

/// `POST …/tasks`. Tells `task.created`.
#[utoipa::path(
    post,
    path = "/projects/{projectId}/tasks",
    operation_id = "createTask",
    tag = "projects",
    request_body = Create,
    responses((status = 201, description = "Done.", body = Success<Task>)),
)]
pub async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(project): UrlPath<Uuid>,
    JsonBody(new): JsonBody<Create>,
) -> ApiResult<Reply<Task>> {
    caller.require_in_project(&app, project, "tasks.write").await?;
    let task = NewTask {
        title: validate::name("title", &new.title)?,
        status_id: new.status_id,
        assignee_ids: &new.assignee_ids,
    };
    let created = app.database.tasks().create(project, task, caller.0.user_id).await?;
    created.map(Reply::created).ok_or_else(projects::not_found)
}

/// `GET …/tasks/{taskId}`.
#[utoipa::path(
    get,
    path = "/projects/{projectId}/tasks/{taskId}",
    operation_id = "showTask",
    tag = "projects",
    responses((status = 200, description = "Done.", body = Success<Task>)),
)]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath((project, task)): UrlPath<(Uuid, Uuid)>,
) -> ApiResult<Reply<Task>> {
    caller.require_in_project(&app, project, "tasks.read").await?;
    app.database.tasks().get(project, task).await?.map(Reply::ok).ok_or_else(not_found)
}

/// Body of a change of a task.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = TaskChange)]
pub struct Change {
    title: Option<String>,
    /// `null` takes the status away; absent leaves it.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    status_id: Patched<Uuid>,
    assignee_ids: Option<Vec<Uuid>>,
}

/// A field of a change: absent, `null`, or a value.
#[derive(Debug, Default)]
enum Patched<T> {
    #[default]
    Absent,
    Null,
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patched<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

/// `PATCH …/tasks/{taskId}`. Tells `task.updated`.
#[utoipa::path(
    patch,
    path = "/projects/{projectId}/tasks/{taskId}",
    operation_id = "changeTask",
    tag = "projects",
    request_body = Change,
    responses((status = 200, description = "Done.", body = Success<Task>)),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath((project, task)): UrlPath<(Uuid, Uuid)>,
    JsonBody(change): JsonBody<Change>,
) -> ApiResult<Reply<Task>> {
    caller.require_in_project(&app, project, "tasks.write").await?;
    let title = change.title.as_deref().map(|title| validate::name("title", title));
    let change = TaskChange {
        title: title.transpose()?,
        status_id: match change.status_id {
            Patched::Absent => None,
            Patched::Null => Some(None),
            Patched::Value(status) => Some(Some(status)),
        },
        assignee_ids: change.assignee_ids.as_deref(),
    };
    let changed = app.database.tasks().update(project, task, change, caller.0.user_id).await?;
    changed.map(Reply::ok).ok_or_else(not_found)
}

/// `DELETE …/tasks/{taskId}`. Tells `task.deleted`.
#[utoipa::path(
    delete,
    path = "/projects/{projectId}/tasks/{taskId}",
    operation_id = "deleteTask",
    tag = "projects",
    responses((status = 204, description = "Done.")),
)]
pub async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath((project, task)): UrlPath<(Uuid, Uuid)>,
) -> ApiResult<StatusCode> {
    caller.require_in_project(&app, project, "tasks.write").await?;
    let deleted = app.database.tasks().delete(project, task, caller.0.user_id).await?;
    deleted.map(|_| StatusCode::NO_CONTENT).ok_or_else(not_found)
}

fn not_found() -> ApiError {
    ApiError::new(ErrorCode::TaskNotFound, "there is no such task in this project")
}
