//! The matcher language.

use hostproof::matcher::Matcher;
use serde_json::{Value, json};

fn holds(matcher: &Value, actual: &Value) -> bool {
    Matcher::parse(matcher).unwrap().judge(Some(actual)).is_ok()
}

fn absent(matcher: &Value) -> Result<(), String> {
    Matcher::parse(matcher).unwrap().judge(None)
}

#[test]
fn each_rule_holds_and_does_not() {
    let long: Value = json!(9_007_199_254_740_993_i64);
    let list = json!([{ "name": "a", "n": 1 }, { "name": "b", "n": 2 }]);
    let cases = [
        (json!("a"), json!("a"), json!("b")),
        (json!(1), json!(1.0), json!("1")),
        (json!(9_007_199_254_740_993_i64), long, json!(9_007_199_254_740_992_i64)),
        (json!([1, { "type": "null" }]), json!([1, null]), json!([1])),
        (json!({ "a": 1 }), json!({ "a": 1, "b": 2 }), json!({ "b": 2 })),
        (json!({ "eq": { "a": 1 } }), json!({ "a": 1 }), json!({ "a": 1, "b": 2 })),
        (json!({ "ne": 1 }), json!(2), json!(1)),
        (json!({ "matches": "^a.c$" }), json!("abc"), json!("abcd")),
        (json!({ "not_matches": "secret" }), json!("open"), json!("a secret")),
        (json!({ "type": "integer" }), json!(3), json!(3.5)),
        (json!({ "type": "uuid" }), json!("7f9c24e8-3b12-4fef-91e0-5f2b3c0e8a11"), json!("7f9c")),
        (json!({ "type": "datetime" }), json!("2024-01-02T03:04:05Z"), json!("2024-01-02")),
        (json!({ "contains": "b" }), json!("abc"), json!("acd")),
        (json!({ "contains": { "name": "b" } }), list.clone(), json!([{ "name": "c" }])),
        (json!({ "contains_all": ["a", "c"] }), json!("abc"), json!("ab")),
        (json!({ "lacks": { "name": "c" } }), list.clone(), json!([{ "name": "c", "n": 9 }])),
        (
            json!({ "has_header": { "name": "X-A", "value": "1" } }),
            json!({ "x-a": "1" }),
            json!({ "x-b": "1" }),
        ),
        (json!({ "one_of": [1, "x"] }), json!("x"), json!("y")),
        (json!({ "gte": 2, "lt": 4 }), json!(3), json!(4)),
        (json!({ "gt": 2, "lte": 4 }), json!(4), json!(2)),
        (json!({ "len": 2 }), list.clone(), json!([1])),
        (json!({ "sorted_by": "name" }), list, json!([{ "name": "b" }, { "name": "a" }])),
        (json!({ "exists": true }), json!(null), json!(null)),
    ];
    for (matcher, right, wrong) in cases {
        assert!(holds(&matcher, &right), "{matcher} should hold for {right}");
        if matcher != json!({ "exists": true }) {
            assert!(!holds(&matcher, &wrong), "{matcher} should not hold for {wrong}");
        }
    }
}

#[test]
fn absence_satisfies_little() {
    for matcher in [
        json!({ "exists": false }),
        json!({ "ne": 1 }),
        json!({ "one_of": [1, { "exists": false }] }),
    ] {
        assert!(absent(&matcher).is_ok(), "{matcher} should hold for what is absent");
    }
    let others = [
        json!(null),
        json!({ "exists": true }),
        json!({ "one_of": [1, { "exists": true }] }),
        json!({ "lacks": "x" }),
        json!({ "not_matches": "x" }),
        json!({ "type": "null" }),
        json!([]),
    ];
    for matcher in others {
        assert!(absent(&matcher).is_err(), "{matcher} should not hold for what is absent");
    }
    assert!(!holds(&json!({ "a": { "exists": false } }), &json!({ "a": null })));
    assert!(holds(&json!({ "a": { "exists": false } }), &json!({ "b": 1 })));
}

#[test]
fn a_negation_does_not_hold_for_a_value_of_the_wrong_kind() {
    // An answer that is no list at all must not pass for "the list lacks it".
    assert!(!holds(&json!({ "lacks": { "name": "x" } }), &json!(null)));
    assert!(!holds(&json!({ "lacks": { "name": "x" } }), &json!("text")));
    assert!(!holds(&json!({ "not_matches": "x" }), &json!(5)));
    assert!(!holds(&json!({ "sorted_by": "name" }), &json!([{ "name": "a" }, {}])));
}

#[test]
fn a_malformed_matcher_is_refused_with_a_reason() {
    let cases = [
        (json!({ "matches": "(" }), "no regular expression"),
        (json!({ "matches": "a", "other": 1 }), "is a matcher, `other` is none"),
        (json!({ "mathes": "a" }), "did you mean `matches`"),
        (json!({ "type": "strng" }), "did you mean `string`"),
        (json!({ "one_of": [] }), "not empty"),
        (json!({ "exists": "yes" }), "true or false"),
        (json!({ "gt": "1" }), "takes a number"),
        (json!({ "has_header": "x" }), "takes { name"),
    ];
    for (matcher, reason) in cases {
        let error = Matcher::parse(&matcher).unwrap_err();
        assert!(error.contains(reason), "{matcher}: {error}");
    }
}

#[test]
fn a_difference_says_where_and_what() {
    let matcher =
        Matcher::parse(&json!([{ "name": "a" }, { "name": { "matches": "^b" } }])).unwrap();
    let difference = matcher.judge(Some(&json!([{ "name": "a" }, { "name": "c" }]))).unwrap_err();
    assert_eq!(difference, "element 1: member \"name\": expected a value matching /^b/, got \"c\"");
}
