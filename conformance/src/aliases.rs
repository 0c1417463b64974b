//! Names that once stood for something. Ids are opaque and never used again; where a sentence or a case is
//! split, joined or renamed, its former name goes on standing for what it became, so that filters,
//! baselines and old reports go on meaning what they meant.
//!
//! `spec/aliases.toml` has those of sentences, `cases/aliases.toml` those of cases: ids and slugs.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::sources::SourceFile;

/// A former name and what it is called now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The name of old.
    pub former: String,
    /// Today's, or a name that is an alias itself.
    pub current: String,
    /// Why it was renamed.
    pub reason: String,
    /// `file:line`.
    pub place: String,
}

/// All former names.
#[derive(Debug, Clone, Default)]
pub struct Aliases {
    list: Vec<Alias>,
    current: BTreeMap<String, String>,
}

/// A file of aliases does not parse.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {message}")]
pub struct AliasError {
    path: String,
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    alias: Vec<toml::Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    former: String,
    current: String,
    reason: String,
}

impl Aliases {
    /// Parses the files of aliases. What they say is judged by the gate.
    pub fn parse(files: &[SourceFile]) -> Result<Self, AliasError> {
        let mut aliases = Self::default();
        for file in files {
            let parsed: File = toml::from_str(&file.text).map_err(|e| AliasError {
                path: file.path.clone(),
                message: crate::suggest::improve(&e.to_string()),
            })?;
            for entry in parsed.alias {
                let before = file.text.as_bytes().iter().take(entry.span().start);
                let line = before.filter(|byte| **byte == b'\n').count() + 1;
                let Entry { former, current, reason } = entry.into_inner();
                let place = format!("{}:{line}", file.path);
                aliases.current.insert(former.clone(), current.clone());
                aliases.list.push(Alias { former, current, reason, place });
            }
        }
        Ok(aliases)
    }

    /// All of them, as written.
    pub fn iter(&self) -> impl Iterator<Item = &Alias> {
        self.list.iter()
    }

    /// What `name` is called now; itself, if it never had another name.
    pub fn resolve<'a>(&'a self, name: &'a str) -> &'a str {
        let mut now = name;
        // No chain is longer than the list; one that is goes round, and the gate says so.
        for _ in &self.list {
            match self.current.get(now) {
                Some(next) => now = next,
                None => break,
            }
        }
        now
    }

    /// The names that `current` had.
    pub fn former<'a>(&'a self, current: &'a str) -> impl Iterator<Item = &'a str> {
        let names = self.list.iter().map(|alias| alias.former.as_str());
        names.filter(move |former| *former != current && self.resolve(former) == current)
    }

    /// What is wrong with them. `live` says whether a name is one of today's.
    pub(crate) fn problems<'a>(
        &'a self,
        live: impl Fn(&str) -> bool + 'a,
        hint: impl Fn(&str) -> String + 'a,
    ) -> impl Iterator<Item = (&'a Alias, String)> {
        self.list.iter().filter_map(move |alias| {
            let Alias { former, reason, .. } = alias;
            let now = self.resolve(former);
            let message = if live(former) {
                format!("{former} is a name of today, and cannot be a former one")
            } else if self.current.contains_key(now) {
                format!("{former} leads round in a circle")
            } else if !live(now) {
                format!("{former} leads to {now}, which is nothing{}", hint(now))
            } else if former.split('-').next() != now.split('-').next() && former.len() == 6 {
                format!("{former} and {now} are names of different things")
            } else if self.list.iter().filter(|other| other.former == *former).count() > 1 {
                format!("{former} is there twice")
            } else if reason.trim().is_empty() {
                format!("{former}: the reason is missing")
            } else {
                return None;
            };
            Some((alias, message))
        })
    }
}
