//! What a mutant is.

use policy::Policy;
use serde::Serialize;

/// A mistake.
#[derive(Clone, Debug)]
pub struct Entry {
    /// In words joined by hyphens.
    pub name: &'static str,
    /// Ids of the sentences it breaks.
    pub sentences: &'static [&'static str],
    /// The mistake, in a line.
    pub what: &'static str,
    /// How it is made.
    pub how: How,
}

/// How a mistake is made.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// Not at all: the mutant that has to survive.
    Nothing,
    /// By another function in the policy, which counts.
    Decision(fn(&mut Policy)),
    /// By another value in the policy, which cannot count.
    Value(fn(&mut Policy)),
    /// In the code of the host.
    Wiring,
}

/// How a mistake is made, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// See [`How::Nothing`].
    Control,
    /// See [`How::Decision`].
    Decision,
    /// See [`How::Value`]: its hits say nothing.
    Value,
    /// See [`How::Wiring`].
    Wiring,
}

impl Entry {
    /// The kind of mistake.
    pub fn kind(&self) -> Kind {
        match self.how {
            How::Nothing => Kind::Control,
            How::Decision(_) => Kind::Decision,
            How::Value(_) => Kind::Value,
            How::Wiring => Kind::Wiring,
        }
    }

    /// Puts the mistake into a policy, where that is its place.
    pub fn apply(&self, policy: &mut Policy) {
        match self.how {
            How::Decision(change) | How::Value(change) => change(policy),
            How::Nothing | How::Wiring => {}
        }
    }
}

pub(crate) const fn decision(
    name: &'static str,
    sentences: &'static [&'static str],
    what: &'static str,
    change: fn(&mut Policy),
) -> Entry {
    Entry { name, sentences, what, how: How::Decision(change) }
}

pub(crate) const fn value(
    name: &'static str,
    sentences: &'static [&'static str],
    what: &'static str,
    change: fn(&mut Policy),
) -> Entry {
    Entry { name, sentences, what, how: How::Value(change) }
}
