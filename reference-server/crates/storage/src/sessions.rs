//! Sessions: who is signed in, and which refresh token may be exchanged next.

use crate::core_pool::CorePool;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::StorageError;
use crate::users::User;

/// A refresh token of a session: its id, and until when it is good.
#[derive(Clone, Copy, Debug)]
pub struct Refresh {
    /// Id of the token.
    pub id: Uuid,
    /// When it, and with it the session, expires.
    pub expires_at: OffsetDateTime,
}

/// Access to `sessions`.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'a> {
    pub(crate) pool: &'a CorePool,
}

impl Sessions<'_> {
    /// Begins a session of a user. Those of the user that have expired are forgotten.
    pub async fn begin(
        &self,
        session: Uuid,
        user: Uuid,
        refresh: Refresh,
    ) -> Result<(), StorageError> {
        sqlx::query(
            "WITH expired AS (DELETE FROM sessions WHERE user_id = $2 AND expires_at < now())
             INSERT INTO sessions (id, user_id, refresh_id, expires_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(session)
        .bind(user)
        .bind(refresh.id)
        .bind(refresh.expires_at)
        .execute(self.pool)
        .await
        .map(drop)
        .map_err(StorageError::database("beginning a session"))
    }

    /// The user of a session that goes on; `None` when it ended, expired, or its user is gone.
    pub async fn user(&self, session: Uuid) -> Result<Option<User>, StorageError> {
        sqlx::query_as(
            "SELECT u.*, r.name AS role FROM sessions s
             JOIN users u ON u.id = s.user_id AND u.deleted_at IS NULL
             JOIN global_roles r ON r.id = u.role_id
             WHERE s.id = $1 AND s.ended_at IS NULL AND s.expires_at > now()",
        )
        .bind(session)
        .fetch_optional(self.pool)
        .await
        .map_err(StorageError::database("reading a session"))
    }

    /// Exchanges a session's refresh token for the next one: once.
    ///
    /// A token that was exchanged before means that two parties have it. Nobody can tell which of
    /// them is the user, so the session ends for both (RFC 9700, 4.14.2). False then, and for a
    /// session that ended before.
    pub async fn exchange(
        &self,
        session: Uuid,
        used: Uuid,
        next: Refresh,
    ) -> Result<bool, StorageError> {
        let exchanged = sqlx::query(
            "UPDATE sessions SET refresh_id = $3, expires_at = $4
             WHERE id = $1 AND refresh_id = $2 AND ended_at IS NULL AND expires_at > now()",
        )
        .bind(session)
        .bind(used)
        .bind(next.id)
        .bind(next.expires_at)
        .execute(self.pool)
        .await
        .map_err(StorageError::database("exchanging a refresh token"))?;
        if exchanged.rows_affected() == 1 {
            return Ok(true);
        }
        self.end(session).await?;
        Ok(false)
    }

    /// Ends a session.
    pub async fn end(&self, session: Uuid) -> Result<(), StorageError> {
        sqlx::query("UPDATE sessions SET ended_at = now() WHERE id = $1 AND ended_at IS NULL")
            .bind(session)
            .execute(self.pool)
            .await
            .map(drop)
            .map_err(StorageError::database("ending a session"))
    }

    /// Ends every session of a user.
    pub async fn end_all(&self, user: Uuid) -> Result<(), StorageError> {
        sqlx::query("UPDATE sessions SET ended_at = now() WHERE user_id = $1 AND ended_at IS NULL")
            .bind(user)
            .execute(self.pool)
            .await
            .map(drop)
            .map_err(StorageError::database("ending a user's sessions"))
    }
}
