//! What guests read of the core (facts 5.2): fewer columns than the host's own routes give, and rows
//! of whatever project. Who may see them is decided before.

use contract::core_reads::{MemberInfo, ProjectInfo, TaskDetail, TaskItem};
use uuid::Uuid;

use crate::core_pool::CorePool;
use crate::error::StorageError;

/// Columns of [`TaskItem`].
type ItemRow = (Uuid, String, Option<Uuid>, Vec<Uuid>, i32);
/// Columns of [`TaskDetail`].
type DetailRow = (Uuid, Uuid, String, Option<Uuid>, Vec<Uuid>);

/// Access to the core for guests.
#[derive(Clone, Copy, Debug)]
pub struct CoreReads<'a> {
    pub(crate) pool: &'a CorePool,
}

impl CoreReads<'_> {
    /// Tasks of a project, highest number first; `None` when there is no such project.
    pub async fn tasks(
        &self,
        project: Uuid,
        most: usize,
    ) -> Result<Option<Vec<TaskItem>>, StorageError> {
        let work = async {
            if !exists(self.pool, project).await? {
                return Ok(None);
            }
            let rows: Vec<ItemRow> = sqlx::query_as(
                "SELECT id, title, status_id, assignee_ids, task_number FROM tasks
                 WHERE project_id = $1 AND deleted_at IS NULL ORDER BY task_number DESC LIMIT $2",
            )
            .bind(project)
            .bind(limit(most))
            .fetch_all(self.pool)
            .await?;
            let item = |(id, title, status_id, assignee_ids, task_number)| TaskItem {
                id,
                title,
                status_id,
                assignee_ids,
                task_number,
            };
            Ok(Some(rows.into_iter().map(item).collect()))
        };
        work.await.map_err(StorageError::database("listing tasks for a plugin"))
    }

    /// One task of a project that exists.
    pub async fn task(&self, task: Uuid) -> Result<Option<TaskDetail>, StorageError> {
        let row: Option<DetailRow> = sqlx::query_as(
            "SELECT t.id, t.project_id, t.title, t.status_id, t.assignee_ids FROM tasks t
             JOIN projects p ON p.id = t.project_id AND p.deleted_at IS NULL
             WHERE t.id = $1 AND t.deleted_at IS NULL",
        )
        .bind(task)
        .fetch_optional(self.pool)
        .await
        .map_err(StorageError::database("reading a task for a plugin"))?;
        Ok(row.map(|(id, project_id, title, status_id, assignee_ids)| TaskDetail {
            id,
            project_id,
            title,
            status_id,
            assignee_ids,
        }))
    }

    /// One project.
    pub async fn project(&self, project: Uuid) -> Result<Option<ProjectInfo>, StorageError> {
        let row: Option<(Uuid, String, String, String)> = sqlx::query_as(
            "SELECT id, name, description, task_id_prefix FROM projects
             WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(project)
        .fetch_optional(self.pool)
        .await
        .map_err(StorageError::database("reading a project for a plugin"))?;
        Ok(row.map(|(id, name, description, task_id_prefix)| ProjectInfo {
            id,
            name,
            description,
            task_id_prefix,
        }))
    }

    /// Members of a project by user name, without deleted users; `None` when there is no such
    /// project.
    pub async fn members(
        &self,
        project: Uuid,
        most: usize,
    ) -> Result<Option<Vec<MemberInfo>>, StorageError> {
        let work = async {
            if !exists(self.pool, project).await? {
                return Ok(None);
            }
            let rows: Vec<(Uuid, String, String, String)> = sqlx::query_as(
                "SELECT m.id, u.username, u.full_name, r.role_name
                 FROM project_members m
                 JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
                 JOIN project_roles r ON r.id = m.project_role_id
                 WHERE m.project_id = $1 ORDER BY u.username LIMIT $2",
            )
            .bind(project)
            .bind(limit(most))
            .fetch_all(self.pool)
            .await?;
            let member = |(id, username, full_name, role_name)| MemberInfo {
                id,
                username,
                full_name,
                role_name,
            };
            Ok(Some(rows.into_iter().map(member).collect()))
        };
        work.await.map_err(StorageError::database("listing members for a plugin"))
    }
}

async fn exists(pool: &CorePool, project: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM projects WHERE id = $1 AND deleted_at IS NULL)")
        .bind(project)
        .fetch_one(pool)
        .await
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
