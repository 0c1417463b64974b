//! Manifests. The exact diagnostics of invalid ones are blessed files in `golden/contract/manifest`.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use contract::manifest::{Backend, Manifest, code};
use contract::middleware::{Middleware, Scope};
use contract::name::PluginName;
use proptest::prelude::*;
use serde_json::{Value, json};

/// The example of the plugin documentation.
fn checklist() -> Value {
    json!({
        "id": "com.paca.checklist", "displayName": "Checklist", "version": "1.0.0",
        "description": "Adds named checklists with checkable items to tasks.",
        "permissions": ["db:read:tasks", "db:write:plugin_data", "events:emit"],
        "frontend": {
            "remoteEntryUrl": "/plugins/com.paca.checklist/assets/remoteEntry.js",
            "extensionPoints": [{
                "point": "task.detail.section", "component": "TaskDetailSection",
                "label": "Checklist", "order": 10
            }]
        },
        "backend": {
            "routes": [{
                "method": "GET", "path": "/projects/:projectId/tasks/:taskId/items",
                "middlewares": [
                    {"name": "authn"}, {"name": "requireFreshPassword"},
                    {"name": "requirePermissions", "scope": "project", "permissions": ["tasks.read"]}
                ]
            }],
            "eventSubscriptions": ["task.deleted"],
            "allowedOutboundDomains": ["api.github.com"],
            "allowedConfigKeys": ["GITHUB_APP_ID"]
        },
        "mcp": {"remoteEntryUrl": "https://paca.example.com/plugins-mcp/com.paca.checklist/mcp.js"}
    })
}

#[test]
fn the_documented_example_is_read_whole() {
    let manifest = Manifest::parse(checklist().to_string().as_bytes()).unwrap();
    assert_eq!(manifest.id.as_str(), "com.paca.checklist");
    assert_eq!(manifest.display_name, "Checklist");
    assert_eq!(manifest.version.to_string(), "1.0.0");
    assert!(manifest.permissions.lists("events:emit"));
    assert!(manifest.frontend_remote_entry_url.as_deref().unwrap().ends_with("remoteEntry.js"));
    assert!(manifest.mcp_remote_entry_url.as_deref().unwrap().ends_with("mcp.js"));
    let backend = manifest.backend.as_ref().unwrap();
    assert_eq!(backend.event_subscriptions, ["task.deleted"]);
    assert_eq!(backend.allowed_outbound_domains, ["api.github.com"]);
    assert_eq!(backend.allowed_config_keys, ["GITHUB_APP_ID"]);
    assert_eq!(
        backend.routes[0].middlewares.as_deref().unwrap(),
        [
            Middleware::Authn,
            Middleware::RequireFreshPassword,
            Middleware::RequirePermissions {
                scope: Scope::Project { param: "projectId".into() },
                permissions: vec!["tasks.read".into()],
            },
        ]
    );
    assert_eq!(manifest.raw(), &checklist());
}

#[test]
fn id_and_version_suffice() {
    let manifest = Manifest::from_value(json!({"id": "a.b", "version": "v0.1.0"})).unwrap();
    assert_eq!(manifest.display_name, "a.b");
    assert_eq!(manifest.backend, None);
    // Generators write null for what they do not have.
    let nulls = json!({
        "id": "a.b", "version": "0.1.0", "displayName": null, "permissions": null,
        "backend": {"routes": null, "eventSubscriptions": null}, "frontend": null, "mcp": null
    });
    assert_eq!(Manifest::from_value(nulls).unwrap().backend, Some(Backend::default()));
}

/// Decision R2: absent and empty differ, and both survive storage.
#[test]
fn an_empty_list_of_middlewares_survives_storage() {
    let value = json!({
        "id": "a.b", "version": "1.0.0", "skills": {"names": ["paca-x"]},
        "backend": {"routes": [
            {"method": "GET", "path": "/open", "middlewares": []},
            {"method": "GET", "path": "/default"},
            {"method": "GET", "path": "/null", "middlewares": null},
            {"method": "GET", "path": "/public", "public": true}
        ]}
    });
    let first = Manifest::from_value(value).unwrap();
    let stored = first.raw().to_string();
    let again = Manifest::parse(stored.as_bytes()).unwrap();
    assert_eq!(again, first);
    let routes = &again.backend.unwrap().routes;
    assert_eq!(routes[0].middlewares, Some(vec![]));
    assert_eq!(routes[1].middlewares, None);
    assert_eq!(routes[2].middlewares, None);
    assert!(routes[3].public && routes[3].middlewares.is_none());
}

