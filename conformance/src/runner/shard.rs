//! Parts of a suite: which of `n` machines runs a case.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::case::Case;

/// One of several parts, written `2/5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    index: u64,
    count: u64,
}

impl Shard {
    /// The part with this number, from 1, of so many.
    pub fn new(index: u64, count: u64) -> Option<Self> {
        (1..=count).contains(&index).then_some(Self { index, count })
    }

    /// Its number, from 1.
    pub fn index(self) -> u64 {
        self.index
    }

    /// How many there are.
    pub fn count(self) -> u64 {
        self.count
    }

    /// All parts that it is one of.
    pub fn siblings(self) -> impl Iterator<Item = Self> {
        (1..=self.count).map(move |index| Self { index, ..self })
    }

    /// Whether a case belongs to it. It depends on nothing but ids, so that it stays where it is when
    /// other cases come and go; a refusal is where its positive twin is, without which it says nothing.
    pub fn contains(self, case: &Case) -> bool {
        let digest = Sha256::digest(case.twin.as_ref().unwrap_or(&case.id));
        let (head, _) = digest.split_at(8);
        let number = head.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        number % self.count == self.index - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(index, count)| {
            Self::new(index.trim().parse().ok()?, count.trim().parse().ok()?)
        });
        numbers.ok_or_else(|| {
            format!("`{text}` is no part: write `2/5` for the second of five, counted from 1")
        })
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl TryFrom<String> for Shard {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
