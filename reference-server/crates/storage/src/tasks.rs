//! Tasks. Numbers count up per project without gaps being reused; deletion only marks. Every change
//! tells an event, in its own transaction.

use serde::Serialize;
use serde_json::json;
use sqlx::postgres::PgArguments;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::core_pool::CorePool;
use crate::error::StorageError;
use crate::outbox::{self, Outbox};
use crate::page::{Page, Paged};

/// A task of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Task {
    /// Id of the task.
    pub id: Uuid,
    /// The project it belongs to.
    pub project_id: Uuid,
    /// What is to be done.
    pub title: String,
    /// Its status, if it has one.
    pub status_id: Option<Uuid>,
    /// Who is to do it.
    pub assignee_ids: Vec<Uuid>,
    /// Its number within the project, from 1.
    pub task_number: i32,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// A task to be created.
#[derive(Clone, Debug, Default)]
pub struct NewTask<'a> {
    /// What is to be done.
    pub title: &'a str,
    /// Its status.
    pub status_id: Option<Uuid>,
    /// Who is to do it.
    pub assignee_ids: &'a [Uuid],
}

/// Fields to replace; `None` keeps what is there.
#[derive(Clone, Debug, Default)]
pub struct TaskChange<'a> {
    /// The new title.
    pub title: Option<&'a str>,
    /// The new status; `Some(None)` takes it away.
    pub status_id: Option<Option<Uuid>>,
    /// The new assignees.
    pub assignee_ids: Option<&'a [Uuid]>,
}

/// Access to `tasks`.
#[derive(Clone, Copy, Debug)]
pub struct Tasks<'a> {
    pub(crate) pool: &'a CorePool,
    pub(crate) outbox: Outbox<'a>,
}

impl Tasks<'_> {
    /// Creates a task with the project's next number; `None` when there is no such project. Tells
    /// `task.created`, done by `actor`.
    ///
    /// Taking the number locks the project's row until the task is there, so concurrent callers
    /// wait for each other instead of meeting on a number.
    pub async fn create(
        &self,
        project: Uuid,
        task: NewTask<'_>,
        actor: Uuid,
    ) -> Result<Option<Task>, StorageError> {
        let create = sqlx::query_as(
            "WITH next AS (
                 UPDATE projects SET task_counter = task_counter + 1
                 WHERE id = $1 AND deleted_at IS NULL RETURNING id, task_counter)
             INSERT INTO tasks (project_id, title, status_id, assignee_ids, task_number)
             SELECT id, $2, $3, $4, task_counter FROM next RETURNING *",
        )
        .bind(project)
        .bind(task.title)
        .bind(task.status_id)
        .bind(task.assignee_ids);
        self.pool
            .bounded(self.change(create, "task.created", actor))
            .await
            .map_err(StorageError::database("creating a task"))
    }

    /// One task of a project; deleted ones, and those of a deleted project, are not found.
    pub async fn get(&self, project: Uuid, id: Uuid) -> Result<Option<Task>, StorageError> {
        sqlx::query_as(
            "SELECT t.* FROM tasks t
             JOIN projects p ON p.id = t.project_id AND p.deleted_at IS NULL
             WHERE t.project_id = $1 AND t.id = $2 AND t.deleted_at IS NULL",
        )
        .bind(project)
        .bind(id)
        .fetch_optional(self.pool)
        .await
        .map_err(StorageError::database("reading a task"))
    }

    /// A project's tasks, highest number first.
    pub async fn list(&self, project: Uuid, page: Page) -> Result<Paged<Task>, StorageError> {
        let work = async {
            let items = sqlx::query_as(
                "SELECT * FROM tasks WHERE project_id = $1 AND deleted_at IS NULL
                 ORDER BY task_number DESC LIMIT $2 OFFSET $3",
            )
            .bind(project)
            .bind(i64::from(page.limit))
            .bind(i64::from(page.offset))
            .fetch_all(self.pool)
            .await?;
            let total = sqlx::query_scalar(
                "SELECT count(*) FROM tasks WHERE project_id = $1 AND deleted_at IS NULL",
            )
            .bind(project)
            .fetch_one(self.pool)
            .await?;
            Ok(Paged { items, total })
        };
        work.await.map_err(StorageError::database("listing tasks"))
    }

    /// Changes a task; `None` when there is no such task. Tells `task.updated`, done by `actor`.
    pub async fn update(
        &self,
        project: Uuid,
        id: Uuid,
        change: TaskChange<'_>,
        actor: Uuid,
    ) -> Result<Option<Task>, StorageError> {
        let update = sqlx::query_as(
            "UPDATE tasks SET title = coalesce($3, title),
                              status_id = CASE WHEN $4 THEN $5 ELSE status_id END,
                              assignee_ids = coalesce($6, assignee_ids),
                              updated_at = now()
             WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING *",
        )
        .bind(project)
        .bind(id)
        .bind(change.title)
        .bind(change.status_id.is_some())
        .bind(change.status_id.flatten())
        .bind(change.assignee_ids);
        self.pool
            .bounded(self.change(update, "task.updated", actor))
            .await
            .map_err(StorageError::database("changing a task"))
    }

    /// Marks a task deleted and gives it as it was; `None` when there is no such task. Tells
    /// `task.deleted`, done by `actor`.
    pub async fn delete(
        &self,
        project: Uuid,
        id: Uuid,
        actor: Uuid,
    ) -> Result<Option<Task>, StorageError> {
        let delete = sqlx::query_as(
            "UPDATE tasks SET deleted_at = now(), updated_at = now()
             WHERE project_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING *",
        )
        .bind(project)
        .bind(id);
        self.pool
            .bounded(self.change(delete, "task.deleted", actor))
            .await
            .map_err(StorageError::database("deleting a task"))
    }

    /// Runs a statement that changes one task, and writes what it tells, both or neither.
    async fn change(
        &self,
        statement: sqlx::query::QueryAs<'_, sqlx::Postgres, Task, PgArguments>,
        topic: &str,
        actor: Uuid,
    ) -> Result<Option<Task>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let Some(task) = statement.fetch_optional(&mut *transaction).await? else {
            return Ok(None);
        };
        let payload = json!({
            "task_id": task.id,
            "project_id": task.project_id,
            "title": task.title,
            "task_number": task.task_number,
            "status_id": task.status_id,
            "assignee_ids": task.assignee_ids,
            "actor_id": actor,
        });
        outbox::append(&mut transaction, topic, &payload).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(Some(task))
    }
}
