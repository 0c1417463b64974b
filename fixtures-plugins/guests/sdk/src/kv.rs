//! The plugin's key-value storage.

use serde::{Serialize, de::DeserializeOwned};

use crate::host::{self, HostError};
use crate::raw;

/// The value under `key`. A missing key and an empty value look the same in this ABI.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, HostError> {
    let value = host::bytes("storage_get", raw::storage_get(key.as_bytes()))?;
    Ok((!value.is_empty()).then_some(value))
}

/// The value under `key`, read as JSON.
pub fn get_json<T: DeserializeOwned>(key: &str) -> Result<Option<T>, HostError> {
    get(key)?
        .map(|value| serde_json::from_slice(&value))
        .transpose()
        .map_err(|error| HostError::bad_answer("storage_get", error))
}

/// Stores `value` under `key`, over whatever was there.
pub fn set(key: &str, value: &[u8]) -> Result<(), HostError> {
    host::status("storage_set", raw::storage_set(key.as_bytes(), value))
}

/// Stores `value` as JSON under `key`.
pub fn set_json<T: Serialize + ?Sized>(key: &str, value: &T) -> Result<(), HostError> {
    let text =
        serde_json::to_vec(value).map_err(|error| HostError::bad_answer("storage_set", error))?;
    set(key, &text)
}

/// Removes `key`. That it was not there is no error.
pub fn delete(key: &str) -> Result<(), HostError> {
    host::status("storage_delete", raw::storage_delete(key.as_bytes()))
}
