//! The host's services in memory: answers are set by tests, requests are recorded.

mod cache;
pub(crate) mod host_core;
mod transaction;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use contract::name::PluginName;
use sandbox::{DbAccess, DbTransaction, KeyValueStore, ServiceError, Services};
use tokio::sync::Notify;
use uuid::Uuid;

/// Plugin and key to value and time to live.
type Cached = BTreeMap<(String, String), (Vec<u8>, Option<Duration>)>;

/// A key whose reading never ends.
pub(crate) const STUCK_KEY: &str = "stuck";
/// A key whose reading ends when [`MemoryServices::open`] says so.
pub(crate) const GATED_KEY: &str = "gated";
/// A key that the store fails on.
pub(crate) const BROKEN_KEY: &str = "broken";

#[derive(Default)]
pub(crate) struct MemoryServices {
    /// The next statements' answers; none is an empty result.
    pub rows: Mutex<Option<Result<String, ServiceError>>>,
    /// Statements that arrived: function, statement, parameters.
    pub statements: Mutex<Vec<(&'static str, String, Option<String>)>>,
    /// What happened to transactions, in order.
    pub transactions: Arc<Mutex<Vec<String>>>,
    pub config: Mutex<BTreeMap<String, String>>,
    pub emitted: Mutex<Vec<(String, String, String)>>,
    pub pairs: Mutex<BTreeMap<(String, String), String>>,
    pub cached: Mutex<Cached>,
    /// Activities that were recorded: actor, type, content.
    pub activities: Mutex<Vec<(Uuid, String, serde_json::Value)>>,
    /// Where each write was asked for: whether on a thread of the guest's own.
    pub apart: Mutex<Vec<bool>>,
    /// Told when a read of [`GATED_KEY`] has begun.
    pub arrived: Notify,
    /// Lets one read of [`GATED_KEY`] end.
    pub open: Notify,
}

impl MemoryServices {
    fn record(&self, function: &'static str, sql: &str, params: Option<&str>) {
        let statement = (function, sql.to_owned(), params.map(str::to_owned));
        self.statements.lock().unwrap().push(statement);
    }
}

fn broken(key: &str) -> Result<(), ServiceError> {
    if key == BROKEN_KEY {
        return Err(ServiceError::new("database_error", "the store is down"));
    }
    Ok(())
}

#[async_trait]
impl KeyValueStore for MemoryServices {
    async fn kv_get(&self, plugin: &PluginName, key: &str) -> Result<Option<String>, ServiceError> {
        if key == STUCK_KEY {
            std::future::pending::<()>().await;
        }
        if key == GATED_KEY {
            self.arrived.notify_one();
            self.open.notified().await;
        }
        broken(key)?;
        let pairs = self.pairs.lock().unwrap();
        Ok(pairs.get(&(plugin.to_string(), key.to_owned())).cloned())
    }

    async fn kv_set(
        &self,
        plugin: &PluginName,
        key: &str,
        value: &str,
    ) -> Result<(), ServiceError> {
        self.apart.lock().unwrap().push(std::thread::current().name() == Some("slow-guest"));
        broken(key)?;
        let mut pairs = self.pairs.lock().unwrap();
        pairs.insert((plugin.to_string(), key.to_owned()), value.to_owned());
        Ok(())
    }

    async fn kv_delete(&self, plugin: &PluginName, key: &str) -> Result<(), ServiceError> {
        broken(key)?;
        self.pairs.lock().unwrap().remove(&(plugin.to_string(), key.to_owned()));
        Ok(())
    }
}

#[async_trait]
impl Services for MemoryServices {
    async fn db_query(
        &self,
        _plugin: &PluginName,
        access: DbAccess,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, ServiceError> {
        let function = match access {
            DbAccess::ReadOnly => "read",
            DbAccess::ReadWrite => "write",
        };
        self.record(function, sql, params);
        let rows = self.rows.lock().unwrap().clone();
        rows.unwrap_or_else(|| Ok(r#"{"columns":[],"rows":[]}"#.to_owned()))
    }

    async fn db_exec(
        &self,
        _plugin: &PluginName,
        sql: &str,
        params: Option<&str>,
    ) -> Result<u64, ServiceError> {
        self.record("exec", sql, params);
        match self.rows.lock().unwrap().clone() {
            Some(Err(error)) => Err(error),
            // More than fits 32 bits.
            _ => Ok(0x1_0000_0003),
        }
    }

    async fn db_begin(&self, _plugin: &PluginName) -> Result<Box<dyn DbTransaction>, ServiceError> {
        if let Some(Err(error)) = self.rows.lock().unwrap().clone() {
            return Err(error);
        }
        Ok(transaction::begin(Arc::clone(&self.transactions)))
    }

    async fn config_get(&self, _plugin: &PluginName, key: &str) -> Option<String> {
        self.config.lock().unwrap().get(key).cloned()
    }

    async fn event_emit(
        &self,
        plugin: &PluginName,
        topic: &str,
        payload_json: &str,
    ) -> Result<(), ServiceError> {
        let event = (plugin.to_string(), topic.to_owned(), payload_json.to_owned());
        self.emitted.lock().unwrap().push(event);
        Ok(())
    }
}
