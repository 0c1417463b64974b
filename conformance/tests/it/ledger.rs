//! The ledger and its gate.

use hostproof::ledger::{Ledger, Level, bless};
use hostproof::sources::{SourceFile, Sources};
use hostproof::suite::{Suite, SuiteError};

use crate::support::{CHAPTER, sources, zero_fixture};

const HEALTHY: &str = "{ status = 200 }";

/// One case for each of the two sentences.
fn complete() -> Sources {
    let second = zero_fixture("c-0002", "/", HEALTHY, "").replace("s-aaaa", "s-bbbb");
    sources(&(zero_fixture("c-0001", "/", HEALTHY, "") + &second))
}

fn gate(sources: &Sources) -> Vec<String> {
    match Suite::load(sources) {
        Ok(_) => Vec::new(),
        Err(SuiteError::Gate(problems)) => problems.iter().map(ToString::to_string).collect(),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_chapter_is_read_with_levels_places_and_wrapped_texts() {
    let ledger = Ledger::parse(&complete()).unwrap();
    let sentences: Vec<_> = ledger.sentences().collect();
    assert_eq!(sentences.len(), 2);
    assert_eq!(
        (sentences[0].id.as_str(), sentences[0].level, sentences[0].line),
        ("s-aaaa", Level::Must, 7)
    );
    assert_eq!(sentences[1].text, "The host refuses what it must refuse.");
}

#[test]
fn a_malformed_chapter_is_refused_with_its_line() {
    let cases = [
        ("- **s-aaaa** MUTS: x", ":5: s-aaaa: level `MUTS` is none"),
        ("- **s-AAAA** MUST: x", ":5: `s-AAAA` is no sentence id"),
        ("- **s-aaaa** MUST:", ":5: s-aaaa has no text"),
        ("text **s-aaaa** MUST: x", ":5: a sentence id is marked outside"),
        ("- a host MUST do it", ":5: a list item says MUST and is no sentence"),
        ("* a host SHOULD do it", ":5: a list item says SHOULD and is no sentence"),
        ("1. a host MAY do it", ":5: a list item says MAY and is no sentence"),
        ("- a host\n  MUST do it", ":6: a list item says MUST and is no sentence"),
    ];
    for (line, expected) in cases {
        let text = format!("---\ntitle: T\nprofile: sandbox\n---\n{line}\n");
        let sources =
            Sources { chapters: vec![SourceFile::new("spec/x.md", text)], ..Sources::default() };
        let error = Ledger::parse(&sources).unwrap_err().to_string();
        assert!(error.starts_with("spec/x.md"), "{error}");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn the_gate_is_open_when_all_fits() {
    assert_eq!(gate(&complete()), Vec::<String>::new());
}

#[test]
fn the_gate_shuts_on_a_sentence_without_a_case() {
    let problems = gate(&sources(&zero_fixture("c-0001", "/", HEALTHY, "")));
    assert_eq!(
        problems,
        ["spec/things.md:8: s-bbbb has neither a case nor an `uncased` reason in spec/ledger.toml"]
    );
}

#[test]
fn a_written_reason_replaces_a_case_and_does_not_stand_beside_one() {
    let mut reasoned = sources(&zero_fixture("c-0001", "/", HEALTHY, ""));
    let lock = reasoned.lock.as_mut().unwrap();
    lock.text.push_str("uncased = \"not visible from outside\"\n");
    assert!(lock.text.contains("[s-bbbb]\nhash = "), "the reason goes to the last entry");
    assert_eq!(gate(&reasoned), Vec::<String>::new());
    let blessed = bless(&Ledger::parse(&reasoned).unwrap());
    assert!(blessed.contains("uncased = \"not visible from outside\""), "{blessed}");

    let mut both = complete();
    both.lock = reasoned.lock;
    assert_eq!(gate(&both), ["spec/ledger.toml: s-bbbb is marked `uncased`, but c-0002 cites it"]);
}

#[test]
fn the_gate_shuts_on_a_changed_text_and_not_on_another_wrapping() {
    let mut changed = complete();
    changed.chapters[0].text = CHAPTER.replace("is healthy", "is mostly healthy");
    let problems = gate(&changed);
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].starts_with("spec/things.md:7: the text of s-aaaa changed"),
        "{problems:?}"
    );

    let mut wrapped = complete();
    wrapped.chapters[0].text = CHAPTER.replace("refuses\n  what", "refuses what");
    assert_eq!(gate(&wrapped), Vec::<String>::new());
}

#[test]
fn the_gate_shuts_on_ids_that_do_not_exist_or_exist_twice() {
    let mut unknown = complete();
    unknown.cases[0].text =
        unknown.cases[0].text.replace("[\"s-bbbb\"]", "[\"s-bbbb\", \"s-bbbc\"]");
    let problems = gate(&unknown);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("c-0002 cites s-bbbc, which is no sentence of the specification (did you mean `s-bbbb`?)"), "{problems:?}");

    let mut twice = complete();
    twice.cases[0].text = twice.cases[0].text.replace("c-0002", "c-0001");
    let problems = gate(&twice);
    assert!(
        problems.iter().any(|p| p.ends_with("c-0001 is used by another case too")),
        "{problems:?}"
    );

    let mut sentence = complete();
    sentence.chapters[0].text.push_str("- **s-aaaa** MUST: The host is healthy.\n");
    assert!(gate(&sentence).iter().any(|p| p.contains("sentence id s-aaaa is used twice")));

    let mut stale = complete();
    stale.lock.as_mut().unwrap().text.push_str("[s-zzzz]\nhash = \"000000000000\"\n");
    assert_eq!(gate(&stale), ["spec/ledger.toml: s-zzzz is no sentence of the specification"]);

    let mut unlocked = complete();
    unlocked.lock = None;
    assert_eq!(gate(&unlocked).len(), 2);
}

#[test]
fn the_gate_shuts_on_a_case_that_cites_nothing() {
    let mut silent = complete();
    silent.cases[0]
        .text
        .push_str(&zero_fixture("c-0003", "/", HEALTHY, "").replace("\"s-aaaa\"", ""));
    let problems = gate(&silent);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("c-0003 cites no sentence"), "{problems:?}");
}

#[test]
fn the_gate_wants_a_positive_twin_for_every_refusal() {
    let refused = "{ status = 403 }";
    let twin_of = |more: &str| {
        let mut sources = complete();
        sources.cases[0].text.push_str(&zero_fixture("c-0003", "/", refused, more));
        gate(&sources)
    };
    assert!(twin_of("negative = true")[0].contains("names its positive `twin`"));
    assert!(twin_of("negative = true\ntwin = \"c-9999\"")[0].contains("c-9999 does not exist"));
    assert!(twin_of("negative = true\ntwin = \"c-0003\"")[0].contains("is negative itself"));
    assert!(twin_of("twin = \"c-0001\"")[0].contains("only a negative case has a twin"));
    assert_eq!(twin_of("negative = true\ntwin = \"c-0001\""), Vec::<String>::new());
}

#[test]
fn words_that_bind_nobody_are_left_alone() {
    for text in ["A sentence that says MUST binds.", "- a host must do it", "```\n- MUST\n```"] {
        let mut fine = complete();
        let chapter = &mut fine.chapters[0].text;
        *chapter = format!("{chapter}\n{text}\n");
        assert_eq!(gate(&fine), Vec::<String>::new(), "{text}");
    }
}
