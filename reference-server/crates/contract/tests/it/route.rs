//! Route patterns and the table.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeMap;

use contract::route::{InvalidPath, PathPattern, Route, RouteTable};
use proptest::prelude::*;

fn table(routes: &[(&str, &str)]) -> RouteTable {
    RouteTable::new(
        routes
            .iter()
            .map(|(method, path)| Route {
                method: (*method).into(),
                path: (*path).into(),
                pattern: PathPattern::parse(path).unwrap(),
                public: false,
                middlewares: None,
            })
            .collect(),
    )
}

/// The matched route's path and its parameters as `name=value`.
fn find(table: &RouteTable, method: &str, path: &str) -> Option<(String, Vec<String>)> {
    table.find(method, path).map(|found| {
        let params = found.params.iter().map(|(name, value)| format!("{name}={value}"));
        (found.route.path.clone(), params.collect())
    })
}

#[test]
fn the_more_specific_route_wins_whatever_the_order() {
    let declared = [
        ("GET", "/files/*rest"),
        ("GET", "/:a/:b"),
        ("GET", "/items/:id"),
        ("GET", "/:kind/me"),
        ("GET", "/items/me"),
        ("PATCH", "/items/:id"),
        ("GET", "/"),
    ];
    let mut reversed = declared;
    reversed.reverse();
    for table in [table(&declared), table(&reversed)] {
        for (method, path, expected) in [
            ("GET", "/items/me", Some("/items/me")),
            ("GET", "/items/7", Some("/items/:id")),
            ("GET", "/other/7", Some("/:a/:b")),
            ("GET", "/other/me", Some("/:kind/me")),
            ("GET", "/files/a", Some("/:a/:b")),
            ("GET", "/files/a/b", Some("/files/*rest")),
            ("GET", "/files", None),
            ("GET", "/", Some("/")),
            ("GET", "", Some("/")),
            ("PATCH", "/items/me", Some("/items/:id")),
            ("DELETE", "/items/7", None),
            ("HEAD", "/items/7", None),
            ("OPTIONS", "/items/7", None),
            ("get", "/items/7", Some("/items/:id")),
            ("GET", "/ITEMS/7/8", None),
        ] {
            let found = find(&table, method, path).map(|(path, _)| path);
            assert_eq!(found.as_deref(), expected, "{method} {path}");
        }
    }
}

#[test]
fn equals_are_decided_by_manifest_order() {
    let one = table(&[("GET", "/:a/x"), ("GET", "/y/:b")]);
    assert_eq!(find(&one, "GET", "/y/x").unwrap().0, "/:a/x");
    let other = table(&[("GET", "/y/:b"), ("GET", "/:a/x")]);
    assert_eq!(find(&other, "GET", "/y/x").unwrap().0, "/y/:b");
}

#[test]
fn slashes_and_encodings() {
    let table = table(&[("GET", "/items/:id"), ("GET", "/café"), ("GET", "/files/*rest")]);
    for (path, expected) in [
        ("items/7", Some(vec!["id=7"])),
        ("/items/7/", Some(vec!["id=7"])),
        ("//items/7//", Some(vec!["id=7"])),
        // An encoded slash is part of its segment.
        ("/items/a%2Fb", Some(vec!["id=a/b"])),
        ("/items%2F7", None),
        // Decoded once.
        ("/items/%252F", Some(vec!["id=%2F"])),
        ("/%69tems/7", Some(vec!["id=7"])),
        ("/caf%C3%A9", Some(vec![])),
        ("/café", Some(vec![])),
        // Plus is a plus in a path.
        ("/items/a+b", Some(vec!["id=a+b"])),
        // Not percent-encoding, not UTF-8: no match anywhere.
        ("/items/%", None),
        ("/items/%zz", None),
        ("/items/%ff", None),
        ("/files/a/%e0%80/b", None),
        // An empty inner segment is a segment, and a parameter takes it.
        ("/files//x", Some(vec!["rest=/x"])),
        ("/files/a/b%2Fc", Some(vec!["rest=a/b/c"])),
    ] {
        let found = find(&table, "GET", path).map(|(_, params)| params);
        assert_eq!(found, expected.map(|p| p.iter().map(ToString::to_string).collect()), "{path}");
    }
}

#[test]
fn what_is_no_pattern() {
    use InvalidPath as P;
    for (path, expected) in [
        ("/a//b", P::EmptySegment),
        ("/a/./b", P::DotSegment),
        ("/a/..", P::DotSegment),
        ("/:", P::UnnamedParam(":".into())),
        ("/a/*", P::UnnamedParam("*".into())),
        ("/a/*rest/b", P::WildcardNotLast),
        ("/:a/:a", P::DuplicateParam("a".into())),
        ("/:a/*a", P::DuplicateParam("a".into())),
        ("/:a.b", P::ParamName("a.b".into())),
        ("/a b", P::Character(' ')),
        ("/a?b=c", P::Character('?')),
        ("/a#b", P::Character('#')),
        ("/{id}", P::Character('{')),
        ("/a\u{7f}", P::Character('\u{7f}')),
        ("/%zz", P::PercentEncoding("%zz".into())),
    ] {
        assert_eq!(PathPattern::parse(path), Err(expected), "{path}");
    }
}

