//! The plugins' cache: in Valkey, shared by all replicas, or in this process.
//!
//! Both keep to one behaviour: an entry belongs to one plugin, lives as long as it was told, and may
//! be gone earlier.

mod in_process;
mod valkey;

use std::time::Duration;

use contract::name::PluginName;

use crate::error::StorageError;
use in_process::InProcessCache;
use valkey::ValkeyCache;

/// The cache of a host. Cheap to clone; clones are the same cache.
#[derive(Clone, Debug)]
pub struct PluginCache(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Valkey(ValkeyCache),
    InProcess(InProcessCache),
}

impl PluginCache {
    /// A cache in the Valkey at `redis://…`.
    pub async fn valkey(url: &str) -> Result<Self, StorageError> {
        Ok(Self(Kind::Valkey(ValkeyCache::connect(url).await?)))
    }

    /// A cache in this process, which ends with it.
    pub fn in_process() -> Self {
        Self(Kind::InProcess(InProcessCache::new()))
    }

    /// The value of a key, if there is one.
    pub async fn get(
        &self,
        plugin: &PluginName,
        key: &str,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        let key = entry(plugin, key);
        match &self.0 {
            Kind::Valkey(cache) => cache.get(&key).await,
            Kind::InProcess(cache) => Ok(cache.get(&key)),
        }
    }

    /// Sets a key, for as long as `ttl` says; `None` is without end.
    pub async fn set(
        &self,
        plugin: &PluginName,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<(), StorageError> {
        let key = entry(plugin, key);
        match &self.0 {
            Kind::Valkey(cache) => cache.set(&key, value, ttl).await,
            Kind::InProcess(cache) => {
                cache.set(key, value, ttl);
                Ok(())
            }
        }
    }

    /// Removes a key; one that is not there is no error.
    pub async fn delete(&self, plugin: &PluginName, key: &str) -> Result<(), StorageError> {
        let key = entry(plugin, key);
        match &self.0 {
            Kind::Valkey(cache) => cache.delete(&key).await,
            Kind::InProcess(cache) => {
                cache.delete(&key);
                Ok(())
            }
        }
    }
}

/// Where a plugin's key lies (facts 5.1). The name's length stands before the name: whatever a name
/// or a key consists of, no two plugins ever mean the same entry.
fn entry(plugin: &PluginName, key: &str) -> String {
    let name = plugin.as_str();
    format!("plugin:{}:{name}:{key}", name.len())
}
