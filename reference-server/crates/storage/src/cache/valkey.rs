//! The cache that replicas share.

use std::time::Duration;

use redis::aio::ConnectionManager;

use crate::error::StorageError;
use crate::valkey::connect;

/// Entries in Valkey.
#[derive(Clone)]
pub(super) struct ValkeyCache {
    commands: ConnectionManager,
}

impl ValkeyCache {
    pub(super) async fn connect(url: &str) -> Result<Self, StorageError> {
        Ok(Self { commands: connect(url).await? })
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StorageError> {
        redis::cmd("GET")
            .arg(key)
            .query_async(&mut self.commands.clone())
            .await
            .map_err(StorageError::events("reading a cache entry"))
    }

    pub(super) async fn set(
        &self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<(), StorageError> {
        let mut command = redis::cmd("SET");
        command.arg(key).arg(value);
        if let Some(ttl) = ttl {
            command.arg("EX").arg(ttl.as_secs());
        }
        command
            .exec_async(&mut self.commands.clone())
            .await
            .map_err(StorageError::events("writing a cache entry"))
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), StorageError> {
        redis::cmd("DEL")
            .arg(key)
            .exec_async(&mut self.commands.clone())
            .await
            .map_err(StorageError::events("removing a cache entry"))
    }
}

impl std::fmt::Debug for ValkeyCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ValkeyCache").finish_non_exhaustive()
    }
}
