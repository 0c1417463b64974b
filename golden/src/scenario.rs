//! A scenario: requests and events, and the world they happen in.
//!
//! [`data`] is the file as it is written; [`Scenario`] is what it comes to once every name is known,
//! every id is settled and every text is understood. Whatever is wrong in a file is found here, before
//! anything runs, and said with its line.

mod check;
pub mod data;
mod ids;
mod names;
mod schema;
mod steps;
mod world;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::core_reads::Branding;
use regex::Regex;
use serde_json::Value;

pub use self::data::Fault;
pub(crate) use self::names::Names;
pub use self::schema::schema;
pub use self::steps::{Action, Body, Expect, Step};
pub use self::world::{Member, Project, Task, User, World};
use crate::diagnostic::{Diagnostic, Mistake};

/// A scenario that can run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file's name without `.toml`.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// What it is about.
    pub description: String,
    /// What the guest's clock says, since 1970.
    pub clock: Duration,
    /// From which the guest's random numbers follow.
    pub seed: u64,
    /// How long a call may take in real time.
    pub call_duration: Option<Duration>,
    /// How many instructions a call may take.
    pub instructions: u64,
    /// Values for `config_get`.
    pub config: BTreeMap<String, String>,
    /// Values for `config_get` that no file ever shows.
    pub secrets: BTreeMap<String, String>,
    /// How the installation presents itself.
    pub branding: Branding,
    /// Users, projects, members, tasks.
    pub world: World,
    /// Key-value pairs that are there in the beginning.
    pub store: BTreeMap<String, String>,
    /// Cache entries that are there in the beginning.
    pub cache: BTreeMap<String, String>,
    /// Answers of the network.
    pub fetch: Vec<Stub>,
    /// Statements that a recording begins with.
    pub before: Vec<String>,
    /// What varies without meaning anything.
    pub normalise: Normalise,
    /// What happens.
    pub steps: Vec<Step>,
    pub(crate) names: Names,
}

/// A stubbed answer of the network.
#[derive(Clone, Debug)]
pub struct Stub {
    /// In capitals.
    pub method: String,
    /// Absolute, as written.
    pub url: String,
    /// What the request's body has to be, where that matters.
    pub request_json: Option<Value>,
    /// What comes back.
    pub answer: StubAnswer,
}

/// What a stub does.
#[derive(Clone, Debug)]
pub enum StubAnswer {
    /// It answers.
    Response {
        /// HTTP status.
        status: u16,
        /// Headers.
        headers: BTreeMap<String, String>,
        /// Body.
        body: Vec<u8>,
    },
    /// There is no connection, or it breaks: `code: message`.
    Error(String),
    /// It never answers.
    Hangs,
}

/// What is replaced in snapshots.
#[derive(Clone, Debug)]
pub struct Normalise {
    /// Ids by number of appearance.
    pub uuids: bool,
    /// Points in time by number of appearance.
    pub times: bool,
    /// The author's own.
    pub patterns: Vec<(Regex, String)>,
}

impl Scenario {
    /// Reads a file.
    pub fn read(file: &Path) -> Result<Self, Diagnostic> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let mut diagnostic = Mistake::new(0..0, error.to_string()).at(file, "");
            diagnostic.line = 0;
            diagnostic
        })?;
        Self::parse(file, &text)
    }

    /// Reads the text of a file.
    pub fn parse(file: &Path, text: &str) -> Result<Self, Diagnostic> {
        toml::from_str::<data::File>(text)
            .map_err(|error| Mistake::of_toml(&error))
            .and_then(|data| check::scenario(file, data))
            .map_err(|mistake| mistake.at(file, text))
    }
}
