//! A cache in memory. What was set with a time to live is remembered with it, and never expires.

use std::time::Duration;

use async_trait::async_trait;
use contract::name::PluginName;
use sandbox::{Cache, ServiceError};

use super::{MemoryServices, broken};

#[async_trait]
impl Cache for MemoryServices {
    async fn cache_get(
        &self,
        plugin: &PluginName,
        key: &str,
    ) -> Result<Option<Vec<u8>>, ServiceError> {
        broken(key)?;
        let entries = self.cached.lock().unwrap();
        Ok(entries.get(&(plugin.to_string(), key.to_owned())).map(|(value, _)| value.clone()))
    }

    async fn cache_set(
        &self,
        plugin: &PluginName,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<(), ServiceError> {
        broken(key)?;
        let mut entries = self.cached.lock().unwrap();
        entries.insert((plugin.to_string(), key.to_owned()), (value.to_vec(), ttl));
        Ok(())
    }

    async fn cache_delete(&self, plugin: &PluginName, key: &str) -> Result<(), ServiceError> {
        broken(key)?;
        self.cached.lock().unwrap().remove(&(plugin.to_string(), key.to_owned()));
        Ok(())
    }
}
