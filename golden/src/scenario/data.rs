//! A scenario file as it is written. The doc comments here are what editors show: the published
//! schema is made of these types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

/// A golden scenario of a plugin.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Golden scenario")]
pub struct File {
    /// What the scenario is about.
    #[serde(default)]
    pub description: String,
    /// What the guest's clock says, RFC 3339. Default: 2026-01-01T00:00:00Z.
    #[schemars(with = "Option<String>")]
    pub clock: Option<Spanned<String>>,
    /// From which the guest's random numbers follow. Default: 1.
    pub seed: Option<u64>,
    /// What a call may take.
    #[serde(default)]
    pub limits: Limits,
    /// Values for `config_get`, by key.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// Secret values for `config_get`, by key. Snapshots, cassettes and reports never show them.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// How the installation presents itself, for `settings_get`.
    #[serde(default)]
    pub branding: Branding,
    /// Users, by name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, User>")]
    pub users: BTreeMap<Spanned<String>, User>,
    /// Projects, by name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Project>")]
    pub projects: BTreeMap<Spanned<String>, Project>,
    /// Tasks, by name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Task>")]
    pub tasks: BTreeMap<Spanned<String>, Task>,
    /// Key-value pairs that are there in the beginning, for `storage_get`.
    #[serde(default)]
    pub store: BTreeMap<String, String>,
    /// Cache entries that are there in the beginning, for `cache_get`.
    #[serde(default)]
    pub cache: BTreeMap<String, String>,
    /// Answers of the network, for fetch. The first that fits is used, as often as it is asked.
    #[serde(default)]
    pub fetch: Vec<Fetch>,
    /// SQL of the plugin's own that runs before the steps when answers are recorded.
    #[serde(default)]
    pub before: Vec<String>,
    /// What snapshots leave out because it varies without meaning anything.
    #[serde(default)]
    pub normalise: Normalise,
    /// What happens, in order.
    #[serde(default)]
    #[schemars(with = "Vec<Step>")]
    pub steps: Vec<Spanned<Step>>,
}

/// What a call may take.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Real time, such as "200ms". Default: 5s as on a host where a stub hangs, else as long as it
    /// takes to execute the instructions.
    #[schemars(with = "Option<String>")]
    pub call: Option<Spanned<String>>,
    /// Instructions. A call that takes more is out of time, on a busy machine as on an idle one.
    /// Default: 2 000 000 000.
    pub instructions: Option<u64>,
}

/// How the installation presents itself.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Branding {
    /// Address of the logo.
    pub logo_url: String,
    /// Name of the installation.
    pub brand_name: String,
    /// Main colour on a light ground.
    pub primary_color_light: String,
    /// Main colour on a dark ground.
    pub primary_color_dark: String,
}

/// A user.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// A UUID. Default: one that follows from the name.
    #[schemars(with = "Option<String>")]
    pub id: Option<Spanned<String>>,
    /// The shown name. Default: the name.
    pub full_name: Option<String>,
    /// Name of the global role. Default: `USER`.
    pub role: Option<String>,
    /// Permissions of the global role. Default: those that a new installation gives the role.
    pub permissions: Option<Vec<String>>,
    /// The password was set by somebody else and must be changed.
    #[serde(default)]
    pub must_change_password: bool,
}

/// A project.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// A UUID. Default: one that follows from the name.
    #[schemars(with = "Option<String>")]
    pub id: Option<Spanned<String>>,
    /// What it is about.
    #[serde(default)]
    pub description: String,
    /// What stands before the numbers of its tasks.
    #[serde(default)]
    pub task_id_prefix: String,
    /// Its members, by name of the user.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Member>")]
    pub members: BTreeMap<Spanned<String>, Member>,
}

/// A membership.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// A UUID. Default: one that follows from the names.
    #[schemars(with = "Option<String>")]
    pub id: Option<Spanned<String>>,
    /// Name of the role in the project. Default: `PROJECT_MEMBER`.
    pub role: Option<String>,
    /// Permissions of that role. Default: those that a new installation gives the role.
    pub permissions: Option<Vec<String>>,
}

