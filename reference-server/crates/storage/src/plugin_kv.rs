//! A plugin's key-value store: its table `plugin_kv`, used as the plugin itself would.
//!
//! The table is the host's, made before the plugin's first migration, and the plugin's schema comes
//! first where names are looked up: `plugin_kv` can be nothing else.

use contract::name::PluginName;

use crate::database::Database;
use crate::plugin_session::Session;
use crate::plugin_sql::{Access, SqlError};

/// Access to plugins' key-value stores.
#[derive(Clone, Copy, Debug)]
pub struct PluginKv<'a> {
    pub(crate) database: &'a Database,
}

impl PluginKv<'_> {
    /// The value of a key, if it has one.
    pub async fn get(&self, plugin: &PluginName, key: &str) -> Result<Option<String>, SqlError> {
        let mut session = Session::of_plugin(self.database, plugin, Access::ReadOnly).await?;
        let found = sqlx::query_scalar("SELECT value FROM plugin_kv WHERE key = $1")
            .bind(key)
            .fetch_optional(session.connection())
            .await;
        session.settle(found.map_err(SqlError::from)).await
    }

    /// Sets a key, whether or not it was set before.
    pub async fn set(&self, plugin: &PluginName, key: &str, value: &str) -> Result<(), SqlError> {
        let mut session = Session::of_plugin(self.database, plugin, Access::ReadWrite).await?;
        let done = sqlx::query(
            "INSERT INTO plugin_kv (key, value) VALUES ($1, $2)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()",
        )
        .bind(key)
        .bind(value)
        .execute(session.connection())
        .await;
        session.settle(done.map(drop).map_err(SqlError::from)).await
    }

    /// Removes a key; one that is not there is no error.
    pub async fn delete(&self, plugin: &PluginName, key: &str) -> Result<(), SqlError> {
        let mut session = Session::of_plugin(self.database, plugin, Access::ReadWrite).await?;
        let done = sqlx::query("DELETE FROM plugin_kv WHERE key = $1")
            .bind(key)
            .execute(session.connection())
            .await;
        session.settle(done.map(drop).map_err(SqlError::from)).await
    }
}
