//! What the types of a case cannot say: variables exist, matchers are well formed, something is
//! asserted, and the features a case needs follow from what it does.

mod events;
mod implied;

use std::collections::BTreeSet;

use super::{
    Action, COOKIE, Case, Data, Expect, HEADER, Identity, Lane, Need, PluginSpec, Step, Tier,
};
use crate::matcher::Matcher;
use crate::peers::archive::Damage;
use crate::target::Limits;
use crate::vars::Vars;

/// Checks a case and fills in what follows from it: implied needs, features and identities.
pub(super) fn check(case: &mut Case) -> Result<(), String> {
    names(case)?;
    let implies = |need: &Need| !matches!(need, Need::OtherProject | Need::Account);
    if case.needs.iter().any(implies) {
        case.needs.insert(Need::Project);
    }
    let mut known = known_variables(case)?;
    for spec in case.plugin.iter().chain(case.also.iter().map(|(_, spec)| spec)) {
        plugin(spec, &known)?;
    }
    let mut waiting = BTreeSet::new();
    for (index, step) in case.steps.iter().enumerate() {
        check_step(case, step, &mut known, &mut waiting)
            .map_err(|message| format!("step {}: {message}", index + 1))?;
    }
    if let Some(name) = waiting.first() {
        return Err(format!("the background step `{name}` is never joined"));
    }
    assertions(case)?;
    implied::fill_in(case);
    if case.tier == Tier::ZeroFixture {
        let needs_more = case.plugin.is_some()
            || !case.needs.is_empty()
            || case.identities.iter().any(|identity| identity.needs_admin());
        if needs_more {
            return Err("a zero-fixture case needs nothing but a URL".to_owned());
        }
    }
    Ok(())
}

