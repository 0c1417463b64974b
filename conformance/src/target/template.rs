//! The commented target file that `hostproof init` writes.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::case::Feature;

/// What `init` was told.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// Name of the host.
    pub name: String,
    /// Its URL.
    pub url: String,
    /// Whether it is the user's own.
    pub owned: bool,
    /// The administrator's name.
    pub admin: Option<String>,
    /// The environment variable of the administrator's password.
    pub password_env: String,
    /// Address for the suite's catalog.
    pub catalog_listen: Option<String>,
    /// Address for the suite's outbound server.
    pub outbound_listen: Option<String>,
    /// Features that are claimed besides those that follow from the rest.
    pub also: BTreeSet<Feature>,
}

/// The part about faults: for a host in containers, of which any program may take the place.
const FAULTS: &str = "
# How the suite takes services away, ends the host, and brings all of it back: programs with their
# arguments, each of which returns when it is done. What comes back has its address and, but for the
# Valkey, its data; the host comes back with its settings. A service that the host does without is
# left out, and so is `pause` where nothing can be paused: the cases that need it are then blocked.
# Only for a host that nobody else uses. Claim the feature `faults` with it.
# [faults.host]
# kill = [\"docker\", \"kill\", \"host\"]
# start = [\"docker\", \"start\", \"host\"]
# [faults.postgres]
# stop = [\"docker\", \"stop\", \"--time=0\", \"postgres\"]
# start = [\"docker\", \"start\", \"postgres\"]
# pause = [\"docker\", \"pause\", \"postgres\"]
# resume = [\"docker\", \"unpause\", \"postgres\"]
# [faults.valkey]
# stop = [\"systemctl\", \"stop\", \"valkey\"]
# start = [\"systemctl\", \"start\", \"valkey\"]
# pause = [\"systemctl\", \"kill\", \"--signal=STOP\", \"valkey\"]
# resume = [\"systemctl\", \"kill\", \"--signal=CONT\", \"valkey\"]
";

/// The part about limits: all of them, with their defaults.
const LIMITS: &str = "
# The host's limits, where they differ from the specification's defaults.
# [limits]
# call_duration = \"5s\"
# instances_per_plugin = 16
# calls_per_plugin = 80
# queue_duration = \"2s\"
# memory_pages = 1024
# response_bytes = 10485760
# request_bytes = 10485760
# sql_statement_duration = \"3s\"
# sql_statement_bytes = 262144
# sql_params = 10000
# sql_params_bytes = 4194304
# sql_rows = 10000
# sql_result_bytes = 8388608
# fetch_request_bytes = 10485760
# fetch_response_bytes = 52428800
# download_duration = \"20s\"
# catalog_duration = \"20s\"   # if it is another
# catalog_bytes = 10485760
# artifact_bytes = 104857600
# archive_entries = 10000
# unpacked_bytes = 104857600
";

/// The text of a target file.
pub fn render(answers: &Answers) -> String {
    let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
    let mut out = String::new();
    let _ = write!(
        out,
        "\
# A host to judge: `hostproof run --target FILE`; `hostproof doctor --target FILE` tries what is said here.
# Unknown keys are refused.

# Failures that are known, from this file's folder; `hostproof baseline` writes the first one.
# baseline = \"baseline.toml\"

[host]
name = {name}            # for reports
url = {url}              # paths of the specification begin below it
# Only a host of your own gets anything but the read-only zero-fixture cases: the others install
# plugins, create users and projects, and try to break out. What they create they remove again.
owned = {owned}

[claims]
# What the host claims is judged, and failing it is a failure; the rest is not applicable.
profiles = [\"sandbox\", \"lifecycle\", \"surfaces\"]
{known}features = [{features}]
",
        name = text(&answers.name),
        url = text(&answers.url),
        owned = answers.owned,
        known = known(),
        features = features(answers),
    );
    let _ = write!(
        out,
        "
# An administrator with all permissions, who does not have to change the password.
{off}[admin]
{off}username = {username}
{off}password_env = {env}
# password = \"…\"   # instead, in a file that nobody else reads
",
        off = if answers.admin.is_some() { "" } else { "# " },
        username = text(answers.admin.as_deref().unwrap_or("admin")),
        env = text(&answers.password_env),
    );
    let listen = answers.catalog_listen.as_deref().unwrap_or("127.0.0.1:8790");
    let _ = write!(
        out,
        "
# The suite serves a catalog. Point the host's catalog setting at `{{url}}/catalog.json`, and allow it
# to fetch over http from this address; or give an https URL and `ca_file`, which `hostproof ca` makes,
# and have the host trust that for the catalog. `listen` and the URL may differ where something stands
# between them: a host that reads from public addresses only gets a URL that leads here from one.
{off}[catalog]
{off}listen = {listen}          # the suite's address
{off}url = {url}      # how the host reaches it
# ca_file = \"hostproof-ca.pem\"   # for an https URL; from this file's folder
",
        off = if answers.catalog_listen.is_some() { "" } else { "# " },
        listen = text(listen),
        url = text(&format!("http://{listen}")),
    );
    let listen = answers.outbound_listen.as_deref().unwrap_or("127.0.0.1:8791");
    let _ = write!(
        out,
        "
# The other end of a plugin's `fetch`. The host connects these names to the address, whatever port a
# URL has, over https and over http, and trusts the authority in the file, which is made if it is not
# there (`hostproof ca`), for what plugins fetch.
{off}[outbound]
{off}listen = {listen}
{off}ca_file = \"outbound-ca.pem\"                        # from this file's folder
{off}allowed_host = \"allowed.hostproof.test\"
{off}other_host = \"other.hostproof.test\"
{off}untrusted_host = \"untrusted.hostproof.test\"        # certificates that a host must refuse
{off}expired_host = \"expired.hostproof.test\"
{off}misnamed_host = \"misnamed.hostproof.test\"

# [valkey]
# url = \"redis://127.0.0.1:6379\"

# [config]
# values = {{ HOSTPROOF_SAMPLE = \"blue\" }}   # keys the operator set for plugins, and their values
# empty_keys = [\"HOSTPROOF_EMPTY\"]          # keys set to the empty text
# secret_keys = [\"HOSTPROOF_SECRET\"]        # keys set as secrets, granted to no plugin
# granted = {{ key = \"HOSTPROOF_GRANTED\", value = \"green\", plugin = \"com.hostproof.granted\" }}

# What settings_get is to give.
# [config.branding]
# logo_url = \"\"
# brand_name = \"My host\"
# primary_color_light = \"#2563eb\"
# primary_color_dark = \"#60a5fa\"
",
        off = if answers.outbound_listen.is_some() { "" } else { "# " },
        listen = text(listen),
    );
    out.push_str(FAULTS);
    out.push_str(LIMITS);
    out
}

/// The features, each with what the host does that claims it.
fn known() -> String {
    let line =
        |feature: &Feature| format!("# {:<15} the host {}\n", feature.as_str(), feature.means());
    Feature::ALL.iter().map(line).collect()
}

fn features(answers: &Answers) -> String {
    let mut features = answers.also.clone();
    if answers.admin.is_some() {
        features.extend([
            Feature::CoreResources,
            Feature::Tasks,
            Feature::StalePassword,
            Feature::ApiKeys,
        ]);
    }
    features.extend(answers.catalog_listen.is_some().then_some(Feature::Catalog));
    features.extend(answers.outbound_listen.is_some().then_some(Feature::Outbound));
    features.iter().map(|feature| format!("\"{feature}\"")).collect::<Vec<_>>().join(", ")
}
