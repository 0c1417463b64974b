//! Users. Passwords arrive here as hashes and leave only through [`Users::credentials`].

use serde::Serialize;
use serde_json::json;
use sqlx::postgres::PgArguments;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::core_pool::CorePool;
use crate::error::StorageError;
use crate::outbox::{self, Outbox};
use crate::page::{Page, Paged};

/// A user, without the password hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct User {
    /// The user's id, `sub` of their tokens.
    pub id: Uuid,
    /// The name they log in with.
    pub username: String,
    /// The name shown to others.
    pub full_name: String,
    /// Name of their global role.
    pub role: String,
    /// Whether they must choose a new password before anything else.
    pub must_change_password: bool,
    /// When they were created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When they last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// A user and what their password is checked against.
#[derive(Clone, sqlx::FromRow)]
pub struct Credentials {
    /// The user.
    #[sqlx(flatten)]
    pub user: User,
    /// The stored hash, in the format its maker chose.
    pub password_hash: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A user to be created.
#[derive(Clone)]
pub struct NewUser<'a> {
    /// The name to log in with; unique, also among deleted users.
    pub username: &'a str,
    /// The hash of their password.
    pub password_hash: &'a str,
    /// The name shown to others.
    pub full_name: &'a str,
    /// Name of a global role.
    pub role: &'a str,
    /// Whether the password must be changed first.
    pub must_change_password: bool,
}

impl std::fmt::Debug for NewUser<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewUser")
            .field("username", &self.username)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Access to `users`.
#[derive(Clone, Copy, Debug)]
pub struct Users<'a> {
    pub(crate) pool: &'a CorePool,
    pub(crate) outbox: Outbox<'a>,
}