fn names(case: &Case) -> Result<(), String> {
    let well_formed = |id: &str| {
        id.strip_prefix("c-").is_some_and(|rest| {
            rest.len() == 4 && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
    };
    if !well_formed(&case.id) {
        return Err(format!("`{}` is no case id: `c-` and four of a–z, 0–9", case.id));
    }
    let folder = case.path.split('/').nth_back(1).unwrap_or_default();
    if case.area() != folder && folder != "cases" {
        return Err(format!("the slug `{}` does not begin with the folder `{folder}/`", case.slug));
    }
    if case.steps.is_empty() {
        return Err("a case has steps".to_owned());
    }
    Ok(())
}

/// All variables that will have values, with stand-ins of the right type.
fn known_variables(case: &Case) -> Result<Vars, String> {
    let mut known = Vars::default();
    for name in ["token", "schema", "key_of_1024_bytes"] {
        known.set(name, "x");
    }
    for name in [
        "allowed_host",
        "allowed_host_upper",
        "allowed_host_idna",
        "other_host",
        "untrusted_host",
        "expired_host",
        "misnamed_host",
        "outbound_port",
        "config_key",
        "config_key_lower",
        "config_value",
        "secret_key",
        "empty_key",
        "granted_key",
        "granted_value",
        "granted_plugin",
    ] {
        known.set(name, "x");
    }
    known.set("branding", serde_json::json!({}));
    let limits = Limits::default();
    for (name, _) in limits.spans() {
        known.set(format!("{name}_twice"), "2s");
        known.set(format!("{name}_twice_ms"), 2000);
        known.set(name, "1s");
    }
    for (name, _) in limits.numbers() {
        known.set(name, 1);
        known.set(format!("{name}_plus_one"), 2);
    }
    for identity in Identity::ALL.iter().filter(|identity| identity.user() == Some(**identity)) {
        known.set(format!("{identity}_user"), "x");
    }
    for need in &case.needs {
        known.set(need.as_str().replace('-', "_"), "x");
    }
    if case.needs.contains(&Need::Account) {
        known.set("account_name", "x");
        known.set("account_password", "x");
    }
    for key in std::iter::once("plugin").chain(case.also.iter().map(|(key, _)| key.as_str())) {
        if known.contains(key) {
            return Err(format!("the key `{key}` is the name of a variable already"));
        }
        for suffix in ["", "_url", "_schema", "_id"] {
            known.set(format!("{key}{suffix}"), "x");
        }
    }
    known.set("plugin_with_last_dot_as_dash", "x");
    Ok(known)
}

fn plugin(spec: &PluginSpec, known: &Vars) -> Result<(), String> {
    let data = spec.manifest.iter().chain(&spec.entry);
    data.map(|data| known.value(&data.0)).collect::<Result<Vec<_>, _>>().map_err(text)?;
    let texts = spec.name.iter().chain(&spec.manifest_text);
    texts.map(|name| known.text(name)).collect::<Result<Vec<_>, _>>().map_err(text)?;
    let files = [&spec.migrations, &spec.frontend, &spec.mcp].into_iter().flatten().flatten();
    files.map(|(_, file)| known.text(file)).collect::<Result<Vec<_>, _>>().map_err(text)?;
    if let Some(name) = &spec.fixture
        && fixtures_plugins::artifact(name).is_none()
    {
        return Err(format!("`{name}` is no artifact of fixtures-plugins"));
    }
    if let Some(wat) = &spec.wasm_text {
        wat::parse_str(known.text(wat).map_err(text)?).map_err(|e| format!("wasm_text: {e}"))?;
    }
    if let Some(archive) = &spec.archive {
        Damage::parse(&archive.0)?;
    }
    Ok(())
}

fn check_step<'a>(
    case: &Case,
    step: &'a Step,
    known: &mut Vars,
    waiting: &mut BTreeSet<&'a str>,
) -> Result<(), String> {
    if let Some(key) = &step.on
        && !case.also.iter().any(|(name, _)| name == key)
    {
        let hint = crate::suggest::hint(key, case.also.iter().map(|(name, _)| name.as_str()));
        return Err(format!("`on`: no plugin of `also` has the key `{key}`{hint}"));
    }
    action(case, step, known, waiting)?;
    expectation(&step.expect, known)?;
    if step.background.is_some() && (!step.expect.is_empty() || !step.capture.is_empty()) {
        return Err("a background step has no expectation; the step that joins it has".to_owned());
    }
    if let Some(many) = &step.at_once {
        known.value(&many.0).map_err(text)?;
        let asks = matches!(step.action, Action::Request(_) | Action::Probe(_));
        if step.background.is_none() || !asks {
            return Err(
                "`at_once` belongs to a `request` or a `probe` in the background".to_owned()
            );
        }
    }
    if step.answers.is_some() && !matches!(step.action, Action::Join(_)) {
        return Err("`answers` belongs to a `join`".to_owned());
    }
    if step.times > 1 && !matches!(step.action, Action::Request(_) | Action::Probe(_)) {
        return Err("`times` belongs to a `request` or a `probe`".to_owned());
    }
    if step.expect.ended_after_previous && !matches!(step.action, Action::Join(_)) {
        return Err("`ended_after_previous` belongs to a `join`".to_owned());
    }
    if let Some(other) = &step.meanwhile {
        meanwhile(case, step, other, known).map_err(|message| format!("meanwhile: {message}"))?;
    }
    waiting.extend(step.background.as_deref());
    for (name, pointer) in &step.capture {
        let named = pointer.starts_with(COOKIE) || pointer.starts_with(HEADER);
        if !pointer.is_empty() && !pointer.starts_with('/') && !named {
            return Err(format!(
                "`{pointer}` is no JSON pointer, and no `{COOKIE}` or `{HEADER}` with a name"
            ));
        }
        known.set(name.clone(), "x");
    }
    Ok(())
}

/// What is repeated beside a step is a request that is judged, and nothing more.
fn meanwhile(case: &Case, step: &Step, other: &Step, known: &mut Vars) -> Result<(), String> {
    if step.background.is_some() || step.retry.is_some() {
        return Err("it stands beside one action that is waited for".to_owned());
    }
    if !matches!(other.action, Action::Request(_) | Action::Probe(_)) {
        return Err("it is a `request` or a `probe`".to_owned());
    }
    if other.expect.is_empty() {
        return Err("it has an expectation, which holds of every answer".to_owned());
    }
    let more = other.background.is_some() || other.retry.is_some() || other.meanwhile.is_some();
    if more || !other.capture.is_empty() {
        return Err("it has neither `background`, `retry`, `meanwhile` nor `capture`".to_owned());
    }
    check_step(case, other, known, &mut BTreeSet::new())
}

fn action(
    case: &Case,
    step: &Step,
    known: &Vars,
    waiting: &mut BTreeSet<&str>,
) -> Result<(), String> {
    match &step.action {
        Action::Request(request) => {
            let bodies = [&request.body, &request.body_prefix, &request.body_suffix];
            let texts = [Some(&request.method), Some(&request.path)];
            let texts = texts.into_iter().chain(bodies.into_iter().map(Option::as_ref));
            for value in texts.flatten().chain(request.headers.values()) {
                known.text(value).map_err(text)?;
            }
            for data in request.json.iter().chain(&request.body_fill) {
                known.value(&data.0).map_err(text)?;
            }
        }
        Action::Probe(ops) => {
            for op in ops {
                known.value(op).map_err(text)?;
            }
        }
        Action::Publish(spec) => plugin(spec, known)?,
        Action::Patch(body) => drop(known.value(body).map_err(text)?),
        Action::Catalog(_) if case.lane != Lane::Exclusive => {
            return Err("`catalog` changes what all cases see: lane = \"exclusive\"".to_owned());
        }
        Action::OutboundSeen(seen) => {
            known.text(&seen.token).map_err(text)?;
            let data = [&seen.count, &seen.method, &seen.path, &seen.body];
            for data in data.into_iter().flatten().chain(seen.headers.values()) {
                matcher(data, known)?;
            }
        }
        Action::OutboundAnswer(answer) => {
            for value in [&answer.token, &answer.send, &answer.repeat, &answer.tail] {
                known.text(value).map_err(text)?;
            }
            if answer.repeat.is_empty() && (answer.times.is_some() || answer.pause.is_some()) {
                return Err("`times` and `pause` belong to a `repeat`".to_owned());
            }
        }
        Action::ObserveActivity(spec) => {
            known.text(&spec.r#type).map_err(text)?;
            for data in spec.count.iter().chain(spec.fields.values()) {
                matcher(data, known)?;
            }
        }
        Action::RemoveGroup if case.lane != Lane::Exclusive => {
            return Err("`remove_group` touches all cases' events: lane = \"exclusive\"".to_owned());
        }
        Action::ObserveEvent(_)
        | Action::CoreEvent(_)
        | Action::InjectEvent(_)
        | Action::DeadLetter(_)
        | Action::Entry(_)
        | Action::RemoveGroup => events::check(&step.action, known)?,
        Action::Fault(_) if case.tier != Tier::Fault || case.lane != Lane::Exclusive => {
            return Err(
                "`fault` concerns all cases: tier = \"fault\", lane = \"exclusive\"".to_owned()
            );
        }
        Action::CacheEntry(key) => drop(known.text(key).map_err(text)?),
        Action::Join(name) | Action::Abandon(name) => {
            // Those that are still to come are joined later.
            let known = match step.answers {
                Some(_) => waiting.contains(name.as_str()),
                None => waiting.remove(name.as_str()),
            };
            if !known {
                return Err(format!("no background step `{name}` is under way"));
            }
        }
        Action::DownloadSeen(download) => {
            download.count.iter().try_for_each(|data| matcher(data, known))?;
        }
        Action::Install(_)
        | Action::Upgrade
        | Action::Uninstall
        | Action::Withdraw
        | Action::Release
        | Action::Fault(_)
        | Action::Catalog(_) => {}
    }
    Ok(())
}

fn expectation(expect: &Expect, known: &Vars) -> Result<(), String> {
    for pointer in expect.json.keys() {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(format!("`{pointer}` is no JSON pointer: it begins with `/` or is empty"));
        }
        known.text(pointer).map_err(text)?;
    }
    let single = [&expect.status, &expect.error_code, &expect.body, &expect.body_len];
    let all = single.into_iter().flatten();
    for data in all.chain(expect.json.values()).chain(expect.headers.values()) {
        matcher(data, known)?;
    }
    Ok(())
}

fn matcher(data: &Data, known: &Vars) -> Result<(), String> {
    Matcher::parse(&known.value(&data.0).map_err(text)?).map(drop)
}

#[expect(clippy::needless_pass_by_value, reason = "for use with map_err")]
fn text(error: impl ToString) -> String {
    error.to_string()
}

/// Every case asserts something on what the host sent; a negative one names the reason.
fn assertions(case: &Case) -> Result<(), String> {
    let observes = |step: &&Step| match &step.action {
        Action::OutboundSeen(seen) => seen.count.as_ref().is_none_or(|count| count.0 != 0),
        Action::ObserveActivity(_)
        | Action::ObserveEvent(_)
        | Action::DownloadSeen(_)
        | Action::CoreEvent(_)
        | Action::DeadLetter(_) => step.action.waits_for_something(),
        Action::Entry(_) | Action::CacheEntry(_) => true,
        _ => !step.expect.is_empty(),
    };
    if !case.steps.iter().any(|step| observes(&step)) {
        return Err("the case asserts nothing: no step has an expectation".to_owned());
    }
    let names_reason = |step: &Step| {
        // What was set aside, or was not published, is the reason itself.
        if matches!(step.action, Action::DeadLetter(_)) {
            return true;
        }
        let status = step.expect.status.as_ref().map(|data| &data.0);
        step.expect.error_code.is_some()
            || !step.expect.json.is_empty()
            || status.is_some_and(|status| status.as_u64().is_none_or(|status| status >= 400))
    };
    if case.negative && !case.steps.iter().any(names_reason) {
        return Err(
            "a negative case names the reason: a status ≥ 400, `error_code` or `json`".to_owned()
        );
    }
    Ok(())
}
