//! A plugin's key-value store: its table `plugin_kv`, used as the plugin itself would.

use contract::name::PluginName;
use policy::sql::code;
use sqlx::AssertSqlSafe;

use crate::database::Database;
use crate::plugin_schema::Identity;
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
        let (identity, mut session) = self.begin(plugin, Access::ReadOnly).await?;
        let statement = format!("SELECT value FROM {}.plugin_kv WHERE key = $1", identity.schema);
        let found = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(key)
            .fetch_optional(session.connection())
            .await;
        finish(session, found).await
    }

    /// Sets a key, whether or not it was set before.
    pub async fn set(&self, plugin: &PluginName, key: &str, value: &str) -> Result<(), SqlError> {
        let (identity, mut session) = self.begin(plugin, Access::ReadWrite).await?;
        let statement = format!(
            "INSERT INTO {}.plugin_kv (key, value) VALUES ($1, $2)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()",
            identity.schema
        );
        let done = sqlx::query(AssertSqlSafe(statement))
            .bind(key)
            .bind(value)
            .execute(session.connection())
            .await;
        finish(session, done.map(drop)).await
    }

    /// Removes a key; one that is not there is no error.
    pub async fn delete(&self, plugin: &PluginName, key: &str) -> Result<(), SqlError> {
        let (identity, mut session) = self.begin(plugin, Access::ReadWrite).await?;
        let statement = format!("DELETE FROM {}.plugin_kv WHERE key = $1", identity.schema);
        let done =
            sqlx::query(AssertSqlSafe(statement)).bind(key).execute(session.connection()).await;
        finish(session, done.map(drop)).await
    }

    async fn begin(
        &self,
        plugin: &PluginName,
        access: Access,
    ) -> Result<(Identity, Session), SqlError> {
        let identity = self
            .database
            .names()
            .identity(plugin)
            .map_err(|error| SqlError::new(code::DATABASE_ERROR, error.to_string()))?;
        let timeout = self.database.policy().limits.call_duration;
        let session = Session::begin(self.database.sessions(), &identity, access, timeout).await?;
        Ok((identity, session))
    }
}

async fn finish<T>(session: Session, outcome: Result<T, sqlx::Error>) -> Result<T, SqlError> {
    match outcome {
        Ok(value) => session.commit().await.map(|()| value).map_err(SqlError::from),
        Err(error) => {
            let error = SqlError::from(error);
            if error.is_by_postgres() {
                session.roll_back().await;
            }
            Err(error)
        }
    }
}
