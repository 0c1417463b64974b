//! `[config]`: what the operator set for plugins.

use std::collections::BTreeMap;

use serde::Deserialize;

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
        let Self { values, empty_keys, secret_keys, granted } = self;
        let missing = [
            (values.is_empty(), "values"),
            (empty_keys.is_empty(), "empty_keys"),
            (secret_keys.is_empty(), "secret_keys"),
            (granted.is_none(), "granted"),
        ];
        missing.into_iter().find_map(|(missing, key)| missing.then_some(key))
    }
}
