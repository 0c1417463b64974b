//! How the installation looks.

use serde::Deserialize;

use crate::host::{self, HostError};
use crate::raw;

/// The installation's branding. What is not set is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Settings {
    /// Where its logo is.
    pub logo_url: String,
    /// What it calls itself.
    pub brand_name: String,
    /// Its colour on a light background.
    pub primary_color_light: String,
    /// Its colour on a dark background.
    pub primary_color_dark: String,
}

/// Asks the host.
pub fn get() -> Result<Settings, HostError> {
    const NAME: &str = "settings_get";
    let text = host::bytes(NAME, raw::settings_get())?;
    serde_json::from_slice(&text).map_err(|error| HostError::bad_answer(NAME, error))
}
