//! Reading the names that verdicts, failures and origins are written with. The types themselves cannot be
//! read: what comes from a file is no evidence.

use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serialize};

use crate::evidence::{FailureKind, Origin, VerdictKind};

pub(super) fn verdict<'de, D: Deserializer<'de>>(from: D) -> Result<VerdictKind, D::Error> {
    named(from, "verdict", &VerdictKind::ALL)
}

pub(super) fn failure<'de, D: Deserializer<'de>>(from: D) -> Result<FailureKind, D::Error> {
    named(from, "kind of failure", &FailureKind::ALL)
}

pub(super) fn origin<'de, D: Deserializer<'de>>(from: D) -> Result<Origin, D::Error> {
    named(from, "origin", &Origin::ALL)
}

/// The one of `all` that is written as the text that is read.
fn named<'de, D, T>(from: D, what: &str, all: &[T]) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Serialize + Copy,
{
    let text = String::deserialize(from)?;
    let named = |one: &T| serde_json::to_value(one).is_ok_and(|name| name == text.as_str());
    all.iter()
        .copied()
        .find(named)
        .ok_or_else(|| D::Error::custom(format!("unknown {what} `{text}`")))
}
