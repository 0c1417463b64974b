//! What makes a transcript the same each time, and safe to show: secrets hidden, known ids by their
//! names, other ids and points in time by the order of their appearance.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::scenario::{Normalise, Scenario};

static UUID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
        .expect("a constant pattern")
});

static TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?")
        .expect("a constant pattern")
});

/// How wide a text is once its ids and points in time have their short names. What is laid out by this
/// looks the same whichever they are.
pub(crate) fn width(text: &str) -> usize {
    const SHORT: usize = "«uuid 1»".len() - 2;
    let long = |pattern: &Regex| pattern.find_iter(text).map(|it| it.len() - SHORT).sum::<usize>();
    text.chars().count() - long(&UUID) - long(&TIME)
}

/// The scenario's secret values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Vec<(String, String)>);

impl Secrets {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let mut values = Vec::new();
        for (key, value) in scenario.secrets.iter().filter(|(_, value)| !value.is_empty()) {
            let shown = format!("«secret {key}»");
            let quoted = serde_json::to_string(value).unwrap_or_default();
            let escaped = quoted.trim_matches('"').to_owned();
            if escaped != *value {
                values.push((escaped, shown.clone()));
            }
            values.push((value.clone(), shown));
        }
        // A secret that contains another one goes first.
        values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        Self(values)
    }

    /// The text without secrets.
    pub(crate) fn hide(&self, text: &str) -> String {
        let hide = |text: String, (value, shown): &(String, String)| text.replace(value, shown);
        self.0.iter().fold(text.to_owned(), hide)
    }
}

/// The normalisation of one scenario's transcript.
pub(crate) struct Normaliser<'a> {
    rules: &'a Normalise,
    secrets: Secrets,
    known: HashMap<String, String>,
}

impl<'a> Normaliser<'a> {
    pub(crate) fn new(scenario: &'a Scenario, captured: &[(String, String)]) -> Self {
        let named = scenario.names.iter().map(|(name, value)| (value.to_lowercase(), name));
        let captured = captured.iter().map(|(name, value)| (value.to_lowercase(), name.as_str()));
        let known = named.chain(captured).map(|(value, name)| (value, format!("«{name}»")));
        Self { rules: &scenario.normalise, secrets: Secrets::new(scenario), known: known.collect() }
    }

    /// The whole transcript.
    pub(crate) fn apply(&self, text: &str) -> String {
        let mut text = self.secrets.hide(text);
        if self.rules.uuids {
            let mut numbers = Numbers::default();
            let replace = |found: &Captures<'_>| {
                let id = found[0].to_lowercase();
                self.known.get(&id).cloned().unwrap_or_else(|| numbers.of("uuid", &id))
            };
            text = UUID.replace_all(&text, replace).into_owned();
        }
        if self.rules.times {
            let mut numbers = Numbers::default();
            let replace = |found: &Captures<'_>| numbers.of("time", &found[0]);
            text = TIME.replace_all(&text, replace).into_owned();
        }
        for (pattern, with) in &self.rules.patterns {
            text = pattern.replace_all(&text, with.as_str()).into_owned();
        }
        text
    }
}

/// Numbers in the order of appearance.
#[derive(Default)]
struct Numbers(HashMap<String, usize>);

impl Numbers {
    fn of(&mut self, kind: &str, value: &str) -> String {
        let next = self.0.len() + 1;
        let number = *self.0.entry(value.to_owned()).or_insert(next);
        format!("«{kind} {number}»")
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::path::Path;

    use super::*;

    fn apply(scenario: &str, text: &str) -> String {
        let scenario = Scenario::parse(Path::new("x.toml"), scenario).unwrap();
        Normaliser::new(&scenario, &[]).apply(text)
    }

    const A: &str = "11111111-1111-4111-8111-111111111111";
    const B: &str = "22222222-2222-4222-8222-22222222222A";

    #[test]
    fn ids_have_numbers_and_known_ones_their_names() {
        let scenario = format!("[projects.apollo]\nid = '{A}'");
        let text = format!("{B} {A} {}", B.to_lowercase());
        assert_eq!(apply(&scenario, &text), "«uuid 1» «apollo» «uuid 1»");
        assert_eq!(apply("normalise.uuids = false", B), B);
    }

    #[test]
    fn times_have_numbers() {
        let text = "2026-01-01T00:00:00Z 2026-01-01 10:00:00.5+00 2026-01-01T00:00:00Z 2026-01-01";
        assert_eq!(apply("", text), "«time 1» «time 2» «time 1» 2026-01-01");
    }

    #[test]
    fn secrets_are_hidden_however_they_are_written() {
        let scenario = "[secrets]\nKEY = 'a\"b'\nLONG = 'a\"bc'";
        assert_eq!(
            apply(scenario, r#"a"b {"x":"a\"b"} a"bc"#),
            r#"«secret KEY» {"x":"«secret KEY»"} «secret LONG»"#
        );
    }

    #[test]
    fn authors_add_patterns() {
        let scenario = "[[normalise.patterns]]\npattern = 'v\\d+'\nwith = '«version»'";
        assert_eq!(apply(scenario, "v12"), "«version»");
    }
}
