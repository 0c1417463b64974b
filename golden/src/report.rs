//! What is to be said about a run: one document, and views of it.

mod junit;
mod terminal;

use std::time::Duration;

use serde::Serialize;

pub use self::junit::junit;
pub use self::terminal::{progress, terminal};
use crate::cost::Cost;
use crate::coverage::Unused;

/// A run over the scenarios of one plugin.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The plugin's name.
    pub plugin: String,
    /// The plugin's folder.
    pub folder: String,
    /// Every scenario, by name.
    pub scenarios: Vec<ScenarioReport>,
    /// What the manifest declares and no scenario made use of; absent when only some scenarios ran.
    pub unused: Option<Unused>,
    /// From the first scenario to the last, in milliseconds, compiling not counted.
    pub elapsed_ms: u128,
    /// Until the plugin was compiled, in milliseconds.
    pub compile_ms: u128,
}

/// One scenario.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioReport {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: String,
    /// How it went.
    pub verdict: Verdict,
    /// What did not hold.
    pub failures: Vec<Failure>,
    /// How the transcript differs from the accepted one, as a unified diff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// The file that waits to be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<String>,
    /// Its steps, loading first.
    pub steps: Vec<StepReport>,
    /// Recorded answers that nobody asked for.
    pub unplayed_answers: usize,
    /// In milliseconds.
    pub elapsed_ms: f64,
}

/// How a scenario went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything held.
    Passed,
    /// Something did not hold, or the transcript differs.
    Failed,
    /// Everything held, and there is no accepted snapshot yet.
    New,
    /// The scenario's file is wrong.
    Broken,
}

/// Something that did not hold.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The step, where it is one step's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Its line in the scenario's file, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Why.
    pub message: String,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// Its name.
    pub name: String,
    /// What it cost.
    #[serde(flatten)]
    pub cost: Cost,
    /// What it cost when the snapshot was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Cost>,
}

impl Report {
    /// How many scenarios went so.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.scenarios.iter().filter(|scenario| scenario.verdict == verdict).count()
    }

    /// Whether every scenario passed.
    pub fn passed(&self) -> bool {
        self.count(Verdict::Passed) == self.scenarios.len()
    }
}

impl ScenarioReport {
    /// A scenario whose file is wrong.
    pub(crate) fn broken(name: String, file: String, message: String) -> Self {
        Self {
            name,
            file,
            verdict: Verdict::Broken,
            failures: vec![Failure { step: None, line: None, message }],
            difference: None,
            pending: None,
            steps: Vec::new(),
            unplayed_answers: 0,
            elapsed_ms: 0.0,
        }
    }
}

/// Milliseconds, with what is left of them.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
