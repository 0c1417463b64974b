//! Members: which users belong to a project, and with which role.

use std::collections::BTreeSet;

use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::core_pool::CorePool;
use crate::database::delete_referenced;
use crate::error::StorageError;
use crate::roles::PermissionMap;

/// A member of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Member {
    /// Id of the membership, `caller_id` in a guest's request.
    pub id: Uuid,
    /// The project.
    pub project_id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// The member's role.
    pub project_role_id: Uuid,
    /// The user's login name.
    pub username: String,
    /// The user's shown name.
    pub full_name: String,
    /// The role's name.
    pub role_name: String,
}

/// What a member may do in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Id of the membership.
    pub member_id: Uuid,
    /// The role's name.
    pub role_name: String,
    /// The permission keys the role grants.
    pub permissions: BTreeSet<String>,
}

/// Access to `project_members`.
#[derive(Clone, Copy, Debug)]
pub struct Members<'a> {
    pub(crate) pool: &'a CorePool,
}

impl Members<'_> {
    /// A project's members by user name; deleted users are left out.
    pub async fn list(&self, project: Uuid) -> Result<Vec<Member>, StorageError> {
        sqlx::query_as(
            "SELECT m.id, m.project_id, m.user_id, m.project_role_id,
                    u.username, u.full_name, r.role_name
             FROM project_members m
             JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
             JOIN project_roles r ON r.id = m.project_role_id
             WHERE m.project_id = $1 ORDER BY u.username",
        )
        .bind(project)
        .fetch_all(self.pool)
        .await
        .map_err(StorageError::database("listing members"))
    }

    /// One member by user; `None` for somebody who is none, and in a deleted project.
    pub async fn get(&self, project: Uuid, user: Uuid) -> Result<Option<Member>, StorageError> {
        sqlx::query_as(
            "SELECT m.id, m.project_id, m.user_id, m.project_role_id,
                    u.username, u.full_name, r.role_name
             FROM project_members m
             JOIN projects p ON p.id = m.project_id AND p.deleted_at IS NULL
             JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
             JOIN project_roles r ON r.id = m.project_role_id
             WHERE m.project_id = $1 AND m.user_id = $2",
        )
        .bind(project)
        .bind(user)
        .fetch_optional(self.pool)
        .await
        .map_err(StorageError::database("reading a member"))
    }

    /// What a user may do in a project by membership; `None` for somebody who is no member, and in
    /// a project that does not exist any more.
    pub async fn membership(
        &self,
        project: Uuid,
        user: Uuid,
    ) -> Result<Option<Membership>, StorageError> {
        let found: Option<(Uuid, String, Json<PermissionMap>)> = sqlx::query_as(
            "SELECT m.id, r.role_name, r.permissions
             FROM project_members m
             JOIN projects p ON p.id = m.project_id AND p.deleted_at IS NULL
             JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
             JOIN project_roles r ON r.id = m.project_role_id
             WHERE m.project_id = $1 AND m.user_id = $2",
        )
        .bind(project)
        .bind(user)
        .fetch_optional(self.pool)
        .await
        .map_err(StorageError::database("reading a membership"))?;
        Ok(found.map(|(member_id, role_name, Json(permissions))| Membership {
            member_id,
            role_name,
            permissions: permissions.granted(),
        }))
    }

    /// Adds a member. Somebody who is one already is a [`StorageError::Conflict`], an unknown user
    /// a [`StorageError::MissingReference`]; `None` when the role is none of this project's.
    pub async fn add(
        &self,
        project: Uuid,
        user: Uuid,
        role: Uuid,
    ) -> Result<Option<Member>, StorageError> {
        let added = sqlx::query(
            "INSERT INTO project_members (project_id, user_id, project_role_id)
             SELECT $1, $2, id FROM project_roles WHERE id = $3 AND project_id = $1",
        )
        .bind(project)
        .bind(user)
        .bind(role)
        .execute(self.pool)
        .await
        .map_err(StorageError::database("adding a member"))?;
        if added.rows_affected() == 0 { Ok(None) } else { self.get(project, user).await }
    }

    /// Gives a member another role of the project; `None` when there is no such member or role.
    pub async fn set_role(
        &self,
        project: Uuid,
        user: Uuid,
        role: Uuid,
    ) -> Result<Option<Member>, StorageError> {
        let changed = sqlx::query(
            "UPDATE project_members m SET project_role_id = r.id FROM project_roles r
             WHERE m.project_id = $1 AND m.user_id = $2 AND r.id = $3 AND r.project_id = $1",
        )
        .bind(project)
        .bind(user)
        .bind(role)
        .execute(self.pool)
        .await
        .map_err(StorageError::database("changing a member's role"))?;
        if changed.rows_affected() == 0 { Ok(None) } else { self.get(project, user).await }
    }

    /// Removes a member. One that a plugin's rows hold on to is a
    /// [`StorageError::StillReferenced`]. False when there is no such member.
    pub async fn remove(&self, project: Uuid, user: Uuid) -> Result<bool, StorageError> {
        let statement = "DELETE FROM project_members WHERE project_id = $1 AND user_id = $2";
        delete_referenced(self.pool, statement, [project, user])
            .await
            .map_err(StorageError::database("removing a member"))
    }
}