/// A task.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// A UUID. Default: one that follows from the name.
    #[schemars(with = "Option<String>")]
    pub id: Option<Spanned<String>>,
    /// Name of its project.
    #[schemars(with = "String")]
    pub project: Spanned<String>,
    /// What is to be done. Default: the name.
    pub title: Option<String>,
    /// Its number in the project. Default: the next one.
    pub number: Option<i32>,
    /// Names of those who are to do it.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub assignees: Vec<Spanned<String>>,
}

/// An answer of the network.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fetch {
    /// The request it answers, such as `GET https://api.example.com/v1/items`.
    #[schemars(with = "String")]
    pub request: Spanned<String>,
    /// Only requests whose body is this JSON.
    pub request_json: Option<Value>,
    /// HTTP status. Default: 200.
    pub status: Option<u16>,
    /// Headers of the answer.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Body of the answer, as JSON.
    pub json: Option<Value>,
    /// Body of the answer, as text.
    pub body: Option<String>,
    /// No answer but a failure, such as `connection_failed: refused`.
    pub error: Option<String>,
    /// No answer ever: the guest's call runs out of time.
    #[serde(default)]
    pub hangs: bool,
}

/// What snapshots leave out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Normalise {
    /// UUIDs that the scenario does not name become «uuid 1», «uuid 2» and so on. Default: true.
    pub uuids: bool,
    /// Points in time become «time 1», «time 2» and so on. Default: true.
    pub times: bool,
    /// Further patterns.
    pub patterns: Vec<Pattern>,
}

impl Default for Normalise {
    fn default() -> Self {
        Self { uuids: true, times: true, patterns: Vec::new() }
    }
}

/// Something that varies.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// A regular expression.
    #[schemars(with = "String")]
    pub pattern: Spanned<String>,
    /// What stands in its place.
    pub with: String,
}

/// A request or an event.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What the step is called. Default: the request or the event.
    pub name: Option<String>,
    /// A request, such as `POST /projects/{apollo}/items?draft=1`. The path is what follows
    /// `/plugins/NAME`; `{apollo}` is the id of what is called so.
    #[schemars(with = "Option<String>")]
    pub request: Option<Spanned<String>>,
    /// Who asks: the name of a user. Default: nobody.
    #[serde(rename = "as")]
    #[schemars(with = "Option<String>")]
    pub caller: Option<Spanned<String>>,
    /// The user comes with an API key instead of a session.
    #[serde(default)]
    pub api_key: bool,
    /// Headers of the request.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Body of the request, as JSON.
    #[schemars(with = "Option<Value>")]
    pub json: Option<Spanned<Value>>,
    /// Body of the request, as text.
    #[schemars(with = "Option<String>")]
    pub body: Option<Spanned<String>>,
    /// Body of the request, as base64 of bytes.
    #[schemars(with = "Option<String>")]
    pub body_base64: Option<Spanned<String>>,
    /// An event of the host's, by topic.
    #[schemars(with = "Option<String>")]
    pub event: Option<Spanned<String>>,
    /// What the event carries.
    #[schemars(with = "Option<Value>")]
    pub payload: Option<Spanned<Value>>,
    /// Names for later steps, each with a JSON pointer into this answer's body.
    #[serde(default)]
    pub capture: BTreeMap<String, String>,
    /// How the call is expected to fail.
    pub fault: Option<Fault>,
    /// Host functions whose refusal for want of a grant is expected.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub refused: Vec<Spanned<String>>,
    /// What must hold whatever the snapshot says.
    #[serde(default)]
    pub expect: Expect,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The guest traps or exits.
    Trap,
    /// The guest takes too long.
    Timeout,
    /// The guest's answer is no response.
    BadResponse,
    /// The guest's answer is too large.
    ResponseTooLarge,
}

/// What must hold.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The status.
    #[schemars(with = "Option<u16>")]
    pub status: Option<Spanned<u16>>,
    /// Headers and their values.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Values in the body, by JSON pointer.
    #[serde(default)]
    pub json: BTreeMap<String, Value>,
    /// Texts that the body contains.
    #[serde(default)]
    pub body_contains: Vec<String>,
    /// The host functions that are called, in order, without log.
    #[schemars(with = "Option<Vec<String>>")]
    pub calls: Option<Vec<Spanned<String>>>,
    /// Host functions that are not called.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub no_calls: Vec<Spanned<String>>,
}
