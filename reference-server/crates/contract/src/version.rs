//! Plugin versions: strict `X.Y.Z`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A released version, three non-negative numbers (decision L2).
///
/// One leading `v` and leading zeros are accepted and mean nothing; pre-release and build suffixes
/// are refused, so that "newer" is never a matter of taste. Ordering is numeric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginVersion {
    /// First number.
    pub major: u64,
    /// Second number.
    pub minor: u64,
    /// Third number.
    pub patch: u64,
}

impl PluginVersion {
    /// Reads `X.Y.Z` or `vX.Y.Z`.
    pub fn parse(text: &str) -> Result<Self, InvalidVersion> {
        let numbers = text.strip_prefix('v').unwrap_or(text);
        if numbers.contains(['-', '+']) {
            return Err(InvalidVersion::Suffix);
        }
        let mut parts = numbers.split('.').map(number);
        let (Some(major), Some(minor), Some(patch), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidVersion::Parts);
        };
        Ok(Self { major: major?, minor: minor?, patch: patch? })
    }
}

/// One part: digits only, since `str::parse` alone would take a sign.
fn number(part: &str) -> Result<u64, InvalidVersion> {
    if part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
        return Err(InvalidVersion::Number);
    }
    part.parse().map_err(|_| InvalidVersion::Number)
}

impl fmt::Display for PluginVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl FromStr for PluginVersion {
    type Err = InvalidVersion;
    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        Self::parse(text)
    }
}

impl TryFrom<String> for PluginVersion {
    type Error = InvalidVersion;
    fn try_from(text: String) -> Result<Self, InvalidVersion> {
        Self::parse(&text)
    }
}

impl From<PluginVersion> for String {
    fn from(version: PluginVersion) -> Self {
        version.to_string()
    }
}

/// Why a text is no plugin version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVersion {
    /// A pre-release (`-`) or build (`+`) suffix.
    #[error("a version is X.Y.Z without pre-release or build suffix")]
    Suffix,
    /// Not exactly three parts.
    #[error("a version has exactly three dot-separated numbers")]
    Parts,
    /// A part that is not a number in range.
    #[error("each part of a version is a non-negative decimal number")]
    Number,
}
