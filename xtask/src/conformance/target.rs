//! The arrangement between host and suite: the host's settings, and the target file that tells the
//! suite of them. Both come from here, so that they agree.

use std::{net::SocketAddr, path::PathBuf};

const ADMIN: &str = "admin";
// Guards a throw-away database on this machine for the length of a run.
const ADMIN_PASSWORD: &str = "hostproof-admin";
const JWT_SECRET: &str = "a secret for tests, long enough to be accepted";
/// The names of the suite's outbound server, by their keys in `[outbound]`.
const OUTBOUND_HOSTS: [(&str, &str); 5] = [
    ("allowed_host", "allowed.hostproof.test"),
    ("other_host", "other.hostproof.test"),
    ("untrusted_host", "untrusted.hostproof.test"),
    ("expired_host", "expired.hostproof.test"),
    ("misnamed_host", "misnamed.hostproof.test"),
];
/// What the target file can claim beyond the profiles.
pub(super) const FEATURES: [&str; 10] = [
    "api-keys",
    "catalog",
    "config",
    "core-resources",
    "faults",
    "metrics",
    "outbound",
    "stale-password",
    "tasks",
    "valkey",
];
const SAMPLE_KEY: &str = "HOSTPROOF_SAMPLE";
const SAMPLE_VALUE: &str = "blue";
const EMPTY_KEY: &str = "HOSTPROOF_EMPTY";
const SECRET_KEY: &str = "HOSTPROOF_SECRET";
const GRANTED_KEY: &str = "HOSTPROOF_GRANTED";
const GRANTED_VALUE: &str = "green";
const GRANTED_PLUGIN: &str = "com.hostproof.granted";
const LOGO_URL: &str = "https://logo.hostproof.test/logo.svg";
const BRAND_NAME: &str = "A host under test";
const COLOR_LIGHT: &str = "#102030";
const COLOR_DARK: &str = "#405060";
// Cases wait for the end of what has none: with the host's defaults that is most of a run.
const STATEMENT_DURATION: &str = "1500ms";
const DOWNLOAD_DURATION: &str = "6s";
const CATALOG_DURATION: &str = "2s";
/// What each request waits for while the database is away; cases of the fault tier send many.
const ACQUIRE_TIMEOUT: &str = "2s";

/// What differs from run to run.
#[derive(Debug)]
pub(crate) struct Target {
    /// Where the suite will serve its catalog.
    pub(crate) catalog: SocketAddr,
    /// Where the suite will run its outbound server.
    pub(crate) outbound: SocketAddr,
    /// Whether the catalog is served over TLS, as the outbound server always is.
    pub(crate) tls: bool,
    /// Which of [`FEATURES`] it has not.
    pub(crate) without: Vec<String>,
    /// The authority that vouches for both.
    pub(crate) authority: PathBuf,
    /// The Valkey both may use.
    pub(crate) valkey: Option<String>,
    /// Where the host keeps compiled modules from run to run.
    pub(crate) modules: PathBuf,
}

impl Target {
    /// The host's environment.
    pub(crate) fn host_environment(&self, database: String) -> Vec<(&'static str, String)> {
        let Self { outbound, authority, valkey, modules, .. } = self;
        let mut environment = vec![
            ("LISTEN", "127.0.0.1:0".to_owned()),
            ("DATABASE_URL", database),
            ("DATABASE_ACQUIRE_TIMEOUT", ACQUIRE_TIMEOUT.to_owned()),
            ("JWT_SECRET", JWT_SECRET.to_owned()),
            ("ADMIN_USERNAME", ADMIN.to_owned()),
            ("ADMIN_PASSWORD", ADMIN_PASSWORD.to_owned()),
            ("PLUGINS_MARKETPLACE_CATALOG_URL", format!("{}/catalog.json", self.catalog_url())),
            ("PLUGINS_MARKETPLACE_ALLOW_INSECURE", self.has("catalog").to_string()),
            ("BRAND_LOGO_URL", LOGO_URL.to_owned()),
            ("BRAND_NAME", BRAND_NAME.to_owned()),
            ("BRAND_PRIMARY_COLOR_LIGHT", COLOR_LIGHT.to_owned()),
            ("BRAND_PRIMARY_COLOR_DARK", COLOR_DARK.to_owned()),
            ("PLUGINS_LIMIT_SQL_STATEMENT_DURATION", STATEMENT_DURATION.to_owned()),
            ("PLUGINS_MARKETPLACE_TIMEOUT", DOWNLOAD_DURATION.to_owned()),
            ("PLUGINS_MARKETPLACE_CATALOG_TIMEOUT", CATALOG_DURATION.to_owned()),
            ("PLUGINS_MODULE_CACHE_DIR", modules.display().to_string()),
        ];
        if self.has("outbound") {
            let hosts = Self::outbound_hosts().map(|host| format!("{host}={outbound}"));
            let hosts = hosts.collect::<Vec<_>>().join(",");
            environment.push(("PLUGINS_OUTBOUND_CA_FILE", authority.display().to_string()));
            environment.push(("PLUGINS_OUTBOUND_TEST_HOSTS", hosts));
        }
        if self.has("valkey") {
            environment.extend(valkey.clone().map(|url| ("VALKEY_URL", url)));
        }
        if self.tls {
            environment.push(("PLUGINS_MARKETPLACE_CA_FILE", authority.display().to_string()));
        }
        environment
    }

