//! A plugin's open transaction, served from the database.

use async_trait::async_trait;
use contract::name::PluginName;
use sandbox::{DbAccess, DbTransaction, ServiceError};
use storage::plugin_sql::{PluginTransaction, SqlError};

use super::{asked, for_guest};

/// Hands a transaction over to the sandbox.
pub(super) fn open(plugin: PluginName, inner: PluginTransaction) -> Box<dyn DbTransaction> {
    Box::new(Open { plugin, inner })
}

struct Open {
    plugin: PluginName,
    inner: PluginTransaction,
}

impl Open {
    fn told<T>(&self, outcome: Result<T, SqlError>) -> Result<T, ServiceError> {
        outcome.map_err(|error| for_guest(&self.plugin, error))
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
        let rows = self.inner.query(asked(access), sql, params).await;
        self.told(rows)
    }

    async fn exec(&mut self, sql: &str, params: Option<&str>) -> Result<u64, ServiceError> {
        let affected = self.inner.exec(sql, params).await;
        self.told(affected)
    }

    async fn kv_get(&mut self, key: &str) -> Result<Option<String>, ServiceError> {
        let value = self.inner.kv_get(key).await;
        self.told(value)
    }

    async fn kv_set(&mut self, key: &str, value: &str) -> Result<(), ServiceError> {
        let stored = self.inner.kv_set(key, value).await;
        self.told(stored)
    }

    async fn kv_delete(&mut self, key: &str) -> Result<(), ServiceError> {
        let deleted = self.inner.kv_delete(key).await;
        self.told(deleted)
    }

    async fn commit(self: Box<Self>) -> Result<(), ServiceError> {
        let Self { plugin, inner } = *self;
        inner.commit().await.map_err(|error| for_guest(&plugin, error))
    }

    async fn rollback(self: Box<Self>) -> Result<(), ServiceError> {
        let Self { plugin, inner } = *self;
        inner.rollback().await.map_err(|error| for_guest(&plugin, error))
    }
}
