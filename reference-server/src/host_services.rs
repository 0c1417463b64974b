//! What plugins ask of the host, served from its stores.
//!
//! The sandbox has checked policy and manifest before anything arrives here; the database enforces
//! what it must whatever arrived.

mod cache;
mod host_core;
mod transaction;

use std::sync::Arc;

use async_trait::async_trait;
use contract::core_reads::{Branding, code};
use contract::name::PluginName;
use sandbox::{DbAccess, DbTransaction, KeyValueStore, ServiceError, Services};
use storage::{
    Database, StorageError,
    activities::Activities,
    cache::PluginCache,
    events::EventBus,
    plugin_sql::{Access as SqlAccess, SqlError},
};

use crate::{auth::permissions::Access, config::PluginValues, error::chain};

/// The stores behind the host functions.
#[derive(Debug)]
pub struct HostServices {
    /// Core tables and plugins' own.
    pub database: Database,
    /// Where plugins' events go.
    pub events: Arc<dyn EventBus>,
    /// Values for `config_get`.
    pub values: PluginValues,
    /// Where plugins keep what may be lost.
    pub cache: PluginCache,
    /// Where plugins' activities go.
    pub activities: Activities,
    /// What users may do.
    pub access: Access,
    /// How the installation presents itself.
    pub branding: Branding,
}

#[async_trait]
impl Services for HostServices {
    async fn db_query(
        &self,
        plugin: &PluginName,
        access: DbAccess,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, ServiceError> {
        let rows = self.database.plugin_sql().query(plugin, asked(access), sql, params).await;
        rows.map_err(|error| for_guest(plugin, error))
    }

    async fn db_exec(
        &self,
        plugin: &PluginName,
        sql: &str,
        params: Option<&str>,
    ) -> Result<u64, ServiceError> {
        let affected = self.database.plugin_sql().exec(plugin, sql, params).await;
        affected.map_err(|error| for_guest(plugin, error))
    }

    async fn db_begin(&self, plugin: &PluginName) -> Result<Box<dyn DbTransaction>, ServiceError> {
        let begun = self.database.plugin_sql().begin(plugin).await;
        let transaction = begun.map_err(|error| for_guest(plugin, error))?;
        Ok(transaction::open(plugin.clone(), transaction))
    }

    async fn config_get(&self, plugin: &PluginName, key: &str) -> Option<String> {
        self.values.get(plugin.as_str(), key).map(str::to_owned)
    }

    async fn event_emit(
        &self,
        plugin: &PluginName,
        topic: &str,
        payload_json: &str,
    ) -> Result<(), ServiceError> {
        self.events.emit(plugin, topic, payload_json).await.map_err(|error| {
            // The guest learns that it failed; which store and why is the operator's business.
            log_failure(plugin, &error);
            ServiceError::new("event_not_published", "the event could not be published")
        })
    }
}

#[async_trait]
impl KeyValueStore for HostServices {
    async fn kv_get(&self, plugin: &PluginName, key: &str) -> Result<Option<String>, ServiceError> {
        let value = self.database.plugin_kv().get(plugin, key).await;
        value.map_err(|error| for_guest(plugin, error))
    }

    async fn kv_set(
        &self,
        plugin: &PluginName,
        key: &str,
        value: &str,
    ) -> Result<(), ServiceError> {
        let stored = self.database.plugin_kv().set(plugin, key, value).await;
        stored.map_err(|error| for_guest(plugin, error))
    }

    async fn kv_delete(&self, plugin: &PluginName, key: &str) -> Result<(), ServiceError> {
        let deleted = self.database.plugin_kv().delete(plugin, key).await;
        deleted.map_err(|error| for_guest(plugin, error))
    }
}

/// A store failed: the guest learns that much, the log why.
fn unavailable(what: &str, error: &StorageError) -> ServiceError {
    tracing::warn!(error = chain(error), "{what} failed");
    ServiceError::new(code::UNAVAILABLE, format!("{what} cannot be used now"))
}

fn asked(access: DbAccess) -> SqlAccess {
    match access {
        DbAccess::ReadOnly => SqlAccess::ReadOnly,
        DbAccess::ReadWrite => SqlAccess::ReadWrite,
    }
}

/// A plugin's own statement failed: its text is made for the guest. A store that is away is the
/// operator's to know, too.
fn for_guest(plugin: &PluginName, error: SqlError) -> ServiceError {
    if error.is_unavailable() {
        tracing::warn!(plugin = plugin.as_str(), error = chain(&error), "the database is away");
    }
    ServiceError { code: error.code, message: error.message }
}

fn log_failure(plugin: &PluginName, error: &StorageError) {
    tracing::warn!(plugin = plugin.as_str(), error = chain(error), "event not published");
}
