//! Key-value pairs and cache entries, in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use contract::name::PluginName;
use sandbox::{Cache, KeyValueStore, ServiceError};

use super::Shared;
use crate::scenario::Scenario;

pub(crate) type Map = BTreeMap<String, String>;

/// The pairs of one plugin.
#[derive(Debug)]
pub(crate) struct Pairs {
    store: Mutex<Map>,
    cache: Mutex<BTreeMap<String, Vec<u8>>>,
    most: usize,
}

impl Pairs {
    pub(super) fn new(scenario: &Scenario, most: usize) -> Self {
        let cache = scenario.cache.iter().map(|(key, value)| (key.clone(), value.clone().into()));
        Self { store: Mutex::new(scenario.store.clone()), cache: Mutex::new(cache.collect()), most }
    }

    pub(super) fn get(&self, key: &str) -> Option<String> {
        lock(&self.store).get(key).cloned()
    }

    pub(super) fn set(&self, key: &str, value: &str) -> Result<(), ServiceError> {
        let mut store = lock(&self.store);
        if !store.contains_key(key) && store.len() >= self.most {
            let most = self.most;
            return Err(ServiceError::new(
                "too_many_keys",
                format!("a plugin has {most} keys at most"),
            ));
        }
        store.insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    pub(super) fn delete(&self, key: &str) {
        lock(&self.store).remove(key);
    }

    /// All pairs, for a transaction that may have to undo its changes.
    pub(super) fn all(&self) -> Map {
        lock(&self.store).clone()
    }

    /// Undoes what was changed since [`Self::all`].
    pub(super) fn restore(&self, all: Map) {
        *lock(&self.store) = all;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds the lock can leave a map half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl KeyValueStore for Shared {
    async fn kv_get(&self, _: &PluginName, key: &str) -> Result<Option<String>, ServiceError> {
        Ok(self.0.pairs.get(key))
    }

    async fn kv_set(&self, _: &PluginName, key: &str, value: &str) -> Result<(), ServiceError> {
        self.0.pairs.set(key, value)
    }

    async fn kv_delete(&self, _: &PluginName, key: &str) -> Result<(), ServiceError> {
        self.0.pairs.delete(key);
        Ok(())
    }
}

#[async_trait]
impl Cache for Shared {
    async fn cache_get(&self, _: &PluginName, key: &str) -> Result<Option<Vec<u8>>, ServiceError> {
        Ok(lock(&self.0.pairs.cache).get(key).cloned())
    }

    async fn cache_set(
        &self,
        _: &PluginName,
        key: &str,
        value: &[u8],
        // Time passes for nobody here.
        _ttl: Option<Duration>,
    ) -> Result<(), ServiceError> {
        lock(&self.0.pairs.cache).insert(key.to_owned(), value.to_owned());
        Ok(())
    }

    async fn cache_delete(&self, _: &PluginName, key: &str) -> Result<(), ServiceError> {
        lock(&self.0.pairs.cache).remove(key);
        Ok(())
    }
}
