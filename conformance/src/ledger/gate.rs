//! The gate: the conditions under which specification, lock and cases belong together.
//!
//! It is asked by a test and again at the start of every run, so that no verdict is ever given on a
//! sentence whose text moved, and no sentence goes unguarded in silence.

use std::collections::{BTreeMap, BTreeSet};

use super::Ledger;
use crate::aliases::Aliases;
use crate::case::Case;

/// One reason for which the gate is shut. Each names the place to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GateProblem {
    /// Two sentences share an id.
    #[error("{place}: sentence id {id} is used twice")]
    DuplicateSentence {
        /// The id.
        id: String,
        /// `file:line` of the second use.
        place: String,
    },
    /// A sentence is not in the lock.
    #[error("{place}: {id} is not locked; `hostproof ledger --bless` locks it")]
    Unlocked {
        /// The id.
        id: String,
        /// `file:line`.
        place: String,
    },
    /// A sentence's text is not the one that was locked.
    #[error(
        "{place}: the text of {id} changed (locked {locked}, now {now}); review its cases, then `hostproof ledger --bless`"
    )]
    TextChanged {
        /// The id.
        id: String,
        /// `file:line`.
        place: String,
        /// Hash in the lock.
        locked: String,
        /// Hash of today's text.
        now: String,
    },
    /// The lock names a sentence that does not exist.
    #[error("spec/ledger.toml: {id} is no sentence of the specification")]
    StaleLock {
        /// The id.
        id: String,
    },
    /// A sentence has neither a case nor a reason for having none.
    #[error("{place}: {id} has neither a case nor an `uncased` reason in spec/ledger.toml")]
    Uncased {
        /// The id.
        id: String,
        /// `file:line`.
        place: String,
    },
    /// A sentence has a reason for having no case, and has cases.
    #[error("spec/ledger.toml: {id} is marked `uncased`, but {case} cites it")]
    UncasedButCited {
        /// The id.
        id: String,
        /// One of the cases.
        case: String,
    },
    /// A case cites nothing.
    #[error("{place}: {case} cites no sentence")]
    CitesNothing {
        /// The case's id.
        case: String,
        /// `file:line`.
        place: String,
    },
    /// A case cites a sentence that does not exist.
    #[error("{place}: {case} cites {id}, which is no sentence of the specification{hint}")]
    CitesUnknown {
        /// The case's id.
        case: String,
        /// The unknown id.
        id: String,
        /// `file:line`.
        place: String,
        /// A similar id, for the message.
        hint: String,
    },
    /// Two cases share an id or a slug.
    #[error("{place}: {what} is used by another case too")]
    DuplicateCase {
        /// The id or slug.
        what: String,
        /// `file:line` of the second use.
        place: String,
    },
    /// A former name leads nowhere, round in a circle, or is in use.
    #[error("{place}: {message}")]
    Alias {
        /// `file:line`.
        place: String,
        /// What is wrong with it.
        message: String,
    },
    /// The twin of a negative case is missing, unknown or negative itself.
    #[error("{place}: {case}: {message}")]
    Twin {
        /// The case's id.
        case: String,
        /// `file:line`.
        place: String,
        /// What is wrong with it.
        message: String,
    },
}

/// Everything that keeps the gate shut; empty when it is open.
pub fn gate(ledger: &Ledger, cases: &[Case], aliases: &Aliases) -> Vec<GateProblem> {
    let mut problems = Vec::new();
    sentences(ledger, cases, &mut problems);
    for id in ledger.lock.entries.keys() {
        if ledger.sentence(id).is_none() {
            problems.push(GateProblem::StaleLock { id: id.clone() });
        }
    }
    names(cases, &mut problems);
    citations(ledger, cases, aliases, &mut problems);
    twins(cases, &mut problems);
    former_names(ledger, cases, aliases, &mut problems);
    problems
}

