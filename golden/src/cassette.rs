//! Recorded answers of the database, one file per scenario: `golden/cassettes/NAME.toml`.
//!
//! An answer is found by its statement and its parameters. What was asked several times is answered
//! in the recorded order, and no more often: a further question is a change of the plugin.

mod nearest;
mod replay;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(crate) use replay::Replay;

const HEADER: &str = "# Answers of the database, recorded by `golden record`. Not written by hand: record again\n\
                      # after a change of statements, migrations or rows.\n\n";

/// Every answer of one scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Cassette {
    /// In the order in which they were given.
    #[serde(default)]
    pub answers: Vec<Recorded>,
}

/// One statement and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// What was asked.
    #[serde(flatten)]
    pub question: Question,
    /// What came back.
    #[serde(flatten)]
    pub answer: Answer,
}

/// A statement with its parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub struct Question {
    /// How it was asked.
    pub call: Call,
    /// Its text.
    pub sql: String,
    /// Its parameters, a JSON array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<String>,
}

/// How a statement is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Call {
    /// `db_query`.
    Read,
    /// `db_query2`.
    Query,
    /// `db_exec`.
    Exec,
}

/// What the database said.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// Rows, as the guest reads them.
    Result(String),
    /// Rows affected.
    Affected(u64),
    /// `code: message`.
    Error(String),
}

impl Cassette {
    /// Where the cassette of a scenario lies.
    pub fn path(golden: &Path, scenario: &str) -> PathBuf {
        golden.join("cassettes").join(format!("{scenario}.toml"))
    }

    /// Reads a cassette; empty where there is none.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            text => text?,
        };
        toml::from_str(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Writes a cassette; removes it when it is empty.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        if self.answers.is_empty() {
            return match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let text = toml::to_string_pretty(self).map_err(io::Error::other)?;
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        fs::write(path, format!("{HEADER}{text}"))
    }
}

impl Call {
    /// The host function.
    pub fn function(self) -> &'static str {
        match self {
            Self::Read => "db_query",
            Self::Query => "db_query2",
            Self::Exec => "db_exec",
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_cassette_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = Cassette::path(folder.path(), "items");
        let question = |call, sql: &str, params: Option<&str>| Question {
            call,
            sql: sql.to_owned(),
            params: params.map(str::to_owned),
        };
        let cassette = Cassette {
            answers: vec![
                Recorded {
                    question: question(Call::Query, "SELECT 'a''b'\n  FROM x", Some("[\"é\", 1]")),
                    answer: Answer::Result("{\"columns\":[],\"rows\":[]}".to_owned()),
                },
                Recorded {
                    question: question(Call::Exec, "DELETE FROM x", None),
                    answer: Answer::Affected(3),
                },
                Recorded {
                    question: question(Call::Read, "SELECT", None),
                    answer: Answer::Error("syntax_error: no".to_owned()),
                },
            ],
        };
        cassette.write(&path).unwrap();
        assert_eq!(Cassette::read(&path).unwrap(), cassette);
        Cassette::default().write(&path).unwrap();
        assert!(!path.exists());
        assert_eq!(Cassette::read(&path).unwrap(), Cassette::default());
    }
}
