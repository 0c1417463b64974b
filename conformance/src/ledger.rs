//! The ledger: every sentence of the specification that binds a host, and what guards it.
//!
//! A chapter is Markdown for people; its binding sentences are list items with an opaque id and a
//! level. `spec/ledger.toml` locks each sentence's text by a hash, so that a sentence cannot change
//! under the cases that judge it without somebody saying so (`hostproof ledger --bless`), and holds
//! the reasons of sentences that no case can judge.

mod chapter;
mod gate;
mod lock;

pub(crate) use chapter::short_hash;
pub use chapter::{Chapter, ChapterError, Level, Sentence};
pub use gate::{GateProblem, gate};
pub use lock::{Lock, LockEntry, LockError, bless};

use std::collections::BTreeMap;

use crate::sources::Sources;

/// The parsed specification together with its lock.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Chapters in the order of their paths.
    pub chapters: Vec<Chapter>,
    /// The lock; empty where there is none.
    pub lock: Lock,
}

/// The specification's files are malformed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A chapter does not parse.
    #[error(transparent)]
    Chapter(#[from] ChapterError),
    /// The lock does not parse.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl Ledger {
    /// Parses all chapters and the lock. What they say is judged by [`gate`].
    pub fn parse(sources: &Sources) -> Result<Self, LedgerError> {
        let chapters =
            sources.chapters.iter().map(Chapter::parse).collect::<Result<Vec<_>, _>>()?;
        let lock = sources.lock.as_ref().map(Lock::parse).transpose()?.unwrap_or_default();
        Ok(Self { chapters, lock })
    }

    /// All sentences, in reading order.
    pub fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        self.chapters.iter().flat_map(|chapter| &chapter.sentences)
    }

    /// The sentence with this id.
    pub fn sentence(&self, id: &str) -> Option<&Sentence> {
        self.sentences().find(|sentence| sentence.id == id)
    }

    /// One hash over all ids and texts, which names this edition of the specification in reports.
    pub fn digest(&self) -> String {
        let all: BTreeMap<&str, String> =
            self.sentences().map(|s| (s.id.as_str(), s.hash())).collect();
        let lines: Vec<String> = all.iter().map(|(id, hash)| format!("{id} {hash}")).collect();
        short_hash(&lines.join("\n"))
    }
}
