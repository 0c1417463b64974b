//! What every entry of the catalogue has to be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mutants::{Entry, Kind, all};
use policy::Policy;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

/// Ids of the specification's sentences, with their levels.
fn sentences() -> BTreeMap<String, String> {
    let spec = Path::new(CRATE).join("../../../conformance/spec");
    let mut found = BTreeMap::new();
    for chapter in std::fs::read_dir(spec).expect("the specification").flatten() {
        let text = std::fs::read_to_string(chapter.path()).expect("a chapter");
        for line in text.lines().filter_map(|line| line.strip_prefix("- **")) {
            let (id, rest) = line.split_once("** ").expect("an id");
            let (level, _) = rest.split_once(':').expect("a level");
            found.insert(id.to_owned(), level.to_owned());
        }
    }
    found
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    all().map(|(_, entry)| entry)
}

#[test]
fn names_are_unique_words_joined_by_hyphens() {
    let mut seen = BTreeSet::new();
    for name in entries().map(|entry| entry.name) {
        assert!(seen.insert(name), "{name} twice");
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(name.chars().all(word) && !name.starts_with('-'), "{name}");
    }
}

#[test]
fn every_mutant_breaks_sentences_that_bind() {
    let spec = sentences();
    let names = entries().map(|entry| (entry.name, entry.sentences));
    for (name, ids) in names.filter(|(name, _)| *name != "control") {
        assert!(!ids.is_empty(), "{name}");
        for id in ids {
            assert_eq!(spec.get(*id).map(String::as_str), Some("MUST"), "{name}: {id}");
        }
    }
}

#[test]
fn every_mutant_says_what_it_is_in_a_line() {
    for entry in entries() {
        assert!(!entry.what.is_empty() && !entry.what.contains('\n'), "{}", entry.name);
        assert!(!entry.what.ends_with('.'), "{}", entry.name);
    }
}

#[test]
fn there_is_one_control_and_it_changes_nothing() {
    let controls: Vec<&Entry> = entries().filter(|entry| entry.kind() == Kind::Control).collect();
    let [control] = controls.as_slice() else { panic!("{controls:?}") };
    let mut policy = Policy::default();
    control.apply(&mut policy);
    assert_eq!(format!("{policy:?}"), format!("{:?}", Policy::default()));
}

#[test]
fn decisions_and_values_change_the_policy() {
    let before = format!("{:?}", Policy::default());
    for entry in entries() {
        let mut policy = Policy::default();
        entry.apply(&mut policy);
        let changes = matches!(entry.kind(), Kind::Decision | Kind::Value);
        assert_eq!(format!("{policy:?}") != before, changes, "{}", entry.name);
    }
}
