//! Mutants, sources and specification agree: every mistake still has its place, and every binding
//! sentence has a mistake that breaks it, or a reason for having none.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context as _, Result};

use crate::mutants::data::{self, Data};

/// Where decisions and values are.
const CHAPTERS: &str = "reference-server/crates/mutants/src/chapters";

pub(super) fn check(root: &Path) -> Result<Vec<String>> {
    let data = Data::read(root)?;
    let mut violations = places(root, &data);
    let levels = levels(&root.join("conformance/spec"))?;
    let elsewhere = cited_in(&root.join(CHAPTERS))?;
    violations.extend(sentences(&data, &levels, &elsewhere));
    Ok(violations)
}

/// Mistakes whose place is not there exactly once.
fn places(root: &Path, data: &Data) -> Vec<String> {
    let mut violations = Vec::new();
    for (file, edits) in data.by_file() {
        let path = format!("reference-server/{file}");
        let Ok(source) = fs::read_to_string(root.join(&path)) else {
            violations.push(format!("{}: there is no {path}, for {}", data::FOLDER, edits[0].0));
            continue;
        };
        for (name, edit) in edits {
            if let Err(error) = data::find(&source, &edit.right) {
                violations.push(format!("{}: {name}: {path}: {error}", data::FOLDER));
            }
        }
    }
    violations
}

/// Mistakes that break no binding sentence, and binding sentences that nothing breaks.
fn sentences(
    data: &Data,
    levels: &BTreeMap<String, String>,
    elsewhere: &BTreeSet<String>,
) -> Vec<String> {
    let mut violations = Vec::new();
    let mut broken = elsewhere.clone();
    let wirings = data.all().map(|(_, name, wiring)| (name, &wiring.sentences));
    let equivalent = data.equivalent.iter().map(|(name, one)| (name.as_str(), &one.sentences));
    let mut names = BTreeSet::new();
    for (name, ids) in wirings.chain(equivalent) {
        if !names.insert(name) {
            violations.push(format!("{}: {name} is there twice", data::FOLDER));
        }
        if ids.is_empty() {
            violations.push(format!("{}: {name} breaks no sentence", data::FOLDER));
        }
        for id in ids.iter().filter(|id| levels.get(*id).map(String::as_str) != Some("MUST")) {
            violations.push(format!("{}: {name}: {id} is no binding sentence", data::FOLDER));
        }
        broken.extend(ids.iter().cloned());
    }
    for (name, one) in &data.equivalent {
        if one.what.trim().is_empty() || one.why.trim().is_empty() {
            violations.push(format!("{}/equivalent.toml: {name} has no argument", data::FOLDER));
        }
    }
    for (id, reason) in &data.without {
        if broken.contains(id) || !levels.contains_key(id) || reason.trim().is_empty() {
            violations.push(format!(
                "{}/without.toml: {id} has a mutant, or is no sentence, or has no reason",
                data::FOLDER
            ));
        }
    }
    for (id, _) in levels.iter().filter(|(_, level)| *level == "MUST") {
        if !broken.contains(id) && !data.without.contains_key(id) {
            violations.push(format!(
                "{id} has no mutant, and {}/without.toml does not say why",
                data::FOLDER
            ));
        }
    }
    violations
}

/// The sentences of the specification, with their levels.
fn levels(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut levels = BTreeMap::new();
    for text in texts(folder)? {
        for line in text.lines().filter_map(|line| line.strip_prefix("- **")) {
            if let Some((id, rest)) = line.split_once("** ")
                && let Some((level, _)) = rest.split_once(':')
            {
                levels.insert(id.to_owned(), level.to_owned());
            }
        }
    }
    Ok(levels)
}

/// The sentences that sources name.
fn cited_in(folder: &Path) -> Result<BTreeSet<String>> {
    let mut cited = BTreeSet::new();
    for text in texts(folder)? {
        cited.extend(text.split('"').filter(|part| part.starts_with("s-")).map(str::to_owned));
    }
    Ok(cited)
}

fn texts(folder: &Path) -> Result<Vec<String>> {
    let entries = folder.read_dir().with_context(|| format!("list {}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let texts = paths
        .iter()
        .filter(|path| path.is_file())
        .map(|path| fs::read_to_string(path).with_context(|| format!("read {}", path.display())));
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(wirings: &str, without: &str) -> Data {
        let wirings = toml::from_str(wirings).expect("wirings");
        Data {
            wirings: BTreeMap::from([("a".to_owned(), wirings)]),
            equivalent: BTreeMap::new(),
            without: toml::from_str(without).expect("reasons"),
        }
    }

    #[test]
    fn a_sentence_has_a_mutant_or_a_reason() {
        let wiring = "[m]\nsentences = [\"s-1\"]\nwhat = \"w\"\nfile = \"f\"\nright = \"a\"\nwrong = \"b\"\n";
        let levels =
            |ids: &[&str]| ids.iter().map(|id| ((*id).to_owned(), "MUST".to_owned())).collect();
        let check = |wirings, without, ids: &[&str]| {
            sentences(&data(wirings, without), &levels(ids), &BTreeSet::new()).len()
        };
        assert_eq!(check(wiring, "", &["s-1"]), 0);
        assert_eq!(check(wiring, "s-2 = \"no\"", &["s-1", "s-2"]), 0);
        assert_eq!(check(wiring, "", &["s-1", "s-2"]), 1);
        assert_eq!(check(wiring, "s-1 = \"no\"", &["s-1"]), 1);
        assert_eq!(check(wiring, "", &[]), 1);
    }
}
