//! Configuration the operator gave to this plugin.

use crate::host::{self, HostError};
use crate::raw;

/// The value of a key that the manifest lists in `backend.allowedConfigKeys`; `None` when the host has none,
/// or does not grant it.
pub fn get(key: &str) -> Result<Option<String>, HostError> {
    let value = host::bytes("config_get", raw::config_get(key))?;
    let value =
        String::from_utf8(value).map_err(|error| HostError::bad_answer("config_get", error))?;
    Ok((!value.is_empty()).then_some(value))
}
