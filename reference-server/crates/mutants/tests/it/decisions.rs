//! Decisions about requests, permissions, versions, archives and events.

use contract::envelope::RequestEnvelope;
use contract::permissions::Permissions;
use contract::route::{PathPattern, Route};
use policy::Policy;
use policy::archives::EntryKind;

use super::differ;

fn reach(policy: &Policy, request: Option<(&str, &str)>) -> String {
    let request = request.map(|(project, user)| RequestEnvelope {
        project_id: project.to_owned(),
        user_id: user.to_owned(),
        ..RequestEnvelope::default()
    });
    format!("{:?}", (policy.core_data.reach)(request.as_ref()))
}

#[test]
fn core_reads() {
    for (name, request, specification, wrong) in [
        ("core-reads-unscoped", Some(("p", "u")), "Project(\"p\")", "All"),
        ("project-route-reads-callers-projects", Some(("p", "u")), "Project(\"p\")", "User(\"u\")"),
        ("caller-reads-every-project", Some(("", "u")), "User(\"u\")", "All"),
        ("anonymous-caller-reads-every-project", Some(("", "")), "Nothing", "All"),
        ("nothing-to-read-outside-requests", None, "All", "Nothing"),
    ] {
        differ(name, |policy| reach(policy, request), specification, wrong);
    }
}

fn granted(policy: &Policy, permissions: &[&str], function: &str) -> String {
    let permissions = Permissions::new(permissions.iter().map(ToString::to_string).collect());
    let granted = policy.grants.check(&permissions, function).is_ok();
    if granted { "granted" } else { "refused" }.to_owned()
}

#[test]
fn grants() {
    for (name, permissions, function, specification) in [
        ("permissions-not-enforced", &["db:read:tasks"][..], "cache_get", "refused"),
        ("no-list-grants-everything", &[], "tasks_list", "refused"),
        ("one-dotted-entry-opens-everything", &["events:emit", "db.read"], "task_get", "refused"),
        ("dotted-vocabulary-grants-nothing", &["db.read"], "task_get", "granted"),
        ("permissions-in-any-case", &["DB:READ:TASKS"], "task_get", "refused"),
        ("permissions-with-wildcards", &["db:read:*"], "task_get", "refused"),
        ("tasks-list-takes-nothing", &["cache:use"], "tasks_list", "refused"),
        ("task-get-takes-nothing", &["cache:use"], "task_get", "refused"),
        ("project-get-takes-tasks", &["db:read:projects"], "project_get", "granted"),
        (
            "members-list-takes-members-alone",
            &["db:read:project_members"],
            "members_list",
            "refused",
        ),
        ("cache-get-takes-nothing", &["events:emit"], "cache_get", "refused"),
        ("cache-delete-takes-nothing", &["events:emit"], "cache_delete", "refused"),
        ("activity-record-takes-nothing", &["cache:use"], "activity_record", "refused"),
    ] {
        let wrong = if specification == "granted" { "refused" } else { "granted" };
        differ(name, |policy| granted(policy, permissions, function), specification, wrong);
    }
}

fn chain(policy: &Policy, public: bool, manifest: Option<&str>) -> String {
    use contract::middleware::Middleware as M;
    let middlewares = manifest.map(|listed| match listed {
        "" => Vec::new(),
        _ => vec![M::Authn, M::RequireJwtAuth],
    });
    let chain = policy.middleware.chain(&Route {
        method: "GET".to_owned(),
        path: "/x".to_owned(),
        pattern: PathPattern::parse("/x").expect("a path"),
        public,
        middlewares,
    });
    format!("{chain:?}")
}

#[test]
fn middlewares() {
    const DEFAULT: &str = "[OptionalAuthn, RequireFreshPassword]";
    for (name, public, listed, specification, wrong) in [
        ("default-chain-is-empty", false, None, DEFAULT, "[]"),
        ("default-chain-needs-a-caller", false, None, DEFAULT, "[Authn, RequireFreshPassword]"),
        (
            "default-chain-in-the-wrong-order",
            false,
            None,
            DEFAULT,
            "[RequireFreshPassword, OptionalAuthn]",
        ),
        ("empty-list-is-no-list", false, Some(""), "[]", DEFAULT),
        ("public-is-ignored", true, None, "[]", DEFAULT),
        ("public-wins-over-the-list", true, Some("two"), "[Authn, RequireJwtAuth]", "[]"),
        (
            "middlewares-in-an-order-of-their-own",
            false,
            Some("two"),
            "[Authn, RequireJwtAuth]",
            "[RequireJwtAuth, Authn]",
        ),
    ] {
        differ(name, |policy| chain(policy, public, listed), specification, wrong);
    }
}

#[test]
fn keys_of_permissions() {
    for (name, granted, wanted, specification) in [
        ("families-not-understood", "tasks.*", "tasks.read", true),
        ("star-not-understood", "*", "reports.tasks.read", true),
        ("families-by-their-first-letters", "tasks.read", "tasks.write", false),
    ] {
        let covers = |policy: &Policy| (policy.permissions.key_covers)(granted, wanted).to_string();
        let (right, wrong) = (specification.to_string(), (!specification).to_string());
        differ(name, covers, &right, &wrong);
    }
}

fn upgrade(policy: &Policy, installed: &str, offered: &str) -> String {
    match policy.versions.decide_upgrade(installed, offered) {
        Ok(()) => "done".to_owned(),
        Err(refusal) => format!("{refusal:?}").chars().take(5).collect(),
    }
}

#[test]
fn versions() {
    for (name, installed, offered, specification, wrong) in [
        ("versions-compared-as-text", "1.9.0", "1.10.0", "done", "Older"),
        ("versions-compared-as-text", "1.10.0", "1.9.0", "Older", "done"),
        ("equal-versions-installed-again", "1.0.0", "1.0.0", "Equal", "done"),
        ("older-versions-installed", "2.0.0", "1.0.0", "Older", "done"),
        ("older-versions-are-up-to-date", "2.0.0", "1.0.0", "Older", "Equal"),
    ] {
        differ(name, |policy| upgrade(policy, installed, offered), specification, wrong);
    }
    let same = |policy: &Policy| policy.versions.is_same("1.0.0", "1.0.1").to_string();
    differ("manifests-version-not-compared", same, "false", "true");
}

#[test]
fn archives() {
    let kind = |policy: &Policy, kind| (policy.archives.kind)(kind).is_ok().to_string();
    differ("links-passed-over", |policy| kind(policy, EntryKind::Link), "false", "true");
    differ("devices-passed-over", |policy| kind(policy, EntryKind::Special), "false", "true");
    for (name, path, wrong) in [
        ("parents-passed-over", &b"a/../b"[..], "a/b"),
        ("absolute-paths-made-relative", b"/etc/passwd", "etc/passwd"),
        ("backslashes-separate", b"a\\b", "a/b"),
        ("paths-made-text", b"a\xff", "a\u{fffd}"),
    ] {
        let judge = |policy: &Policy| {
            (policy.archives.path)(path, &policy.limits).unwrap_or_else(|_| "refused".to_owned())
        };
        differ(name, judge, "refused", wrong);
    }
}

#[test]
fn pauses() {
    let pauses = |policy: &Policy| {
        let pause = |delivery| (policy.events.pause)(policy.events.first_pause, delivery);
        (pause(2) > pause(1)).to_string()
    };
    differ("pauses-do-not-grow", pauses, "true", "false");
}
