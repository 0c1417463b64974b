//! The cache of a host on its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;

/// What all entries together may take, keys included: the cache is a convenience and must not be
/// what a small machine runs out of memory for.
const CAPACITY_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Clone, Debug)]
struct Entry {
    value: Arc<[u8]>,
    ttl: Option<Duration>,
}

/// Every entry lives as long as it was told when it was written.
struct PerEntry;

impl Expiry<String, Entry> for PerEntry {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: Instant) -> Option<Duration> {
        entry.ttl
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &Entry,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        entry.ttl
    }
}

/// Entries in memory; the least used go first when there is no room.
#[derive(Clone, Debug)]
pub(super) struct InProcessCache(Cache<String, Entry>);

impl InProcessCache {
    pub(super) fn new() -> Self {
        let size = |key: &String, entry: &Entry| {
            u32::try_from(key.len() + entry.value.len()).unwrap_or(u32::MAX)
        };
        Self(
            Cache::builder()
                .max_capacity(CAPACITY_BYTES)
                .weigher(size)
                .expire_after(PerEntry)
                .build(),
        )
    }

    pub(super) fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.get(key).map(|entry| entry.value.to_vec())
    }

    pub(super) fn set(&self, key: String, value: &[u8], ttl: Option<Duration>) {
        self.0.insert(key, Entry { value: value.into(), ttl });
    }

    pub(super) fn delete(&self, key: &str) {
        self.0.invalidate(key);
    }
}
