//! What the host did where no answer of it tells: a request to one of the suite's servers, a message on its
//! channel, entries of its streams. A step looks how many there are and at the last of them; what it found is
//! part of the transcript, and [`crate::verify`] asks the same of it again.

mod asked;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::case::Case;
use crate::client::Redactor;

pub(crate) use asked::Asked;

/// How much of the last one a report keeps, in bytes of JSON.
const LIMIT: usize = 16 * 1024;

/// What a step found when it looked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sighting {
    /// The step it belongs to.
    pub step: String,
    /// How many there were of what it looks for.
    pub count: usize,
    /// The last of them, without secrets; absent where there was none, or it is too large to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Value>,
}

impl Sighting {
    /// Of a step that found so many, and this last.
    pub(crate) fn new(step: &str, count: usize, last: Option<&Value>) -> Self {
        let last = last.filter(|last| last.to_string().len() <= LIMIT).cloned();
        Self { step: step.to_owned(), count, last }
    }

    /// As a report keeps it.
    pub(crate) fn redacted(&self, redactor: &Redactor) -> Self {
        let last = self.last.as_ref().map(|last| redactor.redact_value(last));
        Self { last, ..self.clone() }
    }

    /// Whether there is more to the last one than is kept of it.
    pub(crate) fn cut(&self) -> bool {
        self.count > 0 && self.last.is_none()
    }
}

/// The variables that the steps of a case mention which look for something.
pub(crate) fn mentioned(case: &Case, names: &mut BTreeSet<String>) {
    for step in &case.steps {
        if let Some(asked) = Asked::of(&step.action, step.on.as_deref()) {
            asked.mentions(names);
        }
    }
}
