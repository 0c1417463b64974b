//! Settings: one small struct per concern, read from the commented default file that is embedded
//! in the binary, then from `--config FILE`, then from the environment.
//!
//! Nothing outside this module reads the environment. Reading ([`Config::load`]) takes the
//! environment as a plain list, so that tests pass their own.

mod load;
mod plugin_values;
mod secret;
mod settings;
mod test_hosts;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use contract::core_reads::Branding;
use policy::Limits;
use serde::{Deserialize, Serialize};

pub use self::{
    load::{ConfigError, ConfigProblem, unknown_variables},
    plugin_values::{PluginValues, PluginValuesError},
    secret::Secret,
    settings::{Setting, environment_help, settings},
    test_hosts::TestHosts,
};

/// The commented default file, as shipped. `--help` and the README point at it.
pub const DEFAULT_CONFIG: &str = include_str!("../default-config.toml");

/// The shortest `JWT_SECRET` accepted: the output size of HMAC-SHA-256, which signs the tokens.
/// A shorter key would be the weakest part of a signature (RFC 7518, 3.2).
pub const MIN_JWT_SECRET_BYTES: usize = 32;

/// Everything the server can be told. Serialised (for `--print-config`) with secrets redacted.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// How long a store may take to answer `/api/readyz`.
    #[serde(with = "humantime_serde")]
    pub readiness_timeout: Duration,
    /// How long running requests may take to finish after a stop signal.
    #[serde(with = "humantime_serde")]
    pub shutdown_grace: Duration,
    /// Postgres.
    pub database: DatabaseConfig,
    /// Valkey, if there is one.
    pub valkey: ValkeyConfig,
    /// Delivery of events.
    pub events: EventsConfig,
    /// Tokens and cookies.
    pub auth: AuthConfig,
    /// The first user.
    pub admin: AdminConfig,
    /// Where plugins live and what they are given.
    pub plugins: PluginsConfig,
    /// How guests are kept.
    pub sandbox: SandboxConfig,
    /// What plugins may use up.
    pub limits: Limits,
    /// The catalog.
    pub marketplace: MarketplaceConfig,
    /// How the installation presents itself.
    pub branding: BrandingConfig,
    /// Logging.
    pub log: LogConfig,
    /// Metrics.
    pub metrics: MetricsConfig,
    /// `AWS_*` of the environment: how the store "s3" is reached.
    #[serde(skip)]
    pub aws: AwsVariables,
}

/// The variables that the tools of S3 share, as they are. They hold credentials.
#[derive(Clone, Default)]
pub struct AwsVariables(pub Vec<(String, String)>);

impl std::fmt::Debug for AwsVariables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Postgres.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Connection URL, with its password. [`Config::load`] refuses an absent one.
    #[serde(default)]
    pub url: Secret,
    /// Size of the pool that serves the host's own queries.
    pub max_connections: u32,
    /// Connections of all plugins together.
    pub plugin_connections: usize,
    /// Connections of one plugin.
    pub plugin_connections_each: usize,
    /// How long a statement waits for a connection.
    #[serde(with = "humantime_serde")]
    pub acquire_timeout: Duration,
    /// How long one of the host's own statements may take.
    #[serde(with = "humantime_serde")]
    pub statement_timeout: Duration,
}

/// Valkey (or Redis).
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ValkeyConfig {
    /// Connection URL; absent: the in-process event bus.
    #[serde(default)]
    pub url: Option<Secret>,
}

/// Delivery of events.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EventsConfig {
    /// Tells this host from others on the same Valkey; absent: the machine's name.
    #[serde(default)]
    pub host_name: Option<String>,
    /// Pause before an event that a plugin failed at is given to it again; each further one is
    /// twice as long.
    #[serde(with = "humantime_serde")]
    pub retry_pause: Duration,
}

