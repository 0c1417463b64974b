//! The cache that all instances of the plugin share. Anything in it may be gone at any time.

use crate::host::{self, HostError};
use crate::raw;

/// The value under `key`. A missing key and an empty value look the same in this ABI, and so does a cache that
/// does not answer.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, HostError> {
    let value = host::bytes("cache_get", raw::cache_get(key))?;
    Ok((!value.is_empty()).then_some(value))
}

/// Stores `value` under `key` for so many seconds; 0 is without end.
pub fn set(key: &str, value: &[u8], ttl_seconds: i32) -> Result<(), HostError> {
    host::status("cache_set", raw::cache_set(key, value, ttl_seconds))
}

/// Removes `key`. That it was not there is no error.
pub fn delete(key: &str) -> Result<(), HostError> {
    host::status("cache_delete", raw::cache_delete(key))
}