#[test]
fn shapes_forget_names_only() {
    let shape = |path: &str| PathPattern::parse(path).unwrap().shape();
    assert_eq!(shape("/a/:x/*y"), shape("a/:other/*rest/"));
    assert_ne!(shape("/a/:x"), shape("/a/x"));
    assert_ne!(shape("/a/:x"), shape("/a/*x"));
    assert_ne!(shape("/a%2Fb"), shape("/a/b"));
    assert_eq!(shape("/"), shape(""));
}

/// What a declared path takes, one segment after the other, as its specification says it and without
/// an eye to speed.
fn takes(declared: &[String], sent: &[String]) -> bool {
    match (declared.split_first(), sent.split_first()) {
        (None, None) => true,
        (Some((one, _)), Some(_)) if one.starts_with('*') => true,
        (Some((one, others)), Some((first, rest))) => {
            (one.starts_with(':') || one == first) && takes(others, rest)
        }
        _ => false,
    }
}

/// Wildcards, literals and parameters of a declared path: the order of what wins.
fn order(declared: &[String]) -> (usize, std::cmp::Reverse<usize>, usize) {
    let count = |sign: char| declared.iter().filter(|one| one.starts_with(sign)).count();
    let (wildcards, params) = (count('*'), count(':'));
    (wildcards, std::cmp::Reverse(declared.len() - wildcards - params), params)
}

/// Declared paths over so few segments that many match the same request. Parameters are named by
/// their places, so that no two are alike.
fn declared() -> impl Strategy<Value = Vec<String>> {
    let one = prop_oneof![3 => Just("a"), 2 => Just("b"), 3 => Just(":"), 1 => Just("*")];
    proptest::collection::vec(one, 0..5).prop_map(|signs| {
        let end = signs.iter().position(|sign| *sign == "*").map_or(signs.len(), |at| at + 1);
        let named = signs[..end].iter().enumerate();
        named
            .map(|(at, sign)| match *sign {
                ":" | "*" => format!("{sign}p{at}"),
                literal => literal.to_owned(),
            })
            .collect()
    })
}

#[test]
fn a_path_of_very_many_segments_is_one_like_any_other() {
    let path = "/a".repeat(200_000);
    let table = table(&[("GET", &path), ("GET", "/a/*rest")]);
    assert!(find(&table, "GET", &path).unwrap().1.is_empty());
    assert_eq!(find(&table, "GET", "/a/b/c").unwrap().1, ["rest=b/c"]);
    drop(table);
}

/// Any text as one percent-encoded segment.
fn encode(text: &str) -> String {
    text.bytes().flat_map(|byte| ['%', hex(byte >> 4), hex(byte & 15)]).collect()
}

fn hex(digit: u8) -> char {
    char::from_digit(digit.into(), 16).unwrap()
}

proptest! {
    /// Whatever a client puts into a parameter arrives, and never changes which route matches.
    #[test]
    fn parameters_hold_what_was_sent(id in "[^/]{1,12}", text in "\\PC{1,12}") {
        let table = table(&[("GET", "/a/:id/b/:text"), ("GET", "/a/:id/b")]);
        let path = format!("/a/{}/b/{}", encode(&id), encode(&text));
        let found = table.find("GET", &path).unwrap();
        prop_assert_eq!(&found.route.path, "/a/:id/b/:text");
        prop_assert_eq!(found.params, BTreeMap::from([("id".into(), id), ("text".into(), text)]));
    }

    /// Of all declared routes that match, the one that wins is found, whatever else there is.
    #[test]
    fn the_route_is_the_one_that_a_look_at_all_of_them_gives(
        routes in proptest::collection::vec(declared(), 0..12),
        sent in proptest::collection::vec(prop_oneof!["a", "b", "c"], 0..5),
    ) {
        let paths: Vec<String> = routes.iter().map(|one| format!("/{}", one.join("/"))).collect();
        let all: Vec<_> = paths.iter().map(|path| ("GET", path.as_str())).collect();
        let expected = routes
            .iter()
            .enumerate()
            .filter(|(_, one)| takes(one, &sent))
            .min_by_key(|(at, one)| (order(one), *at))
            .map(|(at, _)| paths[at].clone());
        let table = table(&all);
        let found = table.find("GET", &sent.join("/"));
        prop_assert_eq!(found.as_ref().map(|found| found.route.path.clone()), expected);
        // Each parameter holds what stands in its place.
        for (name, value) in found.iter().flat_map(|found| &found.params) {
            let at: usize = name[1..].parse().unwrap();
            let wildcard = found.as_ref().unwrap().route.path.ends_with(&format!("*{name}"));
            let held = if wildcard { sent[at..].join("/") } else { sent[at].clone() };
            prop_assert_eq!(value, &held);
        }
    }

    /// Matching terminates without panic on every path.
    #[test]
    fn every_path_is_answered(path in ".{0,60}") {
        let table = table(&[("GET", "/:a"), ("GET", "/*rest"), ("GET", "/")]);
        if let Some(found) = table.find("GET", &path) {
            prop_assert!(found.params.len() <= 1);
        }
    }

    /// A path made of plain literals matches itself and nothing longer.
    #[test]
    fn literals_match_themselves(path in "(/[a-z0-9._~-]*[a-z0-9]){1,5}") {
        let table = table(&[("GET", &path)]);
        prop_assert!(table.find("GET", &path).is_some());
        let longer = format!("{path}/x");
        prop_assert!(table.find("GET", &longer).is_none());
    }
}
