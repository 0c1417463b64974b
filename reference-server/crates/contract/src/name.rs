//! Plugin names and the database schema each one owns.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest plugin name, in bytes. Names become paths, schema names and log fields; a bound keeps
/// each of those within its own limit.
pub const MAX_NAME_BYTES: usize = 128;

/// Longest Postgres identifier, in bytes. Postgres cuts longer ones silently, which would let two
/// plugins share a schema; we refuse instead (decision D6).
pub const MAX_SCHEMA_BYTES: usize = 63;

/// What every plugin schema's name begins with.
pub const SCHEMA_PREFIX: &str = "plugin_data_";

/// A plugin's reverse-DNS name, such as `com.example.checklist`.
///
/// Dot-separated parts of letters, digits, `_` and `-`, each beginning with a letter or digit, at
/// most [`MAX_NAME_BYTES`] long. A name is therefore one safe path segment: it holds no separator,
/// no `..` and no leading dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginName(String);

impl PluginName {
    /// Checks and takes a name.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        if text.is_empty() {
            return Err(InvalidName::Empty);
        }
        if text.len() > MAX_NAME_BYTES {
            return Err(InvalidName::TooLong { bytes: text.len() });
        }
        if text.split('.').all(is_name_part) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidName::Pattern)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The schema this plugin owns: [`SCHEMA_PREFIX`] and the name in lower case, with `.` and `-`
    /// as `_`.
    ///
    /// The mapping is not injective (`a.b-c` and `a.b_c` meet); whoever installs a plugin must
    /// refuse a name whose schema another installed plugin already owns.
    pub fn schema_name(&self) -> Result<SchemaName, SchemaNameTooLong> {
        let mut schema = String::with_capacity(SCHEMA_PREFIX.len() + self.0.len());
        schema.push_str(SCHEMA_PREFIX);
        schema.extend(self.0.chars().map(|c| match c {
            '.' | '-' => '_',
            other => other.to_ascii_lowercase(),
        }));
        if schema.len() > MAX_SCHEMA_BYTES {
            return Err(SchemaNameTooLong { bytes: schema.len(), schema });
        }
        Ok(SchemaName(schema))
    }
}

fn is_name_part(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_alphanumeric())
        && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

impl fmt::Display for PluginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for PluginName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for PluginName {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::parse(text)
    }
}

impl TryFrom<String> for PluginName {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::parse(&text)
    }
}

impl From<PluginName> for String {
    fn from(name: PluginName) -> Self {
        name.0
    }
}

/// The name of a plugin's schema: lower case, at most [`MAX_SCHEMA_BYTES`], and an identifier that
/// needs no quoting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SchemaName(String);

impl SchemaName {
    /// The schema as text, safe to place in a statement unquoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SchemaName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for SchemaName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Why a text is no plugin name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing was given.
    #[error("a plugin name must not be empty")]
    Empty,
    /// Longer than [`MAX_NAME_BYTES`].
    #[error("a plugin name has at most {MAX_NAME_BYTES} bytes, this one has {bytes}")]
    TooLong {
        /// Length of the refused name.
        bytes: usize,
    },
    /// A character or a part outside the pattern.
    #[error(
        "a plugin name is made of dot-separated parts of letters, digits, '_' and '-', each beginning with a letter or digit"
    )]
    Pattern,
}

/// A name whose schema Postgres would cut short.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the schema name '{schema}' has {bytes} bytes, Postgres keeps {MAX_SCHEMA_BYTES}")]
pub struct SchemaNameTooLong {
    /// The schema name that does not fit.
    pub schema: String,
    /// Its length.
    pub bytes: usize,
}
