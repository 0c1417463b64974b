//! What follows from what a case does: whom it acts as, and what a host must claim for it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::case::{Action, Case, Feature, Identity, Need, PluginSpec};
use crate::vars;

/// Identities and features that follow from what the case does.
pub(super) fn fill_in(case: &mut Case) {
    let mut features = case.features.clone();
    let mut identities = BTreeSet::new();
    if case.plugin.is_some() || !case.also.is_empty() {
        features.insert(Feature::Catalog);
        identities.insert(Identity::Admin);
    }
    if !case.needs.is_empty() {
        features.insert(Feature::CoreResources);
        identities.insert(Identity::Admin);
    }
    if case.needs.contains(&Need::Task) {
        features.insert(Feature::Tasks);
    }
    for step in
        case.steps.iter().flat_map(|step| std::iter::once(step).chain(step.meanwhile.as_deref()))
    {
        identities.extend(step.identity);
        match &step.action {
            Action::Publish(_)
            | Action::Install(_)
            | Action::Withdraw
            | Action::DownloadSeen(_)
            | Action::Catalog(_) => {
                features.insert(Feature::Catalog);
                identities.insert(Identity::Admin);
            }
            Action::Upgrade | Action::Patch(_) | Action::Uninstall => {
                identities.insert(Identity::Admin);
            }
            Action::OutboundSeen(_) | Action::OutboundAnswer(_) => {
                features.insert(Feature::Outbound);
            }
            Action::ObserveEvent(_)
            | Action::ObserveActivity(_)
            | Action::CoreEvent(_)
            | Action::InjectEvent(_)
            | Action::DeadLetter(_)
            | Action::Entry(_)
            | Action::CacheEntry(_)
            | Action::RemoveGroup => {
                features.insert(Feature::Valkey);
            }
            Action::Fault(_) => {
                features.insert(Feature::Faults);
            }
            // A request to them or to one of them, whether it is to make it or to be refused.
            Action::Request(request) if request.path.contains("/tasks") => {
                features.insert(Feature::Tasks);
            }
            Action::Request(_)
            | Action::Probe(_)
            | Action::Join(_)
            | Action::Abandon(_)
            | Action::Release => {}
        }
    }
    for name in mentioned(case) {
        let feature = match name.as_str() {
            "allowed_host" | "allowed_host_upper" | "allowed_host_idna" | "other_host"
            | "untrusted_host" | "expired_host" | "misnamed_host" | "outbound_port" => {
                Some(Feature::Outbound)
            }
            "config_key" | "config_key_lower" | "config_value" | "secret_key" | "empty_key"
            | "granted_key" | "granted_value" | "granted_plugin" | "branding" => {
                Some(Feature::Config)
            }
            _ => None,
        };
        features.extend(feature);
        let owner = name.strip_suffix("_user").map(|name| name.replace('_', "-"));
        identities.extend(owner.and_then(|name| name.parse::<Identity>().ok()));
    }
    features.extend(identities.iter().flat_map(|identity| identity.features()));
    case.features = features;
    case.identities = identities;
}

/// The names of all variables that the case mentions anywhere.
fn mentioned(case: &Case) -> BTreeSet<String> {
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => found.extend(vars::names(text).map(str::to_owned)),
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            Value::Object(members) => members.iter().for_each(|(key, member)| {
                found.extend(vars::names(key).map(str::to_owned));
                walk(member, found);
            }),
            _ => {}
        }
    }
    /// In all that is published of a plugin.
    fn published(spec: &PluginSpec, found: &mut BTreeSet<String>) {
        let files = [&spec.migrations, &spec.frontend, &spec.mcp].into_iter().flatten();
        let files = files.flat_map(|files| files.values());
        let texts = spec.name.iter().chain(&spec.manifest_text).chain(&spec.wasm_text);
        for text in texts.chain(files) {
            found.extend(vars::names(text).map(str::to_owned));
        }
        spec.manifest.iter().chain(&spec.entry).for_each(|data| walk(&data.0, found));
    }
    let mut found = BTreeSet::new();
    let specs = || case.plugin.iter().chain(case.also.iter().map(|(_, spec)| spec));
    for spec in specs() {
        published(spec, &mut found);
    }
    let steps = case.steps.iter();
    for step in steps.flat_map(|step| std::iter::once(step).chain(step.meanwhile.as_deref())) {
        let expect = &step.expect;
        let single = [&expect.status, &expect.error_code, &expect.body];
        let data = single.into_iter().flatten().chain(expect.json.values());
        data.chain(expect.headers.values()).for_each(|data| walk(&data.0, &mut found));
        match &step.action {
            Action::Request(request) => {
                let texts = std::iter::once(&request.path).chain(&request.body);
                for text in texts.chain(request.headers.values()) {
                    found.extend(vars::names(text).map(str::to_owned));
                }
                request.json.iter().for_each(|data| walk(&data.0, &mut found));
            }
            Action::Probe(ops) => ops.iter().for_each(|op| walk(op, &mut found)),
            Action::CoreEvent(event) => {
                found.extend(vars::names(&event.containing).map(str::to_owned));
                event.payload.iter().for_each(|data| walk(&data.0, &mut found));
            }
            Action::InjectEvent(event) => {
                event.payload.iter().for_each(|data| walk(&data.0, &mut found));
            }
            Action::Publish(spec) => published(spec, &mut found),
            _ => {}
        }
    }
    found
}
