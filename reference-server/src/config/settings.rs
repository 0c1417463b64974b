//! The table of settings: which environment variable stands for which key of the file.

mod limits;

use std::fmt::Write as _;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Environment variable.
    pub variable: &'static str,
    /// Key in the configuration file, dotted.
    pub key: &'static str,
    /// One line for `--help`.
    pub help: &'static str,
}

const fn setting(variable: &'static str, key: &'static str, help: &'static str) -> Setting {
    Setting { variable, key, help }
}

/// Every setting, the limits last. A test holds them and the default file together.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().chain(limits::LIMITS)
}

/// All but the limits, in the order of the default file.
const SETTINGS: &[Setting] = &[
    setting("LISTEN", "listen", "address and port to serve HTTP on; port 0 takes a free one"),
    setting("SHUTDOWN_GRACE", "shutdown_grace", "time for running requests after a stop signal"),
    setting("READINESS_TIMEOUT", "readiness_timeout", "time for each store to answer /api/readyz"),
    setting("DATABASE_URL", "database.url", "Postgres URL (required)"),
    setting(
        "DATABASE_MAX_CONNECTIONS",
        "database.max_connections",
        "connections for the host's own queries",
    ),
    setting(
        "DATABASE_PLUGIN_CONNECTIONS",
        "database.plugin_connections",
        "connections of all plugins together",
    ),
    setting(
        "DATABASE_PLUGIN_CONNECTIONS_EACH",
        "database.plugin_connections_each",
        "connections of one plugin",
    ),
    setting(
        "DATABASE_ACQUIRE_TIMEOUT",
        "database.acquire_timeout",
        "time a statement waits for a connection",
    ),
    setting(
        "DATABASE_STATEMENT_TIMEOUT",
        "database.statement_timeout",
        "time for one of the host's own statements",
    ),
    setting("VALKEY_URL", "valkey.url", "Valkey or Redis URL; without it events stay in-process"),
    setting(
        "EVENTS_HOST_NAME",
        "events.host_name",
        "name of this host among those of one Valkey; its machine's unless set",
    ),
    setting(
        "EVENTS_RETRY_PAUSE",
        "events.retry_pause",
        "first pause before a failed event is given again; doubled each time",
    ),
    setting("JWT_SECRET", "auth.jwt_secret", "key that signs tokens, at least 32 bytes (required)"),
    setting("ACCESS_TOKEN_TTL", "auth.access_token_ttl", "lifetime of an access token"),
    setting("REFRESH_TOKEN_TTL", "auth.refresh_token_ttl", "lifetime of a refresh token"),
    setting("COOKIE_SECURE", "auth.cookie_secure", "send session cookies over https only"),
    setting("ADMIN_USERNAME", "admin.username", "first user, created when there is none"),
    setting(
        "ADMIN_PASSWORD",
        "admin.password",
        "password of the first user, at least 8 characters",
    ),
    setting("PLUGINS_STORE", "plugins.store", "kind of artifact store: local or s3"),
    setting("PLUGINS_WASM_DIR", "plugins.wasm_dir", "folder of backend artifacts"),
    setting("PLUGINS_FRONTEND_DIR", "plugins.frontend_dir", "folder of frontend bundles"),
    setting("PLUGINS_MCP_DIR", "plugins.mcp_dir", "folder of MCP bundles"),
    setting("STORAGE_BUCKET", "plugins.bucket", "bucket of the store s3, reached by AWS_*"),
    setting(
        "PLUGINS_S3_PREFIX",
        "plugins.bucket_prefix",
        "what every key in the bucket begins with",
    ),
    setting("PLUGINS_STAGING_DIR", "plugins.staging_dir", "folder where downloads wait"),
    setting(
        "PLUGINS_MODULE_CACHE_DIR",
        "plugins.module_cache_dir",
        "folder of compiled modules, kept across restarts",
    ),
    setting("PLUGINS_CONFIG_FILE", "plugins.config_file", "TOML file of values for config_get"),
    setting(
        "PLUGINS_OUTBOUND_CA_FILE",
        "plugins.outbound_ca_file",
        "PEM file of authorities that plugins' requests trust beside the system's",
    ),
    setting(
        "PLUGINS_OUTBOUND_TEST_HOSTS",
        "plugins.outbound_test_hosts",
        "tests only: host=ip:port,… that plugins reach by http too",
    ),
    setting(
        "PLUGINS_CRASH_AT",
        "plugins.crash_at",
        "tests only: where a lifecycle operation kills the host",
    ),
    setting(
        "SANDBOX_INSTANCE_SLOTS",
        "sandbox.instance_slots",
        "instances of all plugins together, address space for which is set aside",
    ),
    setting(
        "SANDBOX_WARM_PLUGINS",
        "sandbox.warm_plugins",
        "plugins that keep an instance and their code in memory though nobody calls them",
    ),
    setting(
        "SANDBOX_IDLE_DURATION",
        "sandbox.idle_duration",
        "how long an unused instance is kept beside another one of its plugin",
    ),
    setting(
        "SANDBOX_MODULE_CACHE_BYTES",
        "sandbox.module_cache_bytes",
        "compiled modules kept on disk, in PLUGINS_MODULE_CACHE_DIR",
    ),
    setting(
        "PLUGINS_MARKETPLACE_CATALOG_URL",
        "marketplace.catalog_url",
        "URL of the marketplace catalog",
    ),
    setting("PLUGINS_MARKETPLACE_TIMEOUT", "marketplace.timeout", "time for each artifact"),
    setting(
        "PLUGINS_MARKETPLACE_CATALOG_TIMEOUT",
        "marketplace.catalog_timeout",
        "time for the catalog, if it is another",
    ),
    setting(
        "PLUGINS_MARKETPLACE_CA_FILE",
        "marketplace.ca_file",
        "PEM file of authorities trusted for catalog and artifacts beside the system's",
    ),
    setting(
        "PLUGINS_MARKETPLACE_ALLOW_INSECURE",
        "marketplace.allow_insecure",
        "tests only: http and private addresses in the catalog",
    ),
    setting("BRAND_NAME", "branding.brand_name", "name of the installation, for settings_get"),
    setting("BRAND_LOGO_URL", "branding.logo_url", "address of its logo"),
    setting(
        "BRAND_PRIMARY_COLOR_LIGHT",
        "branding.primary_color_light",
        "main colour on a light ground",
    ),
    setting(
        "BRAND_PRIMARY_COLOR_DARK",
        "branding.primary_color_dark",
        "main colour on a dark ground",
    ),
    setting("LOG_FORMAT", "log.format", "text or json"),
    setting("METRICS_LISTEN", "metrics.listen", "serve /metrics on this address only"),
    setting("RUST_LOG", "log.filter", "what is logged: a level, or target=level,…"),
];

