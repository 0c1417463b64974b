//! The arrangement between host and suite: the host's settings, and the target file that tells the
//! suite of them. Both come from here, so that they agree.

use std::net::SocketAddr;

const ADMIN: &str = "admin";
// Guards a throw-away database on this machine for the length of a run.
const ADMIN_PASSWORD: &str = "hostproof-admin";
const JWT_SECRET: &str = "a secret for tests, long enough to be accepted";
const ALLOWED_HOST: &str = "allowed.hostproof.test";
const OTHER_HOST: &str = "other.hostproof.test";
const SAMPLE_KEY: &str = "HOSTPROOF_SAMPLE";
const SAMPLE_VALUE: &str = "blue";
const SECRET_KEY: &str = "HOSTPROOF_SECRET";

/// What differs from run to run.
#[derive(Debug)]
pub(crate) struct Target {
    /// Where the suite will serve its catalog.
    pub(crate) catalog: SocketAddr,
    /// Where the suite will run its outbound server.
    pub(crate) outbound: SocketAddr,
    /// The Valkey both may use.
    pub(crate) valkey: Option<String>,
}

impl Target {
    /// The host's environment.
    pub(crate) fn host_environment(&self, database: String) -> Vec<(&'static str, String)> {
        let Self { catalog, outbound, valkey } = self;
        let mut environment = vec![
            ("LISTEN", "127.0.0.1:0".to_owned()),
            ("DATABASE_URL", database),
            ("JWT_SECRET", JWT_SECRET.to_owned()),
            ("ADMIN_USERNAME", ADMIN.to_owned()),
            ("ADMIN_PASSWORD", ADMIN_PASSWORD.to_owned()),
            ("PLUGINS_MARKETPLACE_CATALOG_URL", format!("http://{catalog}/catalog.json")),
            ("PLUGINS_MARKETPLACE_ALLOW_INSECURE", "true".to_owned()),
            (
                "PLUGINS_OUTBOUND_TEST_HOSTS",
                format!("{ALLOWED_HOST}={outbound},{OTHER_HOST}={outbound}"),
            ),
        ];
        environment.extend(valkey.clone().map(|url| ("VALKEY_URL", url)));
        environment
    }

    /// Values for plugins, as the host's plugin configuration file.
    pub(crate) fn plugin_config() -> String {
        format!(
            "[values]\n{SAMPLE_KEY} = \"{SAMPLE_VALUE}\"\n\n\
             [secrets.{SECRET_KEY}]\nvalue = \"nobody reads this\"\ngranted_to = []\n"
        )
    }

    /// The target file.
    pub(crate) fn render(&self, url: &str) -> String {
        let Self { catalog, outbound, valkey } = self;
        let valkey = valkey.as_ref().map(|url| format!("\n[valkey]\nurl = \"{url}\"\n"));
        let valkey = valkey.unwrap_or_default();
        format!(
            r#"# Written by `cargo xtask conformance`.

[host]
name = "reference-server"
url = "{url}"
owned = true

[claims]
profiles = ["sandbox", "lifecycle", "surfaces"]
features = [
    "api-keys", "catalog", "config", "core-resources", "metrics", "outbound", "stale-password",
    "valkey",
]

[admin]
username = "{ADMIN}"
password = "{ADMIN_PASSWORD}"

[catalog]
listen = "{catalog}"
url = "http://{catalog}"

[outbound]
listen = "{outbound}"
allowed_host = "{ALLOWED_HOST}"
other_host = "{OTHER_HOST}"
{valkey}
[config]
values = {{ {SAMPLE_KEY} = "{SAMPLE_VALUE}" }}
secret_keys = ["{SECRET_KEY}"]
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
            let target = Target { catalog: address, outbound: address, valkey: valkey.clone() };
            let text = target.render("http://127.0.0.1:3");
            let table: toml::Table = text.parse().expect("TOML");
            assert_eq!(table.get("valkey").is_some(), valkey.is_some());
        }
    }
}
