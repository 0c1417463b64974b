//! The plugin's own pairs behind `storage_*`.

use async_trait::async_trait;
use contract::name::PluginName;

use super::{ServiceError, not_offered};

/// Plugins' key-value stores.
///
/// The methods' own bodies are those of a host without any.
#[async_trait]
pub trait KeyValueStore: Send + Sync {
    /// The value under `key`, or `None`.
    async fn kv_get(
        &self,
        _plugin: &PluginName,
        _key: &str,
    ) -> Result<Option<String>, ServiceError> {
        Err(not_offered("a key-value store"))
    }

    /// Stores `value` under `key`, replacing what was there. A new key beyond the policy's limit of
    /// keys is an error.
    async fn kv_set(
        &self,
        _plugin: &PluginName,
        _key: &str,
        _value: &str,
    ) -> Result<(), ServiceError> {
        Err(not_offered("a key-value store"))
    }

    /// Removes `key`; removing what is absent succeeds (facts 1.3).
    async fn kv_delete(&self, _plugin: &PluginName, _key: &str) -> Result<(), ServiceError> {
        Err(not_offered("a key-value store"))
    }
}
