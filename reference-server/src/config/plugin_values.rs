//! Values that guests read with `config_get` (decision C1).
//!
//! Plain values are for every plugin that lists the key in `allowedConfigKeys`. A secret is for
//! the plugins an operator granted it to: that a plugin lists a key in its own manifest is a
//! wish, not a grant.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{Secret, settings::PLUGIN_CONFIG_PREFIX};

/// The values, looked up by [`PluginValues::get`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PluginValues {
    values: BTreeMap<String, String>,
    secrets: BTreeMap<String, GrantedSecret>,
}

/// `[secrets.KEY]` of the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantedSecret {
    /// May be left out when `PLUGIN_CONFIG_<KEY>` brings it.
    #[serde(default)]
    value: Secret,
    granted_to: BTreeSet<String>,
}

/// The file named by `PLUGINS_CONFIG_FILE`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PluginValuesFile {
    #[serde(default)]
    values: BTreeMap<String, String>,
    #[serde(default)]
    secrets: BTreeMap<String, GrantedSecret>,
}

/// Why the plugins' values could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PluginValuesError {
    /// The file cannot be read.
    #[error("cannot read the plugins' configuration file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what is described in the default configuration.
    #[error("the plugins' configuration file {} is not valid", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        source: Box<toml::de::Error>,
    },
    /// A key is both a plain value and a secret.
    #[error("{key} is both a value and a secret in {}", path.display())]
    Ambiguous {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
}

impl PluginValues {
    /// Reads `file`, then `PLUGIN_CONFIG_*` of `environment`, which wins.
    ///
    /// A variable whose key the file declares as a secret replaces the secret's value and leaves
    /// its grants alone.
    pub fn load(
        file: Option<&Path>,
        environment: &[(String, String)],
    ) -> Result<Self, PluginValuesError> {
        let PluginValuesFile { mut values, mut secrets } = match file {
            Some(path) => Self::read(path)?,
            None => PluginValuesFile::default(),
        };
        for (name, value) in environment {
            if let Some(key) = name.strip_prefix(PLUGIN_CONFIG_PREFIX) {
                match secrets.get_mut(key) {
                    Some(secret) => secret.value = value.clone().into(),
                    None => {
                        values.insert(key.to_owned(), value.clone());
                    }
                }
            }
        }
        Ok(Self { values, secrets })
    }

    fn read(path: &Path) -> Result<PluginValuesFile, PluginValuesError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| PluginValuesError::Unreadable { path: path.to_owned(), source })?;
        let file: PluginValuesFile = toml::from_str(&text).map_err(|source| {
            PluginValuesError::Invalid { path: path.to_owned(), source: Box::new(source) }
        })?;
        match file.values.keys().find(|key| file.secrets.contains_key(*key)) {
            Some(key) => {
                Err(PluginValuesError::Ambiguous { path: path.to_owned(), key: key.clone() })
            }
            None => Ok(file),
        }
    }

    /// The value of `key` for `plugin`. Absent, empty and not granted look the same to a guest,
    /// so that it cannot probe for secrets.
    ///
    /// That the manifest lists the key is checked before, in the host function.
    pub fn get(&self, plugin: &str, key: &str) -> Option<&str> {
        let value = match self.secrets.get(key) {
            Some(secret) => secret.granted_to.contains(plugin).then(|| secret.value.expose()),
            None => self.values.get(key).map(String::as_str),
        };
        value.filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed load is the test's failure")]

    use std::io::Write as _;

    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<PluginValues, PluginValuesError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let environment: Vec<_> =
            environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        PluginValues::load(Some(file.path()), &environment)
    }

    const FILE: &str = r#"
        [values]
        PUBLIC_URL = "https://file.test"
        EMPTY = ""
        [secrets.TOKEN]
        value = "file-token"
        granted_to = ["com.example.a"]
    "#;

    #[test]
    fn a_secret_is_served_to_the_plugins_it_was_granted_to() {
        let values = load(FILE, &[]).unwrap();
        assert_eq!(values.get("com.example.a", "TOKEN"), Some("file-token"));
        assert_eq!(values.get("com.example.b", "TOKEN"), None);
        assert_eq!(values.get("com.example.b", "PUBLIC_URL"), Some("https://file.test"));
        assert_eq!(values.get("com.example.a", "EMPTY"), None);
        assert_eq!(values.get("com.example.a", "ABSENT"), None);
    }

    #[test]
    fn the_environment_replaces_values_and_keeps_grants() {
        let values = load(
            FILE,
            &[("PLUGIN_CONFIG_TOKEN", "env-token"), ("PLUGIN_CONFIG_PUBLIC_URL", "https://env")],
        )
        .unwrap();
        assert_eq!(values.get("com.example.a", "TOKEN"), Some("env-token"));
        assert_eq!(values.get("com.example.b", "TOKEN"), None);
        assert_eq!(values.get("com.example.b", "PUBLIC_URL"), Some("https://env"));
    }

    #[test]
    fn mistakes_in_the_file_are_refused() {
        let unknown = load("[vaules]\nA = \"b\"", &[]).unwrap_err();
        assert!(matches!(unknown, PluginValuesError::Invalid { .. }), "{unknown}");
        let twice = "[values]\nA = \"b\"\n[secrets.A]\nvalue = \"c\"\ngranted_to = []";
        let twice = load(twice, &[]).unwrap_err();
        assert!(matches!(twice, PluginValuesError::Ambiguous { .. }), "{twice}");
        let gone = PluginValues::load(Some(Path::new("/nowhere.toml")), &[]).unwrap_err();
        assert!(matches!(gone, PluginValuesError::Unreadable { .. }), "{gone}");
    }
}