    /// Whether the host has something, and the target file claims it.
    pub(crate) fn has(&self, feature: &str) -> bool {
        !self.without.iter().any(|without| without == feature)
    }

    fn catalog_url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.catalog)
    }

    /// The names of the suite's outbound server.
    pub(crate) fn outbound_hosts() -> impl Iterator<Item = &'static str> {
        OUTBOUND_HOSTS.iter().map(|(_, host)| *host)
    }

    /// Values for plugins, as the host's plugin configuration file.
    pub(crate) fn plugin_config() -> String {
        format!(
            "[values]\n{SAMPLE_KEY} = \"{SAMPLE_VALUE}\"\n{EMPTY_KEY} = \"\"\n\n\
             [secrets.{SECRET_KEY}]\nvalue = \"nobody reads this\"\ngranted_to = []\n\n\
             [secrets.{GRANTED_KEY}]\nvalue = \"{GRANTED_VALUE}\"\n\
             granted_to = [\"{GRANTED_PLUGIN}\"]\n"
        )
    }

    /// The target file, with what it says of faults.
    pub(crate) fn render(&self, url: &str, faults: Option<&str>) -> String {
        let Self { catalog, outbound, authority, valkey, .. } = self;
        let hosts = OUTBOUND_HOSTS.map(|(key, host)| format!("{key} = \"{host}\"\n")).concat();
        let catalog_url = self.catalog_url();
        let authority = toml::Value::from(authority.display().to_string());
        let catalog_ca = if self.tls { format!("ca_file = {authority}\n") } else { String::new() };
        let valkey = valkey.as_ref().map(|url| format!("\n[valkey]\nurl = \"{url}\"\n"));
        let valkey = valkey.unwrap_or_default();
        let claimed = |feature: &str| match feature {
            "faults" => faults.is_some(),
            feature => self.has(feature),
        };
        let claims = FEATURES.into_iter().filter(|feature| claimed(feature)).collect::<Vec<_>>();
        let claims = toml::Value::from(claims);
        let faults = faults.unwrap_or_default();
        format!(
            r#"# Written by `cargo xtask conformance`.

[host]
name = "reference-server"
url = "{url}"
owned = true

[claims]
profiles = ["sandbox", "lifecycle", "surfaces"]
features = {claims}

[admin]
username = "{ADMIN}"
password = "{ADMIN_PASSWORD}"

[catalog]
listen = "{catalog}"
url = "{catalog_url}"
{catalog_ca}
[outbound]
listen = "{outbound}"
ca_file = {authority}
{hosts}{valkey}{faults}
[config]
values = {{ {SAMPLE_KEY} = "{SAMPLE_VALUE}" }}
empty_keys = ["{EMPTY_KEY}"]
secret_keys = ["{SECRET_KEY}"]
granted = {{ key = "{GRANTED_KEY}", value = "{GRANTED_VALUE}", plugin = "{GRANTED_PLUGIN}" }}

[config.branding]
logo_url = "{LOGO_URL}"
brand_name = "{BRAND_NAME}"
primary_color_light = "{COLOR_LIGHT}"
primary_color_dark = "{COLOR_DARK}"

[limits]
sql_statement_duration = "{STATEMENT_DURATION}"
download_duration = "{DOWNLOAD_DURATION}"
catalog_duration = "{CATALOG_DURATION}"
"#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_file_is_toml_with_and_without_a_valkey() {
        let address: SocketAddr = "127.0.0.1:1".parse().expect("an address");
        for valkey in [None, Some("redis://127.0.0.1:2".to_owned())] {
            let target = Target {
                catalog: address,
                outbound: address,
                tls: valkey.is_some(),
                without: vec!["metrics".to_owned()],
                authority: "/tmp/a \"quoted\" folder/ca.pem".into(),
                valkey: valkey.clone(),
                modules: "/tmp/modules".into(),
            };
            let faults = "\n[faults.host]\nkill = [\"true\"]\nstart = [\"true\"]\n";
            let text = target.render("http://127.0.0.1:3", valkey.is_some().then_some(faults));
            let table: toml::Table = text.parse().expect("TOML");
            let claims = table["claims"]["features"].as_array().expect("a list");
            assert_eq!(claims.len(), if valkey.is_some() { 9 } else { 8 }, "{claims:?}");
            assert_eq!(table.get("valkey").is_some(), valkey.is_some());
            assert_eq!(table.get("faults").is_some(), valkey.is_some());
        }
    }
}