/// Prefix of variables that hold values for `config_get`.
pub(super) const PLUGIN_CONFIG_PREFIX: &str = "PLUGIN_CONFIG_";

/// The part of `--help` that lists every variable.
pub fn environment_help() -> String {
    let width = settings().map(|setting| setting.variable.len()).max().unwrap_or(0);
    let mut text = String::from(
        "Environment (each is also a key of the file given with --config; the environment wins):\n",
    );
    for Setting { variable, key, help } in settings() {
        let default = default_of(key).map(|value| format!(" [{value}]")).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {variable:width$}  {help}{default}");
    }
    let _ = writeln!(text, "  {:width$}  value of KEY for config_get", "PLUGIN_CONFIG_<KEY>");
    text
}

/// The default of a key, as written in the default file; `None` when the file has none or an empty one.
fn default_of(key: &str) -> Option<String> {
    let document: toml::Table = super::DEFAULT_CONFIG.parse().ok()?;
    let mut value = &toml::Value::Table(document);
    for part in key.split('.') {
        value = value.get(part)?;
    }
    match value {
        toml::Value::String(text) if text.is_empty() => None,
        toml::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Keys of the default file: the ones set, and the ones shown commented out.
    fn keys_in_default_file() -> BTreeSet<String> {
        let mut section = String::new();
        let mut keys = BTreeSet::new();
        for line in crate::config::DEFAULT_CONFIG.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = format!("{name}.");
                continue;
            }
            let line = line.strip_prefix("# ").unwrap_or(line);
            if let Some((key, _)) = line.split_once(" = ")
                && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            {
                keys.insert(format!("{section}{key}"));
            }
        }
        keys
    }

    #[test]
    fn table_and_default_file_name_the_same_keys() {
        let table: BTreeSet<String> = settings().map(|s| s.key.to_owned()).collect();
        assert_eq!(table, keys_in_default_file());
    }

    #[test]
    fn the_default_file_has_the_policys_limits() {
        let document: toml::Table = crate::config::DEFAULT_CONFIG.parse().unwrap_or_default();
        let written = document.get("limits").cloned().unwrap_or_else(|| toml::Table::new().into());
        let policys = toml::Value::try_from(policy::Limits::default()).ok();
        assert_eq!(Some(written), policys);
    }

    #[test]
    fn every_variable_is_named_in_the_default_file() {
        for Setting { variable, .. } in settings() {
            assert!(super::super::DEFAULT_CONFIG.contains(variable), "{variable}");
        }
    }

    #[test]
    fn help_lists_every_variable_with_its_default() {
        let help = environment_help();
        for Setting { variable, .. } in settings() {
            assert!(help.contains(variable), "{variable}");
        }
        assert!(help.contains("[127.0.0.1:8080]"), "{help}");
    }
}