/// Tokens and cookies.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// Key that signs access and refresh tokens. [`Config::load`] refuses one that is absent or
    /// shorter than [`MIN_JWT_SECRET_BYTES`].
    #[serde(default)]
    pub jwt_secret: Secret,
    /// Lifetime of an access token.
    #[serde(with = "humantime_serde")]
    pub access_token_ttl: Duration,
    /// Lifetime of a refresh token.
    #[serde(with = "humantime_serde")]
    pub refresh_token_ttl: Duration,
    /// Whether session cookies carry `Secure`.
    pub cookie_secure: bool,
}

/// The user created when there is none yet.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Name to sign in with.
    #[serde(default)]
    pub username: Option<String>,
    /// Password to sign in with.
    #[serde(default)]
    pub password: Option<Secret>,
}

/// Where plugin artifacts live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PluginStore {
    /// Folders on this machine.
    Local,
    /// An S3 bucket, which hosts share.
    S3,
}

/// Where plugins live and what they are given.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PluginsConfig {
    /// Kind of artifact store.
    pub store: PluginStore,
    /// Backend artifacts.
    pub wasm_dir: PathBuf,
    /// Frontend bundles.
    pub frontend_dir: PathBuf,
    /// MCP bundles.
    pub mcp_dir: PathBuf,
    /// The bucket of the store "s3".
    #[serde(default)]
    pub bucket: Option<String>,
    /// What every key in it begins with.
    pub bucket_prefix: String,
    /// Where downloads wait until they are stored; absent: in a hidden folder of `wasm_dir`.
    #[serde(default)]
    pub staging_dir: Option<PathBuf>,
    /// Compiled modules, kept across restarts.
    #[serde(default)]
    pub module_cache_dir: Option<PathBuf>,
    /// Values for `config_get`.
    #[serde(default)]
    pub config_file: Option<PathBuf>,
    /// Certificate authorities in PEM that plugins' requests trust beside the system's.
    #[serde(default)]
    pub outbound_ca_file: Option<PathBuf>,
    /// Test switch: hosts that plugins reach at a fixed address, by http too.
    pub outbound_test_hosts: TestHosts,
    /// Test switch: where a lifecycle operation kills the host.
    #[serde(default)]
    pub crash_at: Option<String>,
}

/// How guests are kept between calls.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxConfig {
    /// Instances of all plugins together; 0 for as many as there is memory for.
    pub instance_slots: u32,
    /// How many plugins keep an instance and their code in memory though nobody calls them.
    pub warm_plugins: usize,
    /// Bytes of compiled modules that are kept on disk.
    pub module_cache_bytes: u64,
    /// How long an instance that nobody uses is kept beside another one of its plugin.
    #[serde(with = "humantime_serde")]
    pub idle_duration: Duration,
}

/// The catalog.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MarketplaceConfig {
    /// URL of the catalog document.
    pub catalog_url: String,
    /// Time for each artifact.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Time for the catalog; absent: that for an artifact.
    #[serde(default, with = "humantime_serde")]
    pub catalog_timeout: Option<Duration>,
    /// PEM file of authorities that are trusted beside the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Test switch: http and private addresses are accepted.
    pub allow_insecure: bool,
}

/// Metrics.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// Where `/metrics` is served; absent: beside everything else.
    #[serde(default)]
    pub listen: Option<SocketAddr>,
}

/// How the installation presents itself: what plugins read with `settings_get`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BrandingConfig {
    /// Its name.
    pub brand_name: String,
    /// Address of its logo; empty for none.
    pub logo_url: String,
    /// Main colour on a light ground, as CSS writes it.
    pub primary_color_light: String,
    /// Main colour on a dark ground.
    pub primary_color_dark: String,
}

impl From<BrandingConfig> for Branding {
    fn from(config: BrandingConfig) -> Self {
        Self {
            logo_url: config.logo_url,
            brand_name: config.brand_name,
            primary_color_light: config.primary_color_light,
            primary_color_dark: config.primary_color_dark,
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line per event, for people.
    Text,
    /// One JSON object per event, for machines.
    Json,
}

/// Logging.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Shape of the lines.
    pub format: LogFormat,
    /// Filter in the syntax of `RUST_LOG`.
    pub filter: String,
}
