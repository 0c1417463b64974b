//! `{apollo}` in a path, a body or an event: the id of what is called so.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{([A-Za-z][A-Za-z0-9_.@-]*)\}").expect("a constant pattern"));

/// What names stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// False when something else is called so.
    pub(crate) fn add(&mut self, name: impl Into<String>, value: impl Into<String>) -> bool {
        self.0.insert(name.into(), value.into()).is_none()
    }

    pub(crate) fn known(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first placeholder that stands for nothing.
    pub(crate) fn unknown(&self, text: &str) -> Option<String> {
        let mut names = PLACEHOLDER.captures_iter(text).map(|found| found[1].to_owned());
        names.find(|name| !self.0.contains_key(name))
    }

    /// The text with values in place of names. What stands for nothing stays.
    pub(crate) fn fill(&self, text: &str) -> String {
        let replace = |found: &Captures<'_>| {
            self.0.get(&found[1]).cloned().unwrap_or_else(|| found[0].to_owned())
        };
        PLACEHOLDER.replace_all(text, replace).into_owned()
    }

    /// The same for every text of a value.
    pub(crate) fn fill_json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_json(item)).collect(),
            Value::Object(fields) => Value::Object(
                fields.iter().map(|(key, value)| (key.clone(), self.fill_json(value))).collect(),
            ),
            other => other.clone(),
        }
    }

    /// The first text of a value that is nothing but a placeholder which stands for nothing.
    pub(crate) fn unknown_in_json(&self, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => {
                let whole = PLACEHOLDER.find(text).is_some_and(|it| it.len() == text.len());
                if whole { self.unknown(text) } else { None }
            }
            Value::Array(items) => items.iter().find_map(|item| self.unknown_in_json(item)),
            Value::Object(fields) => fields.values().find_map(|item| self.unknown_in_json(item)),
            _ => None,
        }
    }
}
