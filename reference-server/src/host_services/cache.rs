//! `cache_*` on the host's cache.

use std::time::Duration;

use async_trait::async_trait;
use contract::name::PluginName;
use sandbox::{Cache, ServiceError};
use storage::StorageError;

use super::{HostServices, unavailable};

#[async_trait]
impl Cache for HostServices {
    async fn cache_get(
        &self,
        plugin: &PluginName,
        key: &str,
    ) -> Result<Option<Vec<u8>>, ServiceError> {
        self.cache.get(plugin, key).await.map_err(|error| failed(&error))
    }

    async fn cache_set(
        &self,
        plugin: &PluginName,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<(), ServiceError> {
        self.cache.set(plugin, key, value, ttl).await.map_err(|error| failed(&error))
    }

    async fn cache_delete(&self, plugin: &PluginName, key: &str) -> Result<(), ServiceError> {
        self.cache.delete(plugin, key).await.map_err(|error| failed(&error))
    }
}

fn failed(error: &StorageError) -> ServiceError {
    unavailable("the cache", error)
}
