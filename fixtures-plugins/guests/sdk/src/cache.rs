//! The cache that all instances of the plugin share, for plugins with the permission `cache:use`. Anything in it
//! may be gone at any time.

use serde::{Serialize, de::DeserializeOwned};

use crate::host::{self, HostError};
use crate::raw;

/// The value under `key`. A missing key and an empty value look the same in this ABI, and so does a cache that
/// does not answer.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, HostError> {
    let value = host::bytes("cache_get", raw::cache_get(key.as_bytes()))?;
    Ok((!value.is_empty()).then_some(value))
}

/// The value under `key`, read as JSON. What cannot be read is as good as gone.
pub fn get_json<T: DeserializeOwned>(key: &str) -> Result<Option<T>, HostError> {
    Ok(get(key)?.and_then(|value| serde_json::from_slice(&value).ok()))
}

/// Stores `value` under `key` for so many seconds; 0 is without end.
pub fn set(key: &str, value: &[u8], ttl_seconds: i32) -> Result<(), HostError> {
    host::status("cache_set", raw::cache_set(key.as_bytes(), value, ttl_seconds))
}

/// Stores `value` as JSON under `key` for so many seconds; 0 is without end.
pub fn set_json<T: Serialize + ?Sized>(
    key: &str,
    value: &T,
    ttl_seconds: i32,
) -> Result<(), HostError> {
    let text =
        serde_json::to_vec(value).map_err(|error| HostError::bad_answer("cache_set", error))?;
    set(key, &text, ttl_seconds)
}

/// Removes `key`. That it was not there is no error.
pub fn delete(key: &str) -> Result<(), HostError> {
    host::status("cache_delete", raw::cache_delete(key.as_bytes()))
}
