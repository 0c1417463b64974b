//! Reading a report back. What is read is a [`Report`] like the one that was written: plain data, on which
//! every view and every comparison works, and out of which no verdict of this run can be made.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::document::{CaseReport, FORMAT, count, exit_code};
use super::{Report, digest};
use crate::evidence::VerdictKind;

/// A file is no report, or none that can be relied on.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// It cannot be read.
    #[error("cannot read the report {path}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is no JSON; most likely the file was cut off.
    #[error("{path}: no JSON, or only a part of it")]
    Json {
        /// The file.
        path: String,
        /// Where and why.
        source: serde_json::Error,
    },
    /// It was written by another version, or by another program.
    #[error("{path}: the format is `{format}`; this program reads `{FORMAT}`")]
    Format {
        /// The file.
        path: String,
        /// What `header.format` says.
        format: String,
    },
    /// A member is missing, unknown or of another type.
    #[error("{path}: at `{place}`: {message}")]
    Shape {
        /// The file.
        path: String,
        /// The member, as a path of names.
        place: String,
        /// What is wrong with it.
        message: String,
    },
    /// It contradicts itself.
    #[error("{path} contradicts itself (`hostproof verify` judges it again):\n{}", .problems.join("\n"))]
    Contradicts {
        /// The file.
        path: String,
        /// Each contradiction.
        problems: Vec<String>,
    },
}

/// A report, and what in it does not fit together.
#[derive(Debug)]
pub struct Recorded {
    /// The report.
    pub report: Report,
    /// Each contradiction; empty for what a run wrote.
    pub problems: Vec<String>,
}

impl Report {
    /// Reads a report that fits together: its digest, counts and cases agree.
    pub fn read(path: &Path) -> Result<Self, RecordedError> {
        let Recorded { report, problems } = Recorded::read(path)?;
        if problems.is_empty() {
            return Ok(report);
        }
        Err(RecordedError::Contradicts { path: path.display().to_string(), problems })
    }
}

impl Recorded {
    /// Reads a report as it is.
    pub fn read(path: &Path) -> Result<Self, RecordedError> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&name, &text),
            Err(source) => Err(RecordedError::Read { path: name, source }),
        }
    }

    /// Parses a report's text. `path` is for messages.
    pub fn parse(path: &str, text: &str) -> Result<Self, RecordedError> {
        let path = path.to_owned();
        let document: Value = match serde_json::from_str(text) {
            Ok(document) => document,
            Err(source) => return Err(RecordedError::Json { path, source }),
        };
        let format = document.pointer("/header/format").and_then(Value::as_str);
        if format != Some(FORMAT) {
            let format = format.unwrap_or("none at all").to_owned();
            return Err(RecordedError::Format { path, format });
        }
        let report: Report = match serde_path_to_error::deserialize(&document) {
            Ok(report) => report,
            Err(error) => {
                let place = error.path().to_string();
                return Err(RecordedError::Shape {
                    path,
                    place,
                    message: error.inner().to_string(),
                });
            }
        };
        let mut problems = contradictions(&report);
        if report.footer.digest != digest::of_document(document) {
            problems.push("footer: the digest is that of another document".to_owned());
        }
        Ok(Self { report, problems })
    }
}

fn contradictions(report: &Report) -> Vec<String> {
    let mut problems = Vec::new();
    let mut names = BTreeSet::new();
    for case in &report.cases {
        for name in [&case.id, &case.slug] {
            if !names.insert(name) {
                problems.push(format!("{name} is in it twice"));
            }
        }
        for id in case.cites.iter().filter(|id| report.sentence(id).is_none()) {
            problems.push(format!("{}: the sentence {id} is not in it", case.id));
        }
        problems.extend(of_case(case).map(|problem| format!("{}: {problem}", case.id)));
    }
    let footer = &report.footer;
    let counts = count(&report.cases);
    if footer.counts != counts {
        problems.push("footer: the counts are not those of the cases".to_owned());
    }
    let inapplicable = counts[VerdictKind::NotApplicable.as_str()];
    if footer.applicable != report.cases.len() - inapplicable {
        problems.push("footer: `applicable` is not the number of applicable cases".to_owned());
    }
    let stale = !footer.stale_baseline.is_empty();
    if footer.exit_code != exit_code(&counts, footer.complete, stale) {
        problems.push("footer: the exit code is not that of the verdicts".to_owned());
    }
    if footer.complete == footer.stopped.is_some() {
        problems.push("footer: `complete` and `stopped` contradict each other".to_owned());
    }
    problems
}

/// A verdict has what belongs to it, and the transcript what is spoken of.
fn of_case(case: &CaseReport) -> impl Iterator<Item = &'static str> {
    let passed = matches!(
        case.verdict,
        VerdictKind::Pass | VerdictKind::Flaky | VerdictKind::UnexpectedPass
    );
    let failed = matches!(case.verdict, VerdictKind::Fail | VerdictKind::Flaky);
    let mentioned = case.facts.iter().filter_map(|fact| fact.exchange);
    let mentioned = mentioned.chain(case.failure.iter().filter_map(|failure| failure.exchange));
    // A flaky case keeps the exchanges of its failure; its facts are of the attempt after it.
    let flaky = case.verdict == VerdictKind::Flaky;
    let beyond = !flaky && mentioned.into_iter().any(|number| number >= case.exchanges.len());
    let numbered = case.exchanges.iter().enumerate().all(|(index, e)| e.number == index);
    [
        (passed && case.facts.is_empty(), "it passed without a fact"),
        (failed && case.failure.is_none(), "it failed without a failure"),
        (!passed && !failed && case.reason.is_none(), "its verdict has no reason"),
        (beyond, "it speaks of an exchange that is not in its transcript"),
        (!numbered, "the exchanges of its transcript are not numbered in order"),
    ]
    .into_iter()
    .filter_map(|(wrong, problem)| wrong.then_some(problem))
}