fn sentences(ledger: &Ledger, cases: &[Case], problems: &mut Vec<GateProblem>) {
    let mut seen = BTreeSet::new();
    for sentence in ledger.sentences() {
        let id = sentence.id.clone();
        let place = format!("{}:{}", sentence.path, sentence.line);
        if !seen.insert(&sentence.id) {
            problems.push(GateProblem::DuplicateSentence { id, place });
            continue;
        }
        let citing = cases.iter().find(|case| case.cites.contains(&id));
        let Some(entry) = ledger.lock.entries.get(&id) else {
            problems.push(GateProblem::Unlocked { id: id.clone(), place: place.clone() });
            if citing.is_none() {
                problems.push(GateProblem::Uncased { id, place });
            }
            continue;
        };
        let now = sentence.hash();
        if entry.hash != now {
            let (id, locked) = (id.clone(), entry.hash.clone());
            problems.push(GateProblem::TextChanged { id, place: place.clone(), locked, now });
        }
        match (citing, entry.uncased.as_deref().map(str::trim)) {
            (None, None | Some("")) => problems.push(GateProblem::Uncased { id, place }),
            (Some(case), Some(_)) => {
                problems.push(GateProblem::UncasedButCited { id, case: case.id.clone() });
            }
            _ => {}
        }
    }
}

fn names(cases: &[Case], problems: &mut Vec<GateProblem>) {
    let mut seen = BTreeSet::new();
    for case in cases {
        for what in [&case.id, &case.slug] {
            if !seen.insert(what) {
                let (what, place) = (what.clone(), case.place());
                problems.push(GateProblem::DuplicateCase { what, place });
            }
        }
    }
}

fn citations(ledger: &Ledger, cases: &[Case], aliases: &Aliases, problems: &mut Vec<GateProblem>) {
    let known: Vec<&str> = ledger.sentences().map(|s| s.id.as_str()).collect();
    for case in cases {
        if case.cites.is_empty() {
            let place = case.place();
            problems.push(GateProblem::CitesNothing { case: case.id.clone(), place });
        }
        for id in &case.cites {
            if !known.contains(&id.as_str()) {
                let hint = match aliases.resolve(id) {
                    now if now != id => format!("; it is called {now} now"),
                    _ => crate::suggest::hint(id, known.iter().copied()),
                };
                let (case, place, id) = (case.id.clone(), case.place(), id.clone());
                problems.push(GateProblem::CitesUnknown { case, id, place, hint });
            }
        }
    }
}

fn twins(cases: &[Case], problems: &mut Vec<GateProblem>) {
    let by_id: BTreeMap<&str, &Case> = cases.iter().map(|c| (c.id.as_str(), c)).collect();
    for case in cases {
        let message = match (&case.twin, case.negative) {
            (None, false) => continue,
            (None, true) => "a negative case names its positive `twin`".to_owned(),
            (Some(twin), _) => match by_id.get(twin.as_str()) {
                None => {
                    let hint = crate::suggest::hint(twin, by_id.keys().copied());
                    format!("its twin {twin} does not exist{hint}")
                }
                Some(other) if other.negative => format!("its twin {twin} is negative itself"),
                Some(_) if !case.negative => "only a negative case has a twin".to_owned(),
                Some(_) => continue,
            },
        };
        let (case, place) = (case.id.clone(), case.place());
        problems.push(GateProblem::Twin { case, place, message });
    }
}

fn former_names(
    ledger: &Ledger,
    cases: &[Case],
    aliases: &Aliases,
    problems: &mut Vec<GateProblem>,
) {
    let ids = ledger.sentences().map(|sentence| sentence.id.as_str());
    let names = cases.iter().flat_map(|case| [case.id.as_str(), case.slug.as_str()]);
    let live: BTreeSet<&str> = ids.chain(names).collect();
    let hint = |name: &str| crate::suggest::hint(name, live.iter().copied());
    for (alias, message) in aliases.problems(|name| live.contains(name), hint) {
        problems.push(GateProblem::Alias { place: alias.place.clone(), message });
    }
}
