//! The outbox: core events in Postgres, from the transaction that makes them true until the event
//! bus has them.

use contract::event::{EVENT_ID, Event};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::core_pool::CorePool;
use crate::error::StorageError;

/// The lock that the one relay of a database holds, for as long as its session lives. Any number
/// that nobody else uses; the other advisory locks of this crate are keyed by text.
const RELAY_LOCK: i64 = 0x6f75_7462_6f78;

/// Writes an event that takes effect with the connection's transaction. The payload is an object;
/// it gets an id of its own.
pub(crate) async fn append(
    transaction: &mut PgConnection,
    topic: &str,
    payload: &Value,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO event_outbox (topic, payload)
         VALUES ($1, $2 || jsonb_build_object($3::text, $4::uuid))",
    )
    .bind(topic)
    .bind(payload)
    .bind(EVENT_ID)
    .bind(Uuid::new_v4())
    .execute(transaction)
    .await
    .map(drop)
}

/// The outbox as writers see it.
#[derive(Clone, Copy, Debug)]
pub struct Outbox<'a> {
    pub(crate) pool: &'a CorePool,
    pub(crate) news: &'a Notify,
}

impl Outbox<'_> {
    /// Writes an event that belongs to no change of data, such as a sign-in. The payload is an
    /// object.
    pub async fn tell(&self, topic: &str, payload: &Value) -> Result<(), StorageError> {
        let work = async {
            let mut connection = self.pool.acquire().await?;
            append(&mut connection, topic, payload).await
        };
        self.pool.bounded(work).await.map_err(StorageError::database("writing an event"))?;
        self.committed();
        Ok(())
    }

    /// Events were committed: the relay need not wait until it looks by itself.
    pub(crate) fn committed(&self) {
        self.news.notify_one();
    }
}

/// A session that may be the relay's. The lock goes with the session, however it ends.
#[derive(Debug)]
pub(crate) struct RelaySession {
    connection: PgConnection,
}

/// An event and its row.
pub(crate) type Row = (i64, Event);

impl RelaySession {
    pub(crate) async fn open(pool: &CorePool) -> Result<Self, StorageError> {
        let connection =
            pool.acquire().await.map_err(StorageError::database("opening the relay's session"))?;
        Ok(Self { connection: connection.detach() })
    }

    /// Whether this session is the relay of the database from now on.
    pub(crate) async fn lead(&mut self) -> Result<bool, StorageError> {
        sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(RELAY_LOCK)
            .fetch_one(&mut self.connection)
            .await
            .map_err(StorageError::database("asking for the relay's lock"))
    }

    /// The oldest events, save those of these rows.
    pub(crate) async fn oldest(
        &mut self,
        without: &[i64],
        limit: usize,
    ) -> Result<Vec<Row>, StorageError> {
        let rows: Vec<(i64, String, Value)> = sqlx::query_as(
            "SELECT id, topic, payload FROM event_outbox
             WHERE id <> ALL($1) ORDER BY id LIMIT $2",
        )
        .bind(without)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut self.connection)
        .await
        .map_err(StorageError::database("reading the outbox"))?;
        Ok(rows.into_iter().map(|(id, topic, payload)| (id, Event { topic, payload })).collect())
    }

    /// Removes events that the bus has.
    pub(crate) async fn remove(&mut self, rows: &[i64]) -> Result<(), StorageError> {
        sqlx::query("DELETE FROM event_outbox WHERE id = ANY($1)")
            .bind(rows)
            .execute(&mut self.connection)
            .await
            .map(drop)
            .map_err(StorageError::database("emptying the outbox"))
    }

    pub(crate) async fn close(self) {
        // The server notices by itself if this fails.
        let _ = self.connection.close().await;
    }
}
