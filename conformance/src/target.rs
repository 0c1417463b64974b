//! The target file: which host to judge, what it claims, and what the suite may use around it.
//!
//! Unknown keys are refused. `hostproof init` writes one with all keys and their meaning.

mod edit;
mod faults;
mod limits;
mod outbound;
mod plugin_config;
mod template;

pub use edit::written;
pub use faults::Faults;
pub use limits::Limits;
pub use outbound::OutboundServer;
pub use plugin_config::{GrantedSecret, PluginConfig};
pub use template::{Answers, render};

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use crate::case::{Feature, Profile};

/// A target file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// File of the failures that are known; relative to the target file.
    pub baseline: Option<PathBuf>,
    /// The host.
    pub host: Host,
    /// What it claims.
    #[serde(default)]
    pub claims: Claims,
    /// Its administrator.
    pub admin: Option<Admin>,
    /// The catalog the suite serves.
    pub catalog: Option<CatalogServer>,
    /// The outbound server the suite runs.
    pub outbound: Option<OutboundServer>,
    /// The Valkey on which the host publishes events.
    pub valkey: Option<Valkey>,
    /// How the host's services are taken away and brought back.
    pub faults: Option<Faults>,
    /// The plugin configuration the operator set.
    #[serde(default)]
    pub config: PluginConfig,
    /// The host's limits.
    #[serde(default)]
    pub limits: Limits,
}

/// `[host]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Name for reports.
    pub name: String,
    /// Base URL; paths of the specification begin below it.
    pub url: Url,
    /// Whether it is yours: only then anything but zero-fixture cases runs.
    #[serde(default)]
    pub owned: bool,
}

/// `[claims]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Profiles of the specification.
    #[serde(default = "all_profiles")]
    pub profiles: BTreeSet<Profile>,
    /// Features beyond them.
    #[serde(default)]
    pub features: BTreeSet<Feature>,
}

fn all_profiles() -> BTreeSet<Profile> {
    Profile::ALL.iter().copied().collect()
}

impl Default for Claims {
    fn default() -> Self {
        Self { profiles: all_profiles(), features: BTreeSet::new() }
    }
}

/// `[admin]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// User name of an administrator with all permissions, whose password is fresh.
    pub username: String,
    /// The password itself.
    password: Option<String>,
    /// Or the environment variable that holds it.
    password_env: Option<String>,
}

impl Admin {
    /// An administrator by name and password.
    pub fn new(username: String, password: String) -> Self {
        Self { username, password: Some(password), password_env: None }
    }

    /// The password, from the file or from the environment.
    pub fn password(&self) -> Result<String, String> {
        if let Some(password) = &self.password {
            return Ok(password.clone());
        }
        let name = self.password_env.as_deref().unwrap_or_default();
        std::env::var(name).map_err(|_| {
            format!("the environment variable {name} ([admin] password_env) is not set")
        })
    }
}

/// `[catalog]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogServer {
    /// Address the suite listens on.
    pub listen: SocketAddr,
    /// Base URL under which the host reaches it; the catalog is at `{url}/catalog.json`.
    pub url: Url,
    /// File of the suite's certificate authority, for a catalog over TLS. Made if it is not there;
    /// relative to the target file. Without it whatever stands before the suite speaks TLS, if the URL
    /// says https.
    pub ca_file: Option<PathBuf>,
}

impl CatalogServer {
    /// The name or address in its URL.
    pub fn host(&self) -> String {
        self.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned()
    }
}

/// `[valkey]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Valkey {
    /// `redis://…`
    pub url: Url,
}

/// The target file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It cannot be read.
    #[error("cannot read the target file {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It does not parse.
    #[error("{path}:{line}: {message}")]
    Parse {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong, with a suggestion.
        message: String,
    },
    /// It parses and makes no sense.
    #[error("{path}: {message}")]
    Nonsense {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
}

impl Target {
    /// Reads and parses a target file.
    pub fn read(path: &Path) -> Result<Self, TargetError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| TargetError::Read { path: name.clone(), source })?;
        let mut target = Self::parse(&name, &text)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        if let Some(outbound) = &mut target.outbound {
            outbound.ca_file = folder.join(&outbound.ca_file);
        }
        let catalog = target.catalog.as_mut().and_then(|catalog| catalog.ca_file.as_mut());
        if let Some(file) = catalog {
            *file = folder.join(&*file);
        }
        if let Some(baseline) = &mut target.baseline {
            *baseline = folder.join(&*baseline);
        }
        Ok(target)
    }

    /// Parses a target file's text.
    pub fn parse(path: &str, text: &str) -> Result<Self, TargetError> {
        let target: Self = toml::from_str(text).map_err(|e| {
            let offset = e.span().map_or(0, |span| span.start);
            let line = text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count() + 1;
            let message = crate::suggest::improve(e.message());
            TargetError::Parse { path: path.to_owned(), line, message }
        })?;
        target
            .check()
            .map_err(|message| TargetError::Nonsense { path: path.to_owned(), message })?;
        Ok(target)
    }

    /// A host of which nothing but its URL is known: not owned, no credentials.
    pub fn stranger(url: Url) -> Self {
        let name = url.host_str().unwrap_or("host").to_owned();
        Self {
            baseline: None,
            host: Host { name, url, owned: false },
            claims: Claims::default(),
            admin: None,
            catalog: None,
            outbound: None,
            valkey: None,
            faults: None,
            config: PluginConfig::default(),
            limits: Limits::default(),
        }
    }

    /// The files of the suite's certificate authorities, with the names each has to vouch for.
    pub fn authorities(&self) -> BTreeMap<PathBuf, Vec<String>> {
        let mut files = BTreeMap::<_, Vec<String>>::new();
        let claimed = |feature| self.claims.features.contains(&feature);
        if let Some(outbound) = self.outbound.as_ref().filter(|_| claimed(Feature::Outbound)) {
            let names = outbound.hosts().map(str::to_owned);
            files.entry(outbound.ca_file.clone()).or_default().extend(names);
        }
        if let Some(catalog) = self.catalog.as_ref().filter(|_| claimed(Feature::Catalog))
            && let Some(file) = &catalog.ca_file
        {
            files.entry(file.clone()).or_default().push(catalog.host());
        }
        files
    }

    fn check(&self) -> Result<(), String> {
        let url = &self.host.url;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(format!("[host] url: `{url}` is no http or https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("[host] url: credentials belong into [admin]".to_owned());
        }
        if let Some(catalog) = &self.catalog
            && catalog.ca_file.is_some()
            && catalog.url.scheme() != "https"
        {
            return Err(format!(
                "[catalog] has a ca_file, but its url `{}` is not https",
                catalog.url
            ));
        }
        if self.claims.features.contains(&Feature::Config)
            && let Some(key) = self.config.missing()
        {
            return Err(format!("the feature `config` is claimed, and [config] has no `{key}`"));
        }
        if let Some(faults) = &self.faults {
            faults.check()?;
        }
        if let Some(Admin { password, password_env, .. }) = &self.admin
            && password.is_some() == password_env.is_some()
        {
            return Err("[admin] has either `password` or `password_env`".to_owned());
        }
        Ok(())
    }
}
