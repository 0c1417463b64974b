//! API keys. Only their hashes are stored, and only hashes come in.

use serde::Serialize;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::core_pool::CorePool;
use crate::error::StorageError;
use crate::users::User;

/// SHA-256 of an API key.
///
/// A plain hash suffices because a key is long and random: there is nothing to guess, and nothing
/// to slow down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHash(String);

impl KeyHash {
    /// Hashes a key.
    pub fn of(key: &str) -> Self {
        Self(hex::encode(Sha256::digest(key.as_bytes())))
    }
}

/// An API key as its owner sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct ApiKey {
    /// Id of the key.
    pub id: Uuid,
    /// Whose key it is.
    pub user_id: Uuid,
    /// What its owner calls it.
    pub name: String,
    /// When it stops working, if ever.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// When it was revoked, if it was.
    #[serde(with = "time::serde::rfc3339::option")]
    pub revoked_at: Option<OffsetDateTime>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

impl ApiKey {
    /// Whether it has stopped working by its date. Revocation is a separate matter.
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// Access to `api_keys`.
#[derive(Clone, Copy, Debug)]
pub struct ApiKeys<'a> {
    pub(crate) pool: &'a CorePool,
}

impl ApiKeys<'_> {
    /// Records a key of a user.
    pub async fn create(
        &self,
        user: Uuid,
        name: &str,
        hash: &KeyHash,
        expires_at: Option<OffsetDateTime>,
    ) -> Result<ApiKey, StorageError> {
        sqlx::query_as(
            "INSERT INTO api_keys (user_id, name, key_hash, expires_at) VALUES ($1, $2, $3, $4)
             RETURNING id, user_id, name, expires_at, revoked_at, created_at",
        )
        .bind(user)
        .bind(name)
        .bind(&hash.0)
        .bind(expires_at)
        .fetch_one(self.pool)
        .await
        .map_err(StorageError::database("recording an API key"))
    }

    /// The key with that hash and its owner, revoked and expired ones included: the caller says
    /// which of the two it was. Keys of deleted users are not found.
    pub async fn find(&self, hash: &KeyHash) -> Result<Option<(ApiKey, User)>, StorageError> {
        let work = async {
            let key: Option<ApiKey> = sqlx::query_as(
                "SELECT k.id, k.user_id, k.name, k.expires_at, k.revoked_at, k.created_at
                 FROM api_keys k WHERE k.key_hash = $1",
            )
            .bind(&hash.0)
            .fetch_optional(self.pool)
            .await?;
            let Some(key) = key else { return Ok(None) };
            let user: Option<User> = sqlx::query_as(
                "SELECT u.*, r.name AS role FROM users u JOIN global_roles r ON r.id = u.role_id
                 WHERE u.id = $1 AND u.deleted_at IS NULL",
            )
            .bind(key.user_id)
            .fetch_optional(self.pool)
            .await?;
            Ok(user.map(|user| (key, user)))
        };
        work.await.map_err(StorageError::database("looking up an API key"))
    }

    /// A user's keys, newest first.
    pub async fn list(&self, user: Uuid) -> Result<Vec<ApiKey>, StorageError> {
        sqlx::query_as(
            "SELECT id, user_id, name, expires_at, revoked_at, created_at FROM api_keys
             WHERE user_id = $1 ORDER BY created_at DESC, id",
        )
        .bind(user)
        .fetch_all(self.pool)
        .await
        .map_err(StorageError::database("listing API keys"))
    }

    /// Revokes a key of a user; it stays in the list. False when there is no such key or it was
    /// revoked before.
    pub async fn revoke(&self, user: Uuid, id: Uuid) -> Result<bool, StorageError> {
        sqlx::query(
            "UPDATE api_keys SET revoked_at = now()
             WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
        )
        .bind(id)
        .bind(user)
        .execute(self.pool)
        .await
        .map(|done| done.rows_affected() == 1)
        .map_err(StorageError::database("revoking an API key"))
    }
}
