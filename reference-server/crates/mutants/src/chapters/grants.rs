//! What a manifest's permissions grant.

use contract::permissions::{Permissions, Vocabulary};

use crate::catalogue::{Entry, decision};
use mutant_switch::mistake;
use policy::GrantPolicy;
use policy::grants::Grant;

fn missing(permissions: &Permissions, grant: Grant) -> Option<String> {
    (GrantPolicy::default().missing)(permissions, grant)
}

/// What a function takes, save one for which somebody forgot it.
fn free(forgotten: &str, function: &str) -> Grant {
    if function == forgotten { mistake(Grant::Free) } else { needed(function) }
}

fn needed(function: &str) -> Grant {
    (GrantPolicy::default().needed)(function)
}

pub(super) const MUTANTS: &[Entry] = &[
    decision(
        "permissions-not-enforced",
        &["s-5wgn", "s-76m4", "s-7uej", "s-e96e", "s-hj38", "s-h4xg"],
        "the manifest's permissions are a comment",
        |policy| policy.grants.missing = |_, _| mistake(None),
    ),
    decision(
        "no-list-grants-everything",
        &["s-5wgn"],
        "who lists no permissions gets all of them",
        |policy| {
            policy.grants.missing = |permissions, grant| {
                let none = permissions.declared().is_empty();
                if none { mistake(None) } else { missing(permissions, grant) }
            }
        },
    ),
    decision(
        "one-dotted-entry-opens-everything",
        &["s-5wgn"],
        "a list with an entry in the dotted vocabulary is in the dotted vocabulary",
        |policy| {
            policy.grants.missing = |permissions, grant| {
                let dotted = permissions.declared().iter().any(|entry| !entry.contains(':'));
                if dotted { mistake(None) } else { missing(permissions, grant) }
            }
        },
    ),
    decision(
        "dotted-vocabulary-grants-nothing",
        &["s-ey6q"],
        "the words of plugins in the wild are unknown, and open nothing",
        |policy| {
            policy.grants.missing = |permissions, grant| match grant {
                Grant::Free => None,
                _ if permissions.vocabulary() == Vocabulary::Dotted => {
                    mistake(Some("a colon".to_owned()))
                }
                grant => missing(permissions, grant),
            }
        },
    ),
    decision(
        "permissions-in-any-case",
        &["s-93vs"],
        "permissions are compared without regard to letter case",
        |policy| {
            policy.grants.missing = |permissions, grant| {
                let lower = permissions.declared().iter().map(|entry| entry.to_lowercase());
                mistake(missing(&Permissions::new(lower.collect()), grant))
            }
        },
    ),
    decision("permissions-with-wildcards", &["s-93vs"], "db:read:* reads every table", |policy| {
        policy.grants.missing = |permissions, grant| match grant {
            Grant::CoreTables(_) if permissions.lists("db:read:*") => mistake(None),
            grant => missing(permissions, grant),
        }
    }),
    decision("tasks-list-takes-nothing", &["s-76m4"], "tasks_list takes no permission", |policy| {
        policy.grants.needed = |function| free("tasks_list", function);
    }),
    decision("task-get-takes-nothing", &["s-76m4"], "task_get takes no permission", |policy| {
        policy.grants.needed = |function| free("task_get", function);
    }),
    decision("project-get-takes-tasks", &["s-7uej"], "project_get takes db:read:tasks", |policy| {
        policy.grants.needed = |function| match function {
            "project_get" => mistake(Grant::CoreTables(&["tasks"])),
            function => needed(function),
        }
    }),
    decision(
        "members-list-takes-members-alone",
        &["s-e96e"],
        "members_list takes db:read:project_members, and gives users and roles along",
        |policy| {
            policy.grants.needed = |function| match function {
                "members_list" => mistake(Grant::CoreTables(&["project_members"])),
                function => needed(function),
            }
        },
    ),
    decision("cache-get-takes-nothing", &["s-hj38"], "cache_get takes no permission", |policy| {
        policy.grants.needed = |function| free("cache_get", function);
    }),
    decision(
        "cache-delete-takes-nothing",
        &["s-hj38"],
        "cache_delete takes no permission",
        |policy| policy.grants.needed = |function| free("cache_delete", function),
    ),
    decision(
        "activity-record-takes-nothing",
        &["s-h4xg"],
        "activity_record takes no permission",
        |policy| policy.grants.needed = |function| free("activity_record", function),
    ),
];
