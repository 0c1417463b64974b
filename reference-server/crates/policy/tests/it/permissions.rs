//! Permission keys: a table of examples, and what holds for every key.

use std::collections::BTreeSet;

use policy::PermissionPolicy;
use proptest::prelude::*;

fn covers(granted: &[&str], wanted: &str) -> bool {
    let granted: BTreeSet<String> = granted.iter().map(|&key| key.to_owned()).collect();
    PermissionPolicy::default().covers(&granted, wanted)
}

#[test]
fn wildcards_cover_their_family_and_nothing_else() {
    for (granted, wanted, expected) in [
        (&["*"][..], "tasks.read", true),
        (&["tasks.read"], "tasks.read", true),
        (&["tasks.read"], "tasks.write", false),
        (&["tasks.*"], "tasks.write", true),
        (&["users.read", "tasks.*"], "tasks.write", true),
        (&["project.*"], "project.members.read", true),
        (&["project.members.*"], "project.roles.read", false),
        (&["projects.*"], "project.members.read", false),
        (&["task.*"], "tasks.read", false),
        (&["tasks*"], "tasks.read", false),
        (&[".*"], ".read", false),
        (&["tasks.read"], "tasks.*", false),
        (&["tasks.*"], "tasks.", false),
        (&["tasks.*"], "tasks", false),
        (&["*"], "", false),
        (&[""], "", false),
        (&[], "tasks.read", false),
    ] {
        assert_eq!(covers(granted, wanted), expected, "{granted:?} {wanted}");
    }
}

/// One to four segments, as keys in the field have them.
fn key() -> impl Strategy<Value = String> {
    prop::collection::vec("[a-z_]{1,6}", 1..4).prop_map(|segments| segments.join("."))
}

proptest! {
    #[test]
    fn a_key_covers_itself_and_the_star_covers_all(key in key()) {
        prop_assert!(covers(&[&key], &key));
        prop_assert!(covers(&["*"], &key));
    }

    #[test]
    fn a_family_covers_exactly_what_lies_below_it(family in key(), other in key(), leaf in "[a-z]{1,4}") {
        let wildcard = format!("{family}.*");
        let below = format!("{family}.{leaf}");
        prop_assert!(covers(&[&wildcard], &below));
        prop_assert!(!covers(&[&wildcard], &family), "the family's own name is no member");
        // Stated by segments, the rule under test by text.
        let is_below = other.split('.').count() > family.split('.').count()
            && other.split('.').zip(family.split('.')).all(|(a, b)| a == b);
        prop_assert_eq!(covers(&[&wildcard], &other), is_below);
    }

    #[test]
    fn more_grants_never_cover_less(
        granted in prop::collection::vec(key(), 0..5), more in key(), wanted in key(),
    ) {
        let mut all: Vec<&str> = granted.iter().map(String::as_str).collect();
        let before = covers(&all, &wanted);
        all.push(&more);
        prop_assert!(!before || covers(&all, &wanted));
    }
}
