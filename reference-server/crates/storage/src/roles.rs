//! Roles: sets of permission keys, global ones and those of a project.
//!
//! A role's permissions are stored as a JSON object of key → `true`. What a key such as
//! `projects.*` covers is decided elsewhere; this module only keeps the keys.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::core_pool::CorePool;
use crate::database::delete_referenced;
use crate::error::StorageError;

/// Name of the template role whose copy the creator of a project gets.
pub const PROJECT_OWNER: &str = "PROJECT_OWNER";

/// Permission keys of a role, `key → granted`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct PermissionMap(pub BTreeMap<String, bool>);

impl PermissionMap {
    /// The keys that are granted.
    pub fn granted(&self) -> BTreeSet<String> {
        self.0.iter().filter(|(_, granted)| **granted).map(|(key, _)| key.clone()).collect()
    }
}

impl<S: Into<String>> FromIterator<S> for PermissionMap {
    fn from_iter<I: IntoIterator<Item = S>>(keys: I) -> Self {
        Self(keys.into_iter().map(|key| (key.into(), true)).collect())
    }
}

/// A role of one project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ProjectRole {
    /// Id of the role.
    pub id: Uuid,
    /// The project it belongs to.
    pub project_id: Option<Uuid>,
    /// Its name, unique in the project.
    pub role_name: String,
    /// What it grants.
    #[sqlx(json)]
    pub permissions: PermissionMap,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// Access to `global_roles` and `project_roles`.
#[derive(Clone, Copy, Debug)]
pub struct Roles<'a> {
    pub(crate) pool: &'a CorePool,
}

impl Roles<'_> {
    /// The permission keys that a user's global role grants; empty for an unknown or deleted user.
    pub async fn global_permissions(&self, user: Uuid) -> Result<BTreeSet<String>, StorageError> {
        let found: Option<Json<PermissionMap>> = sqlx::query_scalar(
            "SELECT r.permissions FROM users u JOIN global_roles r ON r.id = u.role_id
             WHERE u.id = $1 AND u.deleted_at IS NULL",
        )
        .bind(user)
        .fetch_optional(self.pool)
        .await
        .map_err(StorageError::database("reading global permissions"))?;
        Ok(found.map(|Json(permissions)| permissions.granted()).unwrap_or_default())
    }

    /// Whether a global role of that name exists.
    pub async fn global_role_exists(&self, name: &str) -> Result<bool, StorageError> {
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM global_roles WHERE name = $1)")
            .bind(name)
            .fetch_one(self.pool)
            .await
            .map_err(StorageError::database("looking for a global role"))
    }

    /// A project's roles by name.
    pub async fn of_project(&self, project: Uuid) -> Result<Vec<ProjectRole>, StorageError> {
        sqlx::query_as("SELECT * FROM project_roles WHERE project_id = $1 ORDER BY role_name")
            .bind(project)
            .fetch_all(self.pool)
            .await
            .map_err(StorageError::database("listing project roles"))
    }

    /// Adds a role to a project. A taken name is a [`StorageError::Conflict`], an unknown project a
    /// [`StorageError::MissingReference`].
    pub async fn create(
        &self,
        project: Uuid,
        role_name: &str,
        permissions: &PermissionMap,
    ) -> Result<ProjectRole, StorageError> {
        sqlx::query_as(
            "INSERT INTO project_roles (project_id, role_name, permissions) VALUES ($1, $2, $3)
             RETURNING *",
        )
        .bind(project)
        .bind(role_name)
        .bind(Json(permissions))
        .fetch_one(self.pool)
        .await
        .map_err(StorageError::database("creating a project role"))
    }

    /// Changes a role of a project; `None` keeps a field. `None` when there is no such role.
    pub async fn update(
        &self,
        project: Uuid,
        role: Uuid,
        role_name: Option<&str>,
        permissions: Option<&PermissionMap>,
    ) -> Result<Option<ProjectRole>, StorageError> {
        sqlx::query_as(
            "UPDATE project_roles SET role_name = coalesce($3, role_name),
                                      permissions = coalesce($4, permissions),
                                      updated_at = now()
             WHERE project_id = $1 AND id = $2 RETURNING *",
        )
        .bind(project)
        .bind(role)
        .bind(role_name)
        .bind(permissions.map(Json))
        .fetch_optional(self.pool)
        .await
        .map_err(StorageError::database("changing a project role"))
    }

    /// Removes a role of a project. One that members hold is a [`StorageError::StillReferenced`].
    /// False when there is no such role.
    pub async fn delete(&self, project: Uuid, role: Uuid) -> Result<bool, StorageError> {
        let statement = "DELETE FROM project_roles WHERE project_id = $1 AND id = $2";
        delete_referenced(self.pool, statement, [project, role])
            .await
            .map_err(StorageError::database("removing a project role"))
    }
}

/// Copies the template roles into a new project.
pub(crate) async fn copy_templates(
    connection: &mut PgConnection,
    project: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO project_roles (project_id, role_name, permissions)
         SELECT $1, role_name, permissions FROM project_roles WHERE project_id IS NULL",
    )
    .bind(project)
    .execute(connection)
    .await?;
    Ok(())
}
