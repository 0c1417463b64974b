//! Which mutants there are: the host that can be all of them says so itself.

use std::{collections::BTreeSet, fs, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::{
    hosted::{HOST, Stage},
    tool, workspace,
};

/// The mutant without a mistake.
const CONTROL: &str = "control";

/// A host with one mistake.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Mutant {
    /// Its name.
    pub(crate) name: String,
    /// `decision`, `value` or `wiring`; of a value nobody can tell whether it was read.
    pub(crate) kind: String,
    /// The chapter.
    pub(crate) area: String,
    /// The mistake, in a line.
    pub(crate) what: String,
    /// The sentences that the mistake breaks.
    pub(crate) sentences: BTreeSet<String>,
}

impl Mutant {
    /// The host without a mistake, of which everything is demanded that is demanded of the others.
    pub(crate) fn control(others: &[Self]) -> Self {
        Self {
            name: CONTROL.to_owned(),
            kind: CONTROL.to_owned(),
            area: CONTROL.to_owned(),
            what: "no mistake".to_owned(),
            sentences: others.iter().flat_map(|one| one.sentences.iter().cloned()).collect(),
        }
    }

    /// Whether the host counts how often the mistake was made.
    pub(crate) fn is_counted(&self) -> bool {
        matches!(self.kind.as_str(), "decision" | "wiring")
    }
}

/// Asks the host for every mutant but the control.
pub(crate) fn read(stage: &Stage) -> Result<Vec<Mutant>> {
    let mut command = Command::new(stage.program(HOST)?);
    let output = command.arg("--list-mutants").output();
    let output = output.with_context(|| format!("cannot run `{}`", tool::shown(&command)))?;
    ensure!(output.status.success(), "`{}` ended with {}", tool::shown(&command), output.status);
    let mut all: Vec<Mutant> =
        serde_json::from_slice(&output.stdout).context("the list of mutants")?;
    all.retain(|mutant| mutant.name != CONTROL);
    // What no case judges cannot be asked for; such a mutant is judged by its other sentences.
    let uncased = uncased()?;
    for mutant in &mut all {
        mutant.sentences.retain(|id| !uncased.contains(id));
        ensure!(
            !mutant.sentences.is_empty(),
            "no case can judge what {} breaks: its place is without.toml",
            mutant.name
        );
    }
    Ok(all)
}

/// The sentences that no case can judge.
fn uncased() -> Result<BTreeSet<String>> {
    let path = workspace::root().join("conformance/spec/ledger.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let ledger: toml::Table = text.parse().context("the ledger")?;
    let uncased = ledger.into_iter().filter(|(_, entry)| entry.get("uncased").is_some());
    Ok(uncased.map(|(id, _)| id).collect())
}

impl Mutant {
    /// Whether a pattern with `*` and `?` is about it: its name, its area, or one of its sentences.
    pub(crate) fn is_meant(&self, glob: &str) -> bool {
        let names = [self.name.as_str(), self.area.as_str()].into_iter();
        names.chain(self.sentences.iter().map(String::as_str)).any(|name| matches(glob, name))
    }
}

fn matches(glob: &str, text: &str) -> bool {
    let mut characters = glob.chars();
    match characters.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = characters.as_str();
            text.char_indices().any(|(at, _)| matches(rest, &text[at..])) || matches(rest, "")
        }
        Some(c) => {
            let mut others = text.chars();
            others.next().is_some_and(|other| c == '?' || c == other)
                && matches(characters.as_str(), others.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (glob, text) in
            [("*", ""), ("a*c", "abc"), ("a?c", "abc"), ("s-*", "s-9ny9"), ("a", "a")]
        {
            assert!(matches(glob, text), "{glob} {text}");
        }
        for (glob, text) in [("", "a"), ("a?", "a"), ("a*c", "ab"), ("sql", "sqlx")] {
            assert!(!matches(glob, text), "{glob} {text}");
        }
    }
}
