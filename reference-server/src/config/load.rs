//! Reading the settings: default file, then the operator's file, then the environment.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider,
    error::Kind,
    providers::{Format as _, Toml},
    value::{Dict, Map, Value},
};

use lifecycle::CRASH_POINTS;
use policy::Limits;

use super::{
    AwsVariables, Config, DEFAULT_CONFIG, MIN_JWT_SECRET_BYTES, PluginStore,
    settings::{PLUGIN_CONFIG_PREFIX, Setting, settings},
};
use crate::auth::password::MIN_PASSWORD_CHARS;

/// Why the settings were refused. Lists every problem at once.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file given with `--config` cannot be read.
    #[error("cannot read the configuration file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The settings are wrong or incomplete.
    #[error("the configuration is not valid:{}", list(.0))]
    Invalid(Vec<ConfigProblem>),
}

/// One wrong setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Key in the file, dotted.
    pub key: String,
    /// Where the value came from: a file, or an environment variable.
    pub origin: String,
    /// What is wrong with it.
    pub message: String,
}

fn list(problems: &[ConfigProblem]) -> String {
    let mut text = String::new();
    for ConfigProblem { key, origin, message } in problems {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {key} ({origin}): {message}");
    }
    text
}

impl Config {
    /// Reads the default file, `file` and `environment`, each winning over the one before.
    ///
    /// A variable that is set but empty counts as not set: compose files and CI write those.
    pub fn load(
        file: Option<&Path>,
        environment: &[(String, String)],
    ) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Toml::string(DEFAULT_CONFIG));
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
            let unknown = unknown_keys(path, &text);
            if !unknown.is_empty() {
                return Err(ConfigError::Invalid(unknown));
            }
            figment = figment.merge(File { path, text: &text });
        }
        for (name, value) in environment {
            if let Some(setting) = settings().find(|setting| setting.variable == name)
                && !value.is_empty()
            {
                figment = figment.merge(Variable { setting, value });
            }
        }
        // Lossy: the environment knows only text, so "1024" must do for a number and "true" for a flag.
        let mut config: Self = figment.extract_lossy().map_err(|error| {
            ConfigError::Invalid(error.into_iter().map(|error| explain(&error)).collect())
        })?;
        let aws = environment
            .iter()
            .filter(|(name, value)| name.starts_with("AWS_") && !value.is_empty());
        config.aws = AwsVariables(aws.cloned().collect());
        let problems = config.problems();
        if problems.is_empty() { Ok(config) } else { Err(ConfigError::Invalid(problems)) }
    }

    /// What types alone cannot say.
    fn problems(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        let mut check = |ok: bool, key: &str, message: String| {
            if !ok {
                let origin = settings()
                    .find(|setting| setting.key == key)
                    .map_or_else(String::new, |setting| setting.variable.to_owned());
                problems.push(ConfigProblem { key: key.to_owned(), origin, message });
            }
        };
        check(!self.database.url.is_empty(), "database.url", "required, but not set".into());
        let secret_bytes = self.auth.jwt_secret.expose().len();
        check(secret_bytes > 0, "auth.jwt_secret", "required, but not set".into());
        check(
            secret_bytes == 0 || secret_bytes >= MIN_JWT_SECRET_BYTES,
            "auth.jwt_secret",
            format!("has {secret_bytes} bytes, but must have at least {MIN_JWT_SECRET_BYTES}"),
        );
        check(
            self.plugins.store == PluginStore::Local || self.plugins.bucket.is_some(),
            "plugins.bucket",
            "required for the store \"s3\"".into(),
        );
        if let Some(point) = &self.plugins.crash_at {
            let known = point.split_once(':').is_some_and(|(_, name)| CRASH_POINTS.contains(&name));
            check(
                cfg!(debug_assertions) && known,
                "plugins.crash_at",
                "for builds with debug assertions only, and as {action}:{point}".into(),
            );
        }
        check(self.database.max_connections > 0, "database.max_connections", not_zero());
        for (key, value) in limits(&self.limits) {
            // A host that grants nothing of something can serve nobody; only redirects may be none.
            let is_zero = key != "limits.fetch_redirects"
                && (value.as_integer() == Some(0) || value.as_str() == Some("0s"));
            check(!is_zero, &key, not_zero());
        }
        check(self.database.plugin_connections > 0, "database.plugin_connections", not_zero());
        check(
            self.database.plugin_connections_each > 0,
            "database.plugin_connections_each",
            not_zero(),
        );
        check(
            self.sandbox.idle_duration.as_millis() >= 4,
            "sandbox.idle_duration",
            "must be at least 4ms".into(),
        );
        check(!self.database.acquire_timeout.is_zero(), "database.acquire_timeout", not_zero());
        check(!self.database.statement_timeout.is_zero(), "database.statement_timeout", not_zero());
        check(!self.readiness_timeout.is_zero(), "readiness_timeout", not_zero());
        check(!self.marketplace.timeout.is_zero(), "marketplace.timeout", not_zero());
        let zero = self.marketplace.catalog_timeout.is_some_and(|timeout| timeout.is_zero());
        check(!zero, "marketplace.catalog_timeout", not_zero());
        match (&self.admin.username, &self.admin.password) {
            (Some(_), None) => {
                check(false, "admin.password", "required when admin.username is set".into());
            }
            (None, Some(_)) => {
                check(false, "admin.username", "required when admin.password is set".into());
            }
            (Some(username), Some(password)) => {
                check(!username.trim().is_empty(), "admin.username", "must not be empty".into());
                check(
                    password.expose().chars().count() >= MIN_PASSWORD_CHARS,
                    "admin.password",
                    format!("must have at least {MIN_PASSWORD_CHARS} characters"),
                );
            }
            (None, None) => {}
        }
        problems
    }
}

