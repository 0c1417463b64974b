//! Former names: what they stand for, and which of them the gate refuses.

use hostproof::runner::{Selection, selected};
use hostproof::sources::{SourceFile, Sources};
use hostproof::suite::Suite;

use crate::support::{sources, zero_fixture};

const HEALTHY: &str = "{ status = 200 }";

/// One case for each of the two sentences, and these former names.
fn with(aliases: &[(&str, &str, &str)]) -> Sources {
    let second = zero_fixture("c-0002", "/", HEALTHY, "").replace("s-aaaa", "s-bbbb");
    let mut sources = sources(&(zero_fixture("c-0001", "/", HEALTHY, "") + &second));
    let texts = aliases.iter().map(|(former, current, reason)| {
        format!(
            "[[alias]]\nformer = \"{former}\"\ncurrent = \"{current}\"\nreason = \"{reason}\"\n"
        )
    });
    let text = texts.collect::<String>();
    sources.aliases = vec![SourceFile::new("cases/aliases.toml", text)];
    sources
}

#[test]
fn filters_and_names_of_old_mean_what_they_became() {
    let suite = Suite::load(&with(&[
        ("s-zzzz", "s-bbbb", "reworded into it"),
        ("c-9999", "c-8888", "split"),
        ("c-8888", "c-0001", "and split again"),
        ("things/old-name", "things/c-0002", "renamed"),
    ]))
    .unwrap();
    assert_eq!(suite.case("c-9999").unwrap().id, "c-0001");
    assert_eq!(suite.case("things/old-name").unwrap().id, "c-0002");
    assert_eq!(suite.aliases.former("c-0001").collect::<Vec<_>>(), ["c-9999", "c-8888"]);
    for (filter, id) in [
        ("s-zzzz", "c-0002"),
        ("c-9999", "c-0001"),
        ("things/old-*", "c-0002"),
        ("c-0001", "c-0001"),
    ] {
        let selection = Selection { filters: vec![filter.to_owned()], ..Selection::default() };
        let cases = selected(&suite, &selection).unwrap();
        assert_eq!(cases.iter().map(|case| case.id.as_str()).collect::<Vec<_>>(), [id], "{filter}");
    }
}

#[test]
fn the_gate_refuses_names_that_lead_nowhere_are_in_use_or_go_round() {
    type Line<'a> = (&'a str, &'a str, &'a str);
    let cases: [(&[Line<'_>], &str); 6] = [
        (&[("c-9999", "c-0003", "x")], "c-9999 leads to c-0003, which is nothing (did you mean"),
        (&[("c-0001", "c-0002", "x")], "c-0001 is a name of today, and cannot be a former one"),
        (&[("c-9999", "c-8888", "x"), ("c-8888", "c-9999", "x")], "c-9999 leads round in a circle"),
        (&[("c-9999", "c-0001", " ")], "c-9999: the reason is missing"),
        (&[("s-zzzz", "c-0001", "x")], "s-zzzz and c-0001 are names of different things"),
        (&[("c-9999", "c-0001", "x"), ("c-9999", "c-0002", "x")], "c-9999 is there twice"),
    ];
    for (aliases, expected) in cases {
        let error = Suite::load(&with(aliases)).unwrap_err().to_string();
        assert!(error.contains(&format!("cases/aliases.toml:1: {expected}")), "{error}");
    }
    let mut unknown = with(&[]);
    unknown.aliases[0].text = "[[alias]]\nformr = \"c-9999\"\n".to_owned();
    assert!(Suite::load(&unknown).unwrap_err().to_string().contains("unknown field `formr`"));
}
