//! `mutants.json`, which `cargo xtask conformance --mutants` writes: what each mutant host came to.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// One mutant: a host with one plausible mistake.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Mutant {
    /// Its name.
    pub name: String,
    /// The mistake, in a sentence.
    pub what: String,
    /// The sentences it breaks.
    pub sentences: Vec<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// The cases that noticed.
    #[serde(default)]
    pub killed_by: Vec<String>,
}

/// What came of a mutant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Outcome {
    /// A case noticed.
    Killed,
    /// No case noticed.
    Survived,
    /// Anything else, in the word of the file: an equivalent one, one that was not reached.
    Other(String),
}

impl From<String> for Outcome {
    fn from(word: String) -> Self {
        match word.as_str() {
            "killed" => Self::Killed,
            "survived" => Self::Survived,
            _ => Self::Other(word),
        }
    }
}

impl Outcome {
    /// Its word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Killed => "killed",
            Self::Survived => "survived",
            Self::Other(word) => word,
        }
    }
}

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MutantsError {
    /// It cannot be read.
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// It is something else.
    #[error("{} is no list of mutants, as `cargo xtask conformance --mutants` writes it", .0.display())]
    Parse(PathBuf, #[source] serde_json::Error),
}

/// The file is an object, of which the list is one member.
#[derive(Deserialize)]
struct Document {
    mutants: Vec<Mutant>,
}

/// Reads the file.
pub fn read(path: &Path) -> Result<Vec<Mutant>, MutantsError> {
    let text =
        std::fs::read(path).map_err(|source| MutantsError::Read(path.to_path_buf(), source))?;
    serde_json::from_slice::<Document>(&text)
        .map(|document| document.mutants)
        .map_err(|source| MutantsError::Parse(path.to_path_buf(), source))
}