fn limits(limits: &Limits) -> impl Iterator<Item = (String, toml::Value)> {
    // Numbers and texts: there is nothing in it that could not be written.
    let table = toml::Table::try_from(limits).unwrap_or_default();
    table.into_iter().map(|(name, value)| (format!("limits.{name}"), value))
}

fn not_zero() -> String {
    "must be greater than zero".into()
}

/// Every key of a file that is no setting, so that all of them are reported at once. A file that is
/// no TOML has none; reading it will say so.
fn unknown_keys(path: &Path, text: &str) -> Vec<ConfigProblem> {
    let mut found = Vec::new();
    if let Ok(table) = text.parse::<toml::Table>() {
        collect_unknown(&table, "", &mut found);
    }
    found
        .into_iter()
        .map(|(section, key)| ConfigProblem {
            origin: path.display().to_string(),
            message: format!("unknown key; known here are {}", known_in(&section).join(", ")),
            key,
        })
        .collect()
}

/// Adds the unknown keys of one table, each with the section (`plugins.`) it is in.
fn collect_unknown(table: &toml::Table, section: &str, found: &mut Vec<(String, String)>) {
    for (name, value) in table {
        let key = format!("{section}{name}");
        let inside = format!("{key}.");
        if settings().any(|setting| setting.key == key) {
            continue;
        }
        match value {
            toml::Value::Table(inner) if settings().any(|s| s.key.starts_with(&inside)) => {
                collect_unknown(inner, &inside, found);
            }
            _ => found.push((section.to_owned(), key)),
        }
    }
}

/// The names that a section may hold.
fn known_in(section: &str) -> Vec<&'static str> {
    let mut names: Vec<_> = settings()
        .filter_map(|setting| setting.key.strip_prefix(section)?.split('.').next())
        .collect();
    names.dedup();
    names
}

/// Names of variables that look like ours but set nothing: most likely misspelt.
///
/// They are reported, not refused: the environment is shared with other programs, and the
/// original host has `PLUGINS_*` variables that this one does not need.
pub fn unknown_variables(environment: &[(String, String)]) -> Vec<&str> {
    environment
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| name.starts_with("PLUGINS_") || name.starts_with("PLUGIN_"))
        .filter(|name| !name.starts_with(PLUGIN_CONFIG_PREFIX))
        .filter(|name| settings().all(|setting| setting.variable != *name))
        .collect()
}

/// The operator's file. A provider of our own, because the file is read (and its absence
/// reported) before parsing.
struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Provider for File<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.path.display().to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Toml::string(self.text).data()
    }
}

/// One environment variable. One provider each, so that an error can name the variable.
struct Variable<'a> {
    setting: &'a Setting,
    value: &'a str,
}

impl Provider for Variable<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.setting.variable)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut parts = self.setting.key.rsplit('.');
        let last = parts.next().unwrap_or_default();
        let mut dict = Dict::from([(last.to_owned(), Value::from(self.value))]);
        for part in parts {
            dict = Dict::from([(part.to_owned(), Value::from(dict))]);
        }
        Ok(Profile::Default.collect(dict))
    }
}

/// Turns a figment error into key, origin and message.
fn explain(error: &figment::Error) -> ConfigProblem {
    let mut path = error.path.clone();
    let message = match &error.kind {
        Kind::MissingField(field) => {
            path.push(field.to_string());
            "required, but not set".to_owned()
        }
        kind => kind.to_string(),
    };
    let origin =
        error.metadata.as_ref().map_or_else(|| "settings".to_owned(), |m| m.name.to_string());
    let key = if path.is_empty() { "file".to_owned() } else { path.join(".") };
    ConfigProblem { key, origin, message }
}

#[cfg(test)]
mod tests;
