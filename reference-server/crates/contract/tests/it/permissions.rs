//! The two vocabularies of permissions.

use contract::permissions::{CoreRead, Permissions, Vocabulary};

fn permissions(list: &[&str]) -> Permissions {
    Permissions::new(list.iter().map(ToString::to_string).collect())
}

#[test]
fn one_colon_or_nothing_at_all_is_the_strict_vocabulary() {
    for list in [&[][..], &["events:emit"], &["db.read", "db:read:tasks"]] {
        assert_eq!(permissions(list).vocabulary(), Vocabulary::Colon, "{list:?}");
    }
    for list in [&["db.read"][..], &["cache"], &["events.emit", "db.write"]] {
        assert_eq!(permissions(list).vocabulary(), Vocabulary::Dotted, "{list:?}");
    }
}

#[test]
fn colons_grant_word_by_word() {
    let none = permissions(&["db:read:plugin_data", "db:write:plugin_data"]);
    assert_eq!(none.core_read(), CoreRead::Only([].into()));
    assert!(!none.may_emit_events());
    assert!(!none.may_use_cache());
    let some = permissions(&["db:read:tasks", "db:read:users", "events:emit"]);
    assert_eq!(some.core_read(), CoreRead::Only(["tasks".into(), "users".into()].into()));
    assert!(some.may_emit_events());
    assert!(some.may_read("tasks") && !some.may_read("projects"));
    assert!(permissions(&["cache:use"]).may_use_cache());
    assert!(!permissions(&["cache", "db:read:tasks"]).may_use_cache());
    // The dotted spelling is no grant in a list with colons.
    assert!(!permissions(&["db:read:tasks", "events.emit"]).may_emit_events());
}

#[test]
fn dots_grant_what_their_host_gave_everyone() {
    let wild = permissions(&["db.read"]);
    assert_eq!(wild.core_read(), CoreRead::All);
    assert!(wild.may_emit_events());
    assert!(wild.may_use_cache());
    assert!(wild.may_read("tasks"));
}
