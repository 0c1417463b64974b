//! Projects. Creating one makes its creator an owner, with roles of the project's own.

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::core_pool::CorePool;
use crate::error::StorageError;
use crate::page::{Page, Paged};
use crate::roles;

/// A project.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Project {
    /// Id of the project.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Settings as clients gave them.
    pub settings: serde_json::Value,
    /// Who made it.
    pub created_by: Option<Uuid>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// A project to be created.
#[derive(Clone, Debug)]
pub struct NewProject<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is about.
    pub description: &'a str,
    /// Settings, a JSON object.
    pub settings: &'a serde_json::Value,
    /// Who makes it, and becomes its owner.
    pub created_by: Uuid,
}

/// Fields to replace; `None` keeps what is there.
#[derive(Clone, Debug, Default)]
pub struct ProjectChange<'a> {
    /// The new name.
    pub name: Option<&'a str>,
    /// The new description.
    pub description: Option<&'a str>,
    /// The new settings, which replace the old ones whole.
    pub settings: Option<&'a serde_json::Value>,
}

/// Access to `projects`.
#[derive(Clone, Copy, Debug)]
pub struct Projects<'a> {
    pub(crate) pool: &'a CorePool,
}

impl Projects<'_> {
    /// Creates a project with its own copies of the template roles, and its creator as a member
    /// with the role [`roles::PROJECT_OWNER`], all or nothing.
    pub async fn create(&self, project: NewProject<'_>) -> Result<Project, StorageError> {
        let work = async {
            let mut transaction = self.pool.begin().await?;
            let made: Project = sqlx::query_as(
                "INSERT INTO projects (name, description, settings, created_by)
                 VALUES ($1, $2, $3, $4) RETURNING *",
            )
            .bind(project.name)
            .bind(project.description)
            .bind(project.settings)
            .bind(project.created_by)
            .fetch_one(&mut *transaction)
            .await?;
            roles::copy_templates(&mut transaction, made.id).await?;
            sqlx::query(
                "INSERT INTO project_members (project_id, user_id, project_role_id)
                 SELECT $1, $2, id FROM project_roles WHERE project_id = $1 AND role_name = $3",
            )
            .bind(made.id)
            .bind(project.created_by)
            .bind(roles::PROJECT_OWNER)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(made)
        };
        self.pool.bounded(work).await.map_err(StorageError::database("creating a project"))
    }

    /// One project; deleted ones are not found.
    pub async fn get(&self, id: Uuid) -> Result<Option<Project>, StorageError> {
        sqlx::query_as("SELECT * FROM projects WHERE id = $1 AND deleted_at IS NULL")
            .bind(id)
            .fetch_optional(self.pool)
            .await
            .map_err(StorageError::database("reading a project"))
    }

    /// Projects, newest first: all of them, or those a user is a member of.
    pub async fn list(
        &self,
        member: Option<Uuid>,
        page: Page,
    ) -> Result<Paged<Project>, StorageError> {
        let work = async {
            let items = sqlx::query_as(
                "SELECT p.* FROM projects p
                 WHERE p.deleted_at IS NULL AND ($1::uuid IS NULL OR EXISTS (
                     SELECT FROM project_members m WHERE m.project_id = p.id AND m.user_id = $1))
                 ORDER BY p.created_at DESC, p.id LIMIT $2 OFFSET $3",
            )
            .bind(member)
            .bind(i64::from(page.limit))
            .bind(i64::from(page.offset))
            .fetch_all(self.pool)
            .await?;
            let total = sqlx::query_scalar(
                "SELECT count(*) FROM projects p
                 WHERE p.deleted_at IS NULL AND ($1::uuid IS NULL OR EXISTS (
                     SELECT FROM project_members m WHERE m.project_id = p.id AND m.user_id = $1))",
            )
            .bind(member)
            .fetch_one(self.pool)
            .await?;
            Ok(Paged { items, total })
        };
        work.await.map_err(StorageError::database("listing projects"))
    }

    /// Changes a project; `None` when there is no such project.
    pub async fn update(
        &self,
        id: Uuid,
        change: ProjectChange<'_>,
    ) -> Result<Option<Project>, StorageError> {
        sqlx::query_as(
            "UPDATE projects SET name = coalesce($2, name),
                                 description = coalesce($3, description),
                                 settings = coalesce($4, settings),
                                 updated_at = now()
             WHERE id = $1 AND deleted_at IS NULL RETURNING *",
        )
        .bind(id)
        .bind(change.name)
        .bind(change.description)
        .bind(change.settings)
        .fetch_optional(self.pool)
        .await
        .map_err(StorageError::database("changing a project"))
    }

    /// Marks a project deleted. False when there is no such project.
    pub async fn delete(&self, id: Uuid) -> Result<bool, StorageError> {
        sqlx::query(
            "UPDATE projects SET deleted_at = now(), updated_at = now()
             WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(id)
        .execute(self.pool)
        .await
        .map(|done| done.rows_affected() == 1)
        .map_err(StorageError::database("deleting a project"))
    }
}
