//! A transaction of the plugin's: of the database when it is a live one, and of the pairs in any case.

use std::sync::Arc;

use async_trait::async_trait;
use contract::name::PluginName;
use sandbox::{DbAccess, DbTransaction, ServiceError};
use storage::plugin_sql::{PluginTransaction, SqlError};

use super::Stage;
use super::database::{Database, Statements};
use super::pairs::Map;

struct Open {
    stage: Arc<Stage>,
    plugin: PluginName,
    live: Option<PluginTransaction>,
    /// The pairs as they were; `None` once the transaction is committed.
    before: Option<Map>,
}

pub(super) async fn begin(
    stage: Arc<Stage>,
    plugin: PluginName,
) -> Result<Box<dyn DbTransaction>, ServiceError> {
    let live = match &stage.database {
        Database::Replay(_) => None,
        Database::Live(live) => {
            Some(live.database.plugin_sql().begin(&plugin).await.map_err(told)?)
        }
    };
    let before = Some(stage.pairs.all());
    Ok(Box::new(Open { stage, plugin, live, before }))
}

fn told(error: SqlError) -> ServiceError {
    ServiceError { code: error.code, message: error.message }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            self.stage.pairs.restore(before);
        }
    }
}

#[async_trait]
impl DbTransaction for Open {
    async fn query(
        &mut self,
        access: DbAccess,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, ServiceError> {
        let live = self.live.as_mut().map(|live| live as &mut dyn Statements);
        self.stage.rows(live, &self.plugin, access, sql, params).await
    }

    async fn exec(&mut self, sql: &str, params: Option<&str>) -> Result<u64, ServiceError> {
        let live = self.live.as_mut().map(|live| live as &mut dyn Statements);
        self.stage.affected(live, &self.plugin, sql, params).await
    }

    async fn kv_get(&mut self, key: &str) -> Result<Option<String>, ServiceError> {
        Ok(self.stage.pairs.get(key))
    }

    async fn kv_set(&mut self, key: &str, value: &str) -> Result<(), ServiceError> {
        self.stage.pairs.set(key, value)
    }

    async fn kv_delete(&mut self, key: &str) -> Result<(), ServiceError> {
        self.stage.pairs.delete(key);
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), ServiceError> {
        if let Some(live) = self.live.take() {
            live.commit().await.map_err(told)?;
        }
        self.before = None;
        Ok(())
    }

    async fn rollback(mut self: Box<Self>) -> Result<(), ServiceError> {
        match self.live.take() {
            Some(live) => live.rollback().await.map_err(told),
            None => Ok(()),
        }
    }
}
