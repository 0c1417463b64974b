//! Cases: what to set up, which steps to take, and what must be true of the answers.
//!
//! The format is described for authors in `conformance/cases/README.md`. This module is its typed
//! model; unknown fields, unknown variables and malformed matchers are errors when a case is read,
//! never when it runs.

mod check;
mod data;
mod events;
mod fault;
mod load;
mod outbound;
mod step;
mod table;
mod text;
mod words;

pub use data::{Data, Span};
pub use events::{CoreEventSpec, DeadLetterSpec, EntrySpec, EventSpec, InjectSpec};
pub use fault::{Change, FaultSpec, Part};
pub use load::{CaseError, load};
pub use outbound::{AnswerSpec, SeenSpec};
pub use step::{
    Action, ActivitySpec, COOKIE, DownloadSpec, Expect, HEADER, InstallSpec, RequestSpec, Step,
};
pub(crate) use words::words;
pub use words::{CatalogMode, Feature, Identity, Lane, Need, Profile, Tier};

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;

/// One case, ready to run.
#[derive(Debug, Clone)]
pub struct Case {
    /// Opaque id, `c-` and four of a–z, 0–9.
    pub id: String,
    /// Name for people, `area/what-it-says`.
    pub slug: String,
    /// One sentence.
    pub title: String,
    /// Why it is there, for people.
    pub why: Option<String>,
    /// Ids of the sentences it judges.
    pub cites: Vec<String>,
    /// The profile a host must claim.
    pub profile: Profile,
    /// What the case takes, and does, to a host.
    pub tier: Tier,
    /// For all steps together.
    pub deadline: Duration,
    /// Features a host must claim: those written down, and those its steps imply.
    pub features: BTreeSet<Feature>,
    /// Whether other cases may run meanwhile.
    pub lane: Lane,
    /// The host must refuse something.
    pub negative: bool,
    /// The positive case that differs in one thing.
    pub twin: Option<String>,
    /// Fixtures made through the host's own API.
    pub needs: BTreeSet<Need>,
    /// The case's plugin: published, and installed unless it says otherwise.
    pub plugin: Option<PluginSpec>,
    /// Further plugins by key.
    pub also: Vec<(String, PluginSpec)>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// All identities the steps act as, and those whose ids they mention.
    pub identities: BTreeSet<Identity>,
    /// File it was read from.
    pub path: String,
    /// Line of its `[[case]]` or table row, from 1.
    pub line: usize,
}

impl Case {
    /// The area: the first part of the slug.
    pub fn area(&self) -> &str {
        self.slug.split('/').next().unwrap_or(&self.slug)
    }

    /// `file:line`, for messages.
    pub fn place(&self) -> String {
        format!("{}:{}", self.path, self.line)
    }
}

/// A plugin as a case describes it. In a `publish` step, what is left out is as in `[case.plugin]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginSpec {
    /// In `[[case.also]]`: the name by which steps and variables refer to it.
    pub key: Option<String>,
    /// In `[[case.also]]`: its name in the catalog; default: the case's name and the key.
    pub name: Option<String>,
    /// Artifact of `fixtures-plugins`; default `probe`.
    pub fixture: Option<String>,
    /// Version of catalog entry and manifest; default `1.0.0`.
    pub version: Option<String>,
    /// Merge patch over the default manifest.
    pub manifest: Option<Data>,
    /// The text of `plugin.json`, instead of `manifest`.
    pub manifest_text: Option<String>,
    /// File name → SQL.
    pub migrations: Option<BTreeMap<String, String>>,
    /// Path → text of the frontend's files.
    pub frontend: Option<BTreeMap<String, String>>,
    /// Path → text of the files for MCP servers.
    pub mcp: Option<BTreeMap<String, String>>,
    /// Backend in WebAssembly text, instead of a fixture.
    pub wasm_text: Option<String>,
    /// `false`: no backend artifact.
    pub backend: Option<bool>,
    /// Merge patch over the catalog entry.
    pub entry: Option<Data>,
    /// SHA-256 sums in the entry.
    pub checksums: Option<Checksums>,
    /// A hostile or damaged archive: a shape, or `{ artifact, shape }`.
    pub archive: Option<Data>,
    /// `false`: published, not installed.
    pub installed: Option<bool>,
    /// `enabled` of the install; default true.
    pub enabled: Option<bool>,
}

/// Whether a catalog entry carries checksums, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checksums {
    /// Those of the artifacts.
    Correct,
    /// The same in upper case.
    UpperCase,
    /// Others.
    Wrong,
}
