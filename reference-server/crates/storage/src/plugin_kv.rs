//! A plugin's key-value store: its table `plugin_kv`, used as the plugin itself would.
//!
//! The table is the host's, made before the plugin's first migration, and the plugin's schema comes
//! first where names are looked up: `plugin_kv` can be nothing else.

use contract::name::PluginName;
use sqlx::PgConnection;

use crate::database::Database;
use crate::plugin_session::Session;
use crate::plugin_sql::{Access, SqlError};

/// The plugin has as many keys as it may.
const TOO_MANY_KEYS: &str = "too_many_keys";

/// Access to plugins' key-value stores.
#[derive(Clone, Copy, Debug)]
pub struct PluginKv<'a> {
    pub(crate) database: &'a Database,
}

impl PluginKv<'_> {
    /// The value of a key, if it has one.
    pub async fn get(&self, plugin: &PluginName, key: &str) -> Result<Option<String>, SqlError> {
        let mut session = Session::of_plugin(self.database, plugin, Access::ReadOnly).await?;
        let found = get(session.connection(), key).await;
        session.settle(found).await
    }

    /// Sets a key, whether or not it was set before. A new one beyond the policy's limit of keys is
    /// refused; calls at the same time may overstep the limit by as many as they are.
    pub async fn set(&self, plugin: &PluginName, key: &str, value: &str) -> Result<(), SqlError> {
        let limit = self.database.policy().limits.kv_keys;
        let mut session = Session::of_plugin(self.database, plugin, Access::ReadWrite).await?;
        let done = set(session.connection(), key, value, limit).await;
        session.settle(done).await
    }

    /// Removes a key; one that is not there is no error.
    pub async fn delete(&self, plugin: &PluginName, key: &str) -> Result<(), SqlError> {
        let mut session = Session::of_plugin(self.database, plugin, Access::ReadWrite).await?;
        let done = delete(session.connection(), key).await;
        session.settle(done).await
    }
}

pub(crate) async fn get(
    connection: &mut PgConnection,
    key: &str,
) -> Result<Option<String>, SqlError> {
    let found = sqlx::query_scalar("SELECT value FROM plugin_kv WHERE key = $1")
        .bind(key)
        .fetch_optional(connection)
        .await?;
    Ok(found)
}

pub(crate) async fn set(
    connection: &mut PgConnection,
    key: &str,
    value: &str,
    limit: usize,
) -> Result<(), SqlError> {
    let done = sqlx::query(
        // The keys are counted only for a new one, and not further than the limit.
        "INSERT INTO plugin_kv (key, value)
         SELECT $1, $2 WHERE EXISTS (SELECT FROM plugin_kv WHERE key = $1)
             OR (SELECT count(*) FROM (SELECT FROM plugin_kv LIMIT $3) AS counted) < $3
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()",
    )
    .bind(key)
    .bind(value)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .execute(connection)
    .await?;
    if done.rows_affected() == 0 {
        let message = format!("the plugin has {limit} keys, as many as it may");
        return Err(SqlError::new(TOO_MANY_KEYS, message));
    }
    Ok(())
}

pub(crate) async fn delete(connection: &mut PgConnection, key: &str) -> Result<(), SqlError> {
    sqlx::query("DELETE FROM plugin_kv WHERE key = $1").bind(key).execute(connection).await?;
    Ok(())
}
