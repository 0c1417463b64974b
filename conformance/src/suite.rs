//! The suite: ledger and cases that fit each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::aliases::{AliasError, Aliases};
use crate::case::{self, Case, CaseError, Feature};
use crate::ledger::{GateProblem, Ledger, LedgerError, gate, short_hash};
use crate::sources::Sources;

/// Ledger and cases, read and checked.
#[derive(Debug)]
pub struct Suite {
    /// The specification.
    pub ledger: Ledger,
    /// All cases.
    pub cases: Vec<Case>,
    /// Former names of sentences and cases.
    pub aliases: Aliases,
    /// One hash over all case files, which names this edition of the cases in reports.
    pub digest: String,
}

/// Ledger and cases cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The specification is malformed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A file of aliases is malformed.
    #[error(transparent)]
    Aliases(#[from] AliasError),
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

/// A refusal says nothing where the same thing, done right, cannot be tried: it needs what its positive
/// twin needs.
fn need_what_twins_need(cases: &mut [Case]) {
    let needs: BTreeMap<String, BTreeSet<Feature>> =
        cases.iter().map(|case| (case.id.clone(), case.features.clone())).collect();
    for case in cases {
        let twin = case.twin.as_deref().and_then(|twin| needs.get(twin));
        case.features.extend(twin.into_iter().flatten());
    }
}

impl Suite {
    /// Reads the sources without asking the gate, for commands that show what it would say.
    pub fn read(sources: &Sources) -> Result<Self, SuiteError> {
        let ledger = Ledger::parse(sources)?;
        let mut cases = case::load(&sources.cases).map_err(SuiteError::Cases)?;
        need_what_twins_need(&mut cases);
        let files = sources.cases.iter().map(|file| format!("{}\n{}", file.path, file.text));
        let digest = short_hash(&files.collect::<Vec<_>>().join("\n"));
        let aliases = Aliases::parse(&sources.aliases)?;
        Ok(Self { ledger, cases, aliases, digest })
    }

    /// Reads the sources and asks the gate.
    pub fn load(sources: &Sources) -> Result<Self, SuiteError> {
        let suite = Self::read(sources)?;
        let problems = suite.problems();
        if problems.is_empty() { Ok(suite) } else { Err(SuiteError::Gate(problems)) }
    }

    /// What the gate says: empty when ledger, cases and aliases belong together.
    pub fn problems(&self) -> Vec<GateProblem> {
        gate(&self.ledger, &self.cases, &self.aliases)
    }

    /// The case with this id or slug, of today or of old.
    pub fn case(&self, name: &str) -> Option<&Case> {
        let name = self.aliases.resolve(name);
        self.cases.iter().find(|case| case.id == name || case.slug == name)
    }

    /// The cases that cite a sentence.
    pub fn citing<'a>(&'a self, sentence: &'a str) -> impl Iterator<Item = &'a Case> {
        self.cases.iter().filter(move |case| case.cites.iter().any(|cited| cited == sentence))
    }
}