impl Users<'_> {
    /// Creates a user. A taken name is a [`StorageError::Conflict`]; `None` when no global role of
    /// that name exists. Tells `user.created`, done by `actor`.
    pub async fn create(
        &self,
        user: NewUser<'_>,
        actor: Uuid,
    ) -> Result<Option<User>, StorageError> {
        let work = async {
            let mut transaction = self.pool.begin().await?;
            let made: Option<User> = sqlx::query_as(
                "WITH made AS (
                     INSERT INTO users (username, password_hash, full_name, role_id, must_change_password)
                     SELECT $1, $2, $3, r.id, $5 FROM global_roles r WHERE r.name = $4
                     RETURNING *)
                 SELECT u.*, r.name AS role FROM made u JOIN global_roles r ON r.id = u.role_id",
            )
            .bind(user.username)
            .bind(user.password_hash)
            .bind(user.full_name)
            .bind(user.role)
            .bind(user.must_change_password)
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(made) = made else { return Ok(None) };
            let payload = json!({
                "user_id": made.id,
                "username": made.username,
                "full_name": made.full_name,
                "role": made.role,
                "actor_id": actor,
            });
            outbox::append(&mut transaction, "user.created", &payload).await?;
            transaction.commit().await?;
            Ok(Some(made))
        };
        let made =
            self.pool.bounded(work).await.map_err(StorageError::database("creating a user"))?;
        self.outbox.committed();
        Ok(made)
    }

    /// Creates a user only while there is none at all: the first administrator. `None` when users
    /// exist. Hosts that start together on an empty database make one between them.
    pub async fn create_first(&self, user: NewUser<'_>) -> Result<Option<User>, StorageError> {
        let operation = StorageError::database("creating the first user");
        let work = async {
            let mut transaction = self.pool.begin().await?;
            sqlx::query("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
                .execute(&mut *transaction)
                .await?;
            let made = sqlx::query_as(
                "WITH made AS (
                     INSERT INTO users (username, password_hash, full_name, role_id, must_change_password)
                     SELECT $1, $2, $3, r.id, $5 FROM global_roles r
                     WHERE r.name = $4 AND NOT EXISTS (SELECT FROM users)
                     RETURNING *)
                 SELECT u.*, r.name AS role FROM made u JOIN global_roles r ON r.id = u.role_id",
            )
            .bind(user.username)
            .bind(user.password_hash)
            .bind(user.full_name)
            .bind(user.role)
            .bind(user.must_change_password)
            .fetch_optional(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(made)
        };
        self.pool.bounded(work).await.map_err(operation)
    }

    /// One user by id; deleted ones are not found.
    pub async fn get(&self, id: Uuid) -> Result<Option<User>, StorageError> {
        sqlx::query_as(
            "SELECT u.*, r.name AS role FROM users u JOIN global_roles r ON r.id = u.role_id
             WHERE u.id = $1 AND u.deleted_at IS NULL",
        )
        .bind(id)
        .fetch_optional(self.pool)
        .await
        .map_err(StorageError::database("reading a user"))
    }

    /// The user of that name and their password hash; deleted ones are not found.
    pub async fn credentials(&self, username: &str) -> Result<Option<Credentials>, StorageError> {
        sqlx::query_as(
            "SELECT u.*, r.name AS role FROM users u JOIN global_roles r ON r.id = u.role_id
             WHERE u.username = $1 AND u.deleted_at IS NULL",
        )
        .bind(username)
        .fetch_optional(self.pool)
        .await
        .map_err(StorageError::database("reading credentials"))
    }

    /// Users by name.
    pub async fn list(&self, page: Page) -> Result<Paged<User>, StorageError> {
        let work = async {
            let items = sqlx::query_as(
                "SELECT u.*, r.name AS role FROM users u JOIN global_roles r ON r.id = u.role_id
                 WHERE u.deleted_at IS NULL ORDER BY u.username LIMIT $1 OFFSET $2",
            )
            .bind(i64::from(page.limit))
            .bind(i64::from(page.offset))
            .fetch_all(self.pool)
            .await?;
            let total = sqlx::query_scalar("SELECT count(*) FROM users WHERE deleted_at IS NULL")
                .fetch_one(self.pool)
                .await?;
            Ok(Paged { items, total })
        };
        work.await.map_err(StorageError::database("listing users"))
    }

    /// Replaces a user's password hash. False when there is no such user.
    pub async fn set_password(
        &self,
        id: Uuid,
        password_hash: &str,
        must_change_password: bool,
    ) -> Result<bool, StorageError> {
        sqlx::query(
            "UPDATE users SET password_hash = $2, must_change_password = $3, updated_at = now()
             WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(id)
        .bind(password_hash)
        .bind(must_change_password)
        .execute(self.pool)
        .await
        .map(|done| done.rows_affected() == 1)
        .map_err(StorageError::database("setting a password"))
    }

    /// Replaces the password hash of somebody who forgot theirs, and has them choose another. False
    /// when there is no such user. Tells `user.password_reset`, done by `actor`.
    pub async fn reset_password(
        &self,
        id: Uuid,
        password_hash: &str,
        actor: Uuid,
    ) -> Result<bool, StorageError> {
        let reset = sqlx::query_scalar(
            "UPDATE users SET password_hash = $2, must_change_password = true, updated_at = now()
             WHERE id = $1 AND deleted_at IS NULL RETURNING username",
        )
        .bind(id)
        .bind(password_hash);
        self.pool
            .bounded(self.change(reset, "user.password_reset", id, actor))
            .await
            .map_err(StorageError::database("resetting a password"))
    }

    /// Replaces the name shown to others. False when there is no such user.
    pub async fn set_full_name(&self, id: Uuid, full_name: &str) -> Result<bool, StorageError> {
        sqlx::query(
            "UPDATE users SET full_name = $2, updated_at = now()
             WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(id)
        .bind(full_name)
        .execute(self.pool)
        .await
        .map(|done| done.rows_affected() == 1)
        .map_err(StorageError::database("renaming a user"))
    }

    /// Marks a user deleted: they cannot log in, their keys stop working, their rows stay. False
    /// when there is no such user. Tells `user.deleted`, done by `actor`.
    pub async fn delete(&self, id: Uuid, actor: Uuid) -> Result<bool, StorageError> {
        let delete = sqlx::query_scalar(
            "UPDATE users SET deleted_at = now(), updated_at = now()
             WHERE id = $1 AND deleted_at IS NULL RETURNING username",
        )
        .bind(id);
        self.pool
            .bounded(self.change(delete, "user.deleted", id, actor))
            .await
            .map_err(StorageError::database("deleting a user"))
    }

    /// Runs a statement that changes one user and returns their name, and writes what it tells,
    /// both or neither.
    async fn change(
        &self,
        statement: sqlx::query::QueryScalar<'_, sqlx::Postgres, String, PgArguments>,
        topic: &str,
        id: Uuid,
        actor: Uuid,
    ) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let Some(username) = statement.fetch_optional(&mut *transaction).await? else {
            return Ok(false);
        };
        let payload = json!({"user_id": id, "username": username, "actor_id": actor});
        outbox::append(&mut transaction, topic, &payload).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(true)
    }
}
