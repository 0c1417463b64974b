//! The suite: ledger and cases that fit each other.

use crate::case::{self, Case, CaseError};
use crate::ledger::{GateProblem, Ledger, LedgerError, gate, short_hash};
use crate::sources::Sources;

/// Ledger and cases, read and checked.
#[derive(Debug)]
pub struct Suite {
    /// The specification.
    pub ledger: Ledger,
    /// All cases.
    pub cases: Vec<Case>,
    /// One hash over all case files, which names this edition of the cases in reports.
    pub digest: String,
}

/// Ledger and cases cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The specification is malformed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Case files are malformed.
    #[error("{}", lines(.0))]
    Cases(Vec<CaseError>),
    /// They do not belong together.
    #[error("the ledger's gate is shut:\n{}", lines(.0))]
    Gate(Vec<GateProblem>),
}

fn lines<T: ToString>(problems: &[T]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Suite {
    /// Reads the sources without asking the gate, for commands that show what it would say.
    pub fn read(sources: &Sources) -> Result<Self, SuiteError> {
        let ledger = Ledger::parse(sources)?;
        let cases = case::load(&sources.cases).map_err(SuiteError::Cases)?;
        let files = sources.cases.iter().map(|file| format!("{}\n{}", file.path, file.text));
        let digest = short_hash(&files.collect::<Vec<_>>().join("\n"));
        Ok(Self { ledger, cases, digest })
    }

    /// Reads the sources and asks the gate.
    pub fn load(sources: &Sources) -> Result<Self, SuiteError> {
        let suite = Self::read(sources)?;
        let problems = gate(&suite.ledger, &suite.cases);
        if problems.is_empty() { Ok(suite) } else { Err(SuiteError::Gate(problems)) }
    }
}
