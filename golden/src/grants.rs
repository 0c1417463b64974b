//! Which host calls the manifest does not grant, and which grants a call makes use of.
//!
//! The sandbox and the database refuse; here is only said what was missing. The decisions are the
//! policy's, the same in both places.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use contract::fetch::FetchRequest;
use contract::manifest::Manifest;
use contract::permissions::{Permissions, Vocabulary};
use policy::Policy;
use policy::core_data::READABLE_CORE_TABLES;
use policy::grants::Grant;
use sandbox::watch::HostCall;

/// What the manifest lacks for a call, in words; `None` when it lacks nothing.
pub(crate) fn missing(policy: &Policy, manifest: &Manifest, call: &HostCall) -> Option<String> {
    if let Err(denied) = policy.grants.check(&manifest.permissions, call.function) {
        return Some(denied.to_string());
    }
    let backend = manifest.backend.as_ref();
    match call.function {
        "config_get" => {
            let key = call.argument("key")?;
            let listed =
                backend.is_some_and(|it| it.allowed_config_keys.iter().any(|it| it == key));
            (!listed).then(|| format!("the manifest's allowedConfigKeys lack '{key}'"))
        }
        "fetch" => {
            let request: FetchRequest = serde_json::from_str(call.argument("request")?).ok()?;
            let allowed = backend.map(|it| it.allowed_outbound_domains.clone()).unwrap_or_default();
            let refusal = policy.outbound.check_url(&request.url, &allowed, &[]).err()?;
            Some(refusal.message)
        }
        "db_query" | "db_query2" | "db_exec" => {
            let tables = missing_tables(policy, &manifest.permissions, call.argument("sql")?);
            let table = tables.first()?;
            Some(format!("the manifest's permissions lack 'db:read:{table}'"))
        }
        _ => None,
    }
}

/// Core tables that a statement names and the permissions do not grant.
pub(crate) fn missing_tables(
    policy: &Policy,
    permissions: &Permissions,
    sql: &str,
) -> Vec<&'static str> {
    let granted = policy.core_data.granted(permissions);
    core_tables(sql)
        .into_iter()
        .filter(|table| granted.iter().all(|granted| granted.name != *table))
        .collect()
}

/// A table or view by schema and name.
type Relation = (String, String);

/// What statements name. Parsing is what costs, and scenarios send the same few statements.
static NAMED: LazyLock<Mutex<HashMap<String, Arc<[Relation]>>>> = LazyLock::new(Mutex::default);

/// Every table or view that a statement names.
fn relations(sql: &str) -> Arc<[Relation]> {
    let kept = || NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(named) = kept().get(sql) {
        return Arc::clone(named);
    }
    let named: Arc<[Relation]> = policy::sql::relations(sql).into();
    kept().insert(sql.to_owned(), Arc::clone(&named));
    named
}

/// Core tables that a statement names.
fn core_tables(sql: &str) -> BTreeSet<&'static str> {
    let named = relations(sql);
    let core = |(schema, name): &Relation| {
        let table = READABLE_CORE_TABLES.iter().find(|table| table.name == name)?;
        (schema.is_empty() || schema == "public").then_some(table.name)
    };
    named.iter().filter_map(core).collect()
}

/// The manifest's permissions that a call makes use of, as declared.
pub(crate) fn used(policy: &Policy, manifest: &Manifest, call: &HostCall) -> Vec<String> {
    if manifest.permissions.vocabulary() == Vocabulary::Dotted {
        return dotted(manifest, call);
    }
    let mut words: Vec<String> = match (policy.grants.needed)(call.function) {
        Grant::Free => Vec::new(),
        Grant::CoreTables(tables) => tables.iter().map(|it| format!("db:read:{it}")).collect(),
        Grant::Events => vec!["events:emit".to_owned()],
        Grant::Cache => vec!["cache:use".to_owned()],
    };
    if let Some(sql) = call.argument("sql") {
        words.extend(core_tables(sql).iter().map(|table| format!("db:read:{table}")));
        let own = relations(sql).len() > core_tables(sql).len();
        if own && call.function == "db_query" {
            words.push("db:read:plugin_data".to_owned());
        } else if own {
            words.extend(["db:read:plugin_data", "db:write:plugin_data"].map(str::to_owned));
        }
    }
    words.retain(|word| manifest.permissions.lists(word));
    words
}

/// What plugins in the wild write grants everything; a word is in use when something of its family is.
fn dotted(manifest: &Manifest, call: &HostCall) -> Vec<String> {
    let family = call.function.split('_').next().unwrap_or_default();
    let family = if family == "event" { "events" } else { family };
    let declared = manifest.permissions.declared().iter();
    declared.filter(|word| word.split('.').next() == Some(family)).cloned().collect()
}
