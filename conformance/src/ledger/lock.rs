//! `spec/ledger.toml`: the hash of every sentence, and the reasons of those without a case.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use super::Ledger;
use crate::sources::SourceFile;

/// What the lock says of one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockEntry {
    /// Hash of the text that was agreed on.
    pub hash: String,
    /// Why no case judges this sentence. Absent for a sentence with cases.
    pub uncased: Option<String>,
}

/// The parsed lock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Lock {
    /// Sentence id → entry.
    pub entries: BTreeMap<String, LockEntry>,
}

/// The lock does not parse.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {message}")]
pub struct LockError {
    path: String,
    message: String,
}

impl Lock {
    /// Parses the lock file.
    pub fn parse(file: &SourceFile) -> Result<Self, LockError> {
        toml::from_str(&file.text)
            .map_err(|e| LockError { path: file.path.clone(), message: e.to_string() })
    }
}

const PREAMBLE: &str = "\
# Locks the text of every binding sentence; written by `hostproof ledger --bless`.
# `uncased` is written by hand: why no case can judge the sentence from outside.
";

/// The lock's new text: today's hashes for the sentences of today, with the reasons kept.
pub fn bless(ledger: &Ledger) -> String {
    let mut out = PREAMBLE.to_owned();
    let sentences: BTreeMap<&str, _> = ledger.sentences().map(|s| (s.id.as_str(), s)).collect();
    for (id, sentence) in sentences {
        let _ = write!(out, "\n[{id}]\nhash = \"{}\"\n", sentence.hash());
        if let Some(reason) = ledger.lock.entries.get(id).and_then(|e| e.uncased.as_ref()) {
            let _ = writeln!(out, "uncased = {}", toml::Value::String(reason.clone()));
        }
    }
    out
}
