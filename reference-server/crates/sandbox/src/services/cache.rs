//! The cache behind `cache_*`.

use std::time::Duration;

use async_trait::async_trait;
use contract::name::PluginName;

use super::{ServiceError, not_offered};

/// A cache that replicas of a host share. Each plugin sees entries of its own only; any of them may
/// be gone at any time.
///
/// The methods' own bodies are those of a host without a cache.
#[async_trait]
pub trait Cache: Send + Sync {
    /// The value under `key`, or `None`.
    async fn cache_get(
        &self,
        _plugin: &PluginName,
        _key: &str,
    ) -> Result<Option<Vec<u8>>, ServiceError> {
        Err(not_offered("a cache"))
    }

    /// Stores `value` under `key` for as long as `ttl` says; `None` is until it is evicted.
    async fn cache_set(
        &self,
        _plugin: &PluginName,
        _key: &str,
        _value: &[u8],
        _ttl: Option<Duration>,
    ) -> Result<(), ServiceError> {
        Err(not_offered("a cache"))
    }

    /// Removes `key`; removing what is absent succeeds.
    async fn cache_delete(&self, _plugin: &PluginName, _key: &str) -> Result<(), ServiceError> {
        Err(not_offered("a cache"))
    }
}
