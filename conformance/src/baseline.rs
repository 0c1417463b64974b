//! The baseline: failures that are known, each with the reason why they are put up with.
//!
//! It changes no judgement. A case that fails as the baseline says is `known-failing`: counted and
//! shown, and no failure of the run. A line that no longer says what is true makes the run end with
//! a code of its own, so that a baseline can only become shorter unless somebody makes it longer.

mod apply;
mod draft;
mod read;

pub use draft::draft;
pub use read::BaselineError;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::aliases::Aliases;
use crate::case::Case;
use crate::runner::matches;

/// A baseline file.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    /// The file, for people.
    pub path: String,
    /// Its lines, in order.
    pub lines: Vec<Line>,
}

/// One `[[known-failing]]`.
#[derive(Debug, Clone)]
pub struct Line {
    /// Which cases: an id, a glob over slugs, an area, or the id of a sentence they judge.
    pub cases: String,
    /// Why they are known to fail.
    pub reason: String,
    /// The last day on which it may stand here.
    pub until: Option<Date>,
    /// Where it is being dealt with.
    pub link: Option<String>,
    /// Line in the file, from 1.
    pub number: usize,
}

/// What the report says of the line that covers a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Why the case is known to fail.
    pub reason: String,
    /// The last day on which it may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Where it is being dealt with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// `file:line`.
    pub source: String,
}

/// A line that does not say what is true, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stale {
    /// `file:line`.
    pub source: String,
    /// The line's `cases`.
    pub cases: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl Line {
    fn covers(&self, case: &Case, aliases: &Aliases) -> bool {
        matches(&self.cases, case, aliases)
    }
}

impl Baseline {
    fn place(&self, line: &Line) -> String {
        format!("{}:{}", self.path, line.number)
    }

    /// The line that covers a case: the first that does.
    fn line(&self, case: &Case, aliases: &Aliases) -> Option<&Line> {
        self.lines.iter().find(|line| line.covers(case, aliases))
    }

    fn known(&self, line: &Line) -> Known {
        Known {
            reason: line.reason.clone(),
            until: line.until.map(|day| day.to_string()),
            link: line.link.clone(),
            source: self.place(line),
        }
    }
}
