//! What the host provides behind the host functions, one trait per family: statements, values and
//! events in [`Services`] itself, [`KeyValueStore`], [`Cache`], and the host's [`Core`].

mod cache;
mod host_core;
mod store;

mod transaction;

use async_trait::async_trait;
use contract::core_reads::code;
use contract::name::PluginName;

pub use self::cache::Cache;
pub use self::host_core::Core;
pub use self::store::KeyValueStore;
pub use self::transaction::DbTransaction;

/// What a plugin's statement may do to the database (decisions D1 and D2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbAccess {
    /// `db_query`: run in a READ ONLY transaction.
    ReadOnly,
    /// `db_query2`: rows come back, and `INSERT … RETURNING` and its like may write.
    ReadWrite,
}

/// The stores and buses of a host, as the sandbox needs them.
///
/// Every method is called with the plugin on whose behalf it acts, after the sandbox has checked
/// the policy and the manifest's grants, and inside the call's deadline: the future is dropped when
/// the deadline passes, so an implementation must leave nothing half done when that happens (a
/// database transaction that is dropped rolls back).
#[async_trait]
pub trait Services: KeyValueStore + Cache + Core + 'static {
    /// Runs an admitted statement and returns its rows as JSON text,
    /// [`contract::db::QueryResult`]. `params` is the guest's text, a JSON array; `None` when the
    /// guest passed nothing.
    async fn db_query(
        &self,
        plugin: &PluginName,
        access: DbAccess,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, ServiceError>;

    /// Runs an admitted statement and returns how many rows it affected.
    async fn db_exec(
        &self,
        plugin: &PluginName,
        sql: &str,
        params: Option<&str>,
    ) -> Result<u64, ServiceError>;

    /// Begins a transaction for the rest of a call, see [`DbTransaction`].
    async fn db_begin(&self, plugin: &PluginName) -> Result<Box<dyn DbTransaction>, ServiceError>;

    /// The configured value of a key that the manifest lists, or `None`. Whether a secret is
    /// granted to this plugin is the implementation's to decide (decision C1).
    async fn config_get(&self, plugin: &PluginName, key: &str) -> Option<String>;

    /// Publishes a plugin's event. `payload_json` is the guest's text as it was; see
    /// [`contract::event::Emitted::new`].
    async fn event_emit(
        &self,
        plugin: &PluginName,
        topic: &str,
        payload_json: &str,
    ) -> Result<(), ServiceError>;
}

/// Why a service could not do what was asked. The guest reads `code: message` where the function
/// has a way to tell it, so `message` must hold nothing the plugin may not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ServiceError {
    /// Stable code, such as `permission_denied`.
    pub code: &'static str,
    /// Human text.
    pub message: String,
}

impl ServiceError {
    /// An error with its code.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The answer of a host that lacks a family.
fn not_offered(what: &str) -> ServiceError {
    ServiceError::new(code::NOT_OFFERED, format!("this host does not offer {what}"))
}
