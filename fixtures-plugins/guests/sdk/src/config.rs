//! Configuration the operator gave to this plugin.

use crate::Error;
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

/// Like [`get`], for a value without which the plugin cannot work: where there is none the answer is a 500, and
/// the log names the key.
pub fn require(key: &str) -> Result<String, Error> {
    get(key)?.ok_or_else(|| {
        Error::internal(format_args!("the configuration has no value for `{key}` for this plugin"))
    })
}
