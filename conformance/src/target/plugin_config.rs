//! `[config]`: what the operator set for plugins.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `[config]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginConfig {
    /// Keys the operator set, with their values.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Keys the operator set to the empty text.
    #[serde(default)]
    pub empty_keys: Vec<String>,
    /// Keys the operator set as secrets and granted to no plugin of the suite.
    #[serde(default)]
    pub secret_keys: Vec<String>,
    /// A secret that the operator granted to one plugin.
    #[serde(default)]
    pub granted: Option<GrantedSecret>,
    /// How the installation presents itself, which plugins read with `settings_get`.
    #[serde(default)]
    pub branding: Option<Branding>,
}

/// `[config.branding]`
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Branding {
    /// Address of the logo.
    pub logo_url: String,
    /// The installation's name.
    pub brand_name: String,
    /// Main colour on a light ground.
    pub primary_color_light: String,
    /// Main colour on a dark ground.
    pub primary_color_dark: String,
}

/// `[config.granted]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantedSecret {
    /// The key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// The plugin it is granted to, `com.hostproof.…`; the suite installs one of that name.
    pub plugin: String,
}

impl PluginConfig {
    /// The first thing that is not there, and that cases about configuration need.
    pub(super) fn missing(&self) -> Option<&'static str> {
        let Self { values, empty_keys, secret_keys, granted, branding } = self;
        let missing = [
            (values.is_empty(), "values"),
            (empty_keys.is_empty(), "empty_keys"),
            (secret_keys.is_empty(), "secret_keys"),
            (granted.is_none(), "granted"),
            (branding.is_none(), "branding"),
        ];
        missing.into_iter().find_map(|(missing, key)| missing.then_some(key))
    }
}
