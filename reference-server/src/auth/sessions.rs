//! Sessions, with what was just read of them.
//!
//! A token says whose session it is; whether the session goes on, and what its user is by now, is
//! the database's to say. The answer is believed for [`BELIEVED`]: the busiest path asks once in
//! that time, and what another replica ended is over here that much later. What this replica ends
//! is over at once.

use std::time::Duration;

use moka::future::Cache;
use storage::{Database, StorageError, sessions::Refresh, users::User};
use uuid::Uuid;

/// For how long an answer of the database is believed; the specification allows five seconds.
const BELIEVED: Duration = Duration::from_secs(2);

/// How many sessions are remembered at most; beyond that the least used are asked for again.
const CAPACITY: u64 = 10_000;

/// The sessions of a host.
#[derive(Debug)]
pub struct Sessions {
    database: Database,
    seen: Cache<Uuid, Option<User>>,
}

impl Sessions {
    /// Sessions of this database.
    pub fn new(database: Database) -> Self {
        let seen = Cache::builder().max_capacity(CAPACITY).time_to_live(BELIEVED).build();
        Self { database, seen }
    }

    /// The user of a session that goes on.
    ///
    /// # Errors
    /// The database failed. That is not remembered.
    pub async fn user(&self, session: Uuid) -> Result<Option<User>, StorageError> {
        if let Some(seen) = self.seen.get(&session).await {
            return Ok(seen);
        }
        let user = self.database.sessions_of_users().user(session).await?;
        self.seen.insert(session, user.clone()).await;
        Ok(user)
    }

    /// Begins a session.
    ///
    /// # Errors
    /// The database failed.
    pub async fn begin(
        &self,
        session: Uuid,
        user: Uuid,
        refresh: Refresh,
    ) -> Result<(), StorageError> {
        self.database.sessions_of_users().begin(session, user, refresh).await
    }

    /// Exchanges a refresh token; false when it was used before, which ends the session.
    ///
    /// # Errors
    /// The database failed.
    pub async fn exchange(
        &self,
        session: Uuid,
        used: Uuid,
        next: Refresh,
    ) -> Result<bool, StorageError> {
        let exchanged = self.database.sessions_of_users().exchange(session, used, next).await?;
        self.seen.invalidate(&session).await;
        Ok(exchanged)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The database failed; the session may go on.
    pub async fn end(&self, session: Uuid) -> Result<(), StorageError> {
        self.database.sessions_of_users().end(session).await?;
        self.seen.invalidate(&session).await;
        Ok(())
    }

    /// Ends every session of a user.
    ///
    /// # Errors
    /// The database failed; sessions may go on.
    pub async fn end_all(&self, user: Uuid) -> Result<(), StorageError> {
        self.database.sessions_of_users().end_all(user).await?;
        self.forget();
        Ok(())
    }

    /// Asks the database anew about everybody: something about a user has changed. Rare, and cheaper
    /// than knowing which sessions are whose.
    pub fn forget(&self) {
        self.seen.invalidate_all();
    }
}
