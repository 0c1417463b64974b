//! Steps that take something away from the host, or end the host itself, and bring it back.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::words;

words! {
    /// What can be taken away.
    Part, "part" {
        /// The host's own process.
        Host = "host",
        /// Its database.
        Postgres = "postgres",
        /// Its event store and cache.
        Valkey = "valkey",
    }
}

words! {
    /// What becomes of it.
    Change, "change" {
        /// It ends in order.
        Stop = "stop",
        /// It ends at once, with whatever it was doing.
        Kill = "kill",
        /// It runs again, with its data and where it was.
        Start = "start",
        /// It keeps its connections and answers nothing.
        Pause = "pause",
        /// It goes on.
        Resume = "resume",
    }
}

impl Change {
    /// What undoes it; `None` for a change that brings back itself.
    pub fn undone_by(self) -> Option<Self> {
        match self {
            Self::Stop | Self::Kill => Some(Self::Start),
            Self::Pause => Some(Self::Resume),
            Self::Start | Self::Resume => None,
        }
    }
}

/// `fault = { postgres = "stop" }`
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "BTreeMap<Part, Change>")]
pub struct FaultSpec {
    /// What is changed.
    pub part: Part,
    /// How.
    pub change: Change,
}

impl TryFrom<BTreeMap<Part, Change>> for FaultSpec {
    type Error = &'static str;

    fn try_from(written: BTreeMap<Part, Change>) -> Result<Self, Self::Error> {
        match Vec::from_iter(written).as_slice() {
            &[(part, change)] => Ok(Self { part, change }),
            _ => Err("a fault is one change of one part, such as `{ postgres = \"stop\" }`"),
        }
    }
}