#[test]
fn middleware_names_are_trimmed_and_caseless() {
    let manifest = Manifest::from_value(json!({
        "id": "a.b", "version": "1.0.0",
        "backend": {"routes": [{"method": " get ", "path": "p/:pid", "middlewares": [
            {"name": " AUTHN "}, {"name": "OptionalAuthN"}, {"name": "requirejwtauth"},
            {"name": "RequirePermissions", "permissions": ["users.write"]},
            {"name": "requirePermissions", "scope": "project", "projectParam": "pid",
             "permissions": ["tasks.read", "tasks.write"]}
        ]}]}
    }))
    .unwrap();
    let routes = manifest.backend.unwrap().routes;
    assert_eq!(routes[0].method, "GET");
    let names: Vec<_> = routes[0].middlewares.iter().flatten().map(Middleware::name).collect();
    assert_eq!(
        names,
        ["authn", "optionalAuthn", "requireJWTAuth", "requirePermissions", "requirePermissions"]
    );
}

#[test]
fn the_name_must_be_the_id() {
    let manifest = Manifest::from_value(checklist()).unwrap();
    assert_eq!(manifest.check_name(&PluginName::parse("com.paca.checklist").unwrap()), Ok(()));
    for other in ["com.paca.other", "COM.PACA.CHECKLIST"] {
        let problem = manifest.check_name(&PluginName::parse(other).unwrap()).unwrap_err();
        assert_eq!((problem.pointer.as_str(), problem.code), ("/id", code::NAME_MISMATCH));
    }
}

#[test]
fn hosts_are_names_and_nothing_more() {
    let with = |domain: &str| {
        Manifest::from_value(json!({
            "id": "a.b", "version": "1.0.0", "backend": {"allowedOutboundDomains": [domain]}
        }))
    };
    for domain in [
        "api.example.com",
        " API.Example.com. ",
        "bücher.example",
        "93.184.216.34",
        "*",
        "localhost",
    ] {
        assert!(with(domain).is_ok(), "{domain}");
    }
    for domain in [
        "https://api.example.com",
        "api.example.com:443",
        "api.example.com/v1",
        "*.example.com",
        "user@example.com",
        "a..b",
        ".",
        "-a.example",
        "a b.example",
        "[::1]",
        "a%2e.example",
    ] {
        let problems = with(domain).unwrap_err().0;
        assert_eq!(problems.len(), 1, "{domain}: {problems:?}");
        assert_eq!(problems[0].code, code::INVALID_DOMAIN, "{domain}");
        assert_eq!(problems[0].pointer, "/backend/allowedOutboundDomains/0");
    }
}

/// Any JSON, with the field names manifests have, so that the reader gets past the first check.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop_oneof![".{0,6}", Just("authn".to_owned()), Just("/a/:b".to_owned())]
            .prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "id",
        "version",
        "permissions",
        "backend",
        "routes",
        "method",
        "path",
        "middlewares",
        "name",
        "scope",
        "public",
        "allowedOutboundDomains",
        "frontend",
        "remoteEntryUrl",
        "x",
    ]);
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6).prop_map(|map| {
                Value::Object(map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

proptest! {
    /// Every document is either a manifest or has problems, each with a known code at a place whose
    /// parent exists.
    #[test]
    fn every_document_is_judged(document in any_json()) {
        match Manifest::from_value(document.clone()) {
            Ok(manifest) => prop_assert_eq!(manifest.raw(), &document),
            Err(problems) => {
                prop_assert!(!problems.0.is_empty());
                for problem in &problems.0 {
                    prop_assert!(code::ALL.contains(&problem.code));
                    let parent = problem.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
                    prop_assert!(document.pointer(parent).is_some(), "{}", problem);
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_judged(bytes: Vec<u8>) {
        prop_assert!(Manifest::parse(&bytes).is_err());
    }
}

#[test]
fn nesting_without_end_is_no_json() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let problems = Manifest::parse(deep.as_bytes()).unwrap_err().0;
    assert_eq!(problems[0].code, code::INVALID_JSON);
}
