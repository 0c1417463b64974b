//! Steps, one by one: a step may name what an earlier one captured.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use toml::Spanned;

use super::{Checked, known, method_and_rest};
use crate::diagnostic::{Mistake, choice};
use crate::scenario::names::Names;
use crate::scenario::steps::Body;
use crate::scenario::{Action, Expect, Step, World, data};

pub(super) fn steps(
    all: Vec<Spanned<data::Step>>,
    world: &World,
    names: &mut Names,
) -> Checked<Vec<Step>> {
    let mut taken = BTreeSet::new();
    let mut read = Vec::new();
    for written in all {
        let (span, by_author) = (written.span(), written.get_ref().name.is_some());
        let mut step = self::step(written, world, names)?;
        if !taken.insert(step.name.clone()) {
            if by_author {
                return Err(Mistake::new(span, format!("two steps are called `{}`", step.name))
                    .help("give each a name of its own, or none"));
            }
            step.name = format!("{} ({})", step.name, read.len() + 1);
            taken.insert(step.name.clone());
        }
        for name in step.capture.keys() {
            names.add(name, "");
        }
        read.push(step);
    }
    Ok(read)
}

fn step(step: Spanned<data::Step>, world: &World, names: &Names) -> Checked<Step> {
    let span = step.span();
    let data = step.into_inner();
    let (action, default_name) = match (&data.request, &data.event) {
        (Some(request), None) => {
            let name = request.get_ref().clone();
            (self::request(request, &data, world, names)?, name)
        }
        (None, Some(topic)) => (event(topic, &data, names)?, format!("event {}", topic.get_ref())),
        (Some(_), Some(event)) => {
            return Err(Mistake::new(event.span(), "a step is a request or an event, not both")
                .help("write a second [[steps]] for the event"));
        }
        (None, None) => {
            return Err(Mistake::new(span, "the step says nothing that happens").help(
                "add `request = \"GET /items\"` or `event = \"task.deleted\"` to this table",
            ));
        }
    };
    let refused = functions(data.refused)?;
    Ok(Step {
        name: data.name.unwrap_or(default_name),
        at: span.start,
        action,
        capture: data.capture,
        fault: data.fault,
        refused,
        expect: expect(data.expect)?,
    })
}

fn request(
    request: &Spanned<String>,
    data: &data::Step,
    world: &World,
    names: &Names,
) -> Checked<Action> {
    const EXAMPLE: &str = "GET /projects/{apollo}/items";
    let (method, target) = method_and_rest(request, EXAMPLE)?;
    if !target.starts_with('/') {
        return Err(Mistake::new(request.span(), format!("the path `{target}` has no / in front"))
            .help(format!("what follows /plugins/NAME, for example: request = \"{EXAMPLE}\"")));
    }
    if let Some(unknown) = names.unknown(&target) {
        return Err(nothing_called(request.span(), &unknown, names));
    }
    if let Some(payload) = &data.payload {
        return Err(Mistake::new(payload.span(), "`payload` belongs to events")
            .help("a request has `json`, `body` or `body_base64`"));
    }
    let users = world.users.iter().map(|user| (user.name.as_str(), user));
    let caller = match &data.caller {
        Some(name) => {
            let user = known(name, "user", users)?;
            Some((user.id, user.name.clone()))
        }
        None => None,
    };
    let mut headers = data.headers.clone();
    let body = body(data, names)?;
    if matches!(body, Body::Json(_))
        && !headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"))
    {
        headers.insert("content-type".to_owned(), "application/json".to_owned());
    }
    Ok(Action::Request { method, target, caller, api_key: data.api_key, headers, body })
}

fn body(data: &data::Step, names: &Names) -> Checked<Body> {
    match (&data.json, &data.body, &data.body_base64) {
        (None, None, None) => Ok(Body::Bytes(Vec::new())),
        (Some(json), None, None) => match names.unknown_in_json(json.get_ref()) {
            Some(unknown) => Err(nothing_called(json.span(), &unknown, names)),
            None => Ok(Body::Json(json.get_ref().clone())),
        },
        (None, Some(text), None) => Ok(Body::Text(text.get_ref().clone())),
        (None, None, Some(text)) => match STANDARD.decode(text.get_ref()) {
            Ok(bytes) => Ok(Body::Bytes(bytes)),
            Err(_) => Err(Mistake::new(text.span(), "the body is not base64")
                .help("text goes into `body`, JSON into `json`")),
        },
        (json, text, base64) => {
            let span = match (json, text, base64) {
                (_, _, Some(base64)) => base64.span(),
                (_, Some(text), _) => text.span(),
                _ => 0..0,
            };
            Err(Mistake::new(span, "a request has one body")
                .help("one of: json, body, body_base64"))
        }
    }
}

fn event(topic: &Spanned<String>, data: &data::Step, names: &Names) -> Checked<Action> {
    let stray = [
        ("as", data.caller.as_ref().map(Spanned::span)),
        ("json", data.json.as_ref().map(Spanned::span)),
        ("body", data.body.as_ref().map(Spanned::span)),
        ("body_base64", data.body_base64.as_ref().map(Spanned::span)),
    ];
    for (key, span) in stray {
        if let Some(span) = span {
            return Err(Mistake::new(span, format!("`{key}` belongs to requests"))
                .help("what an event carries is its `payload`"));
        }
    }
    let payload = match &data.payload {
        Some(payload) => {
            if let Some(unknown) = names.unknown_in_json(payload.get_ref()) {
                return Err(nothing_called(payload.span(), &unknown, names));
            }
            payload.get_ref().clone()
        }
        None => Value::Object(serde_json::Map::new()),
    };
    Ok(Action::Event { topic: topic.get_ref().clone(), payload })
}

fn nothing_called(span: std::ops::Range<usize>, name: &str, names: &Names) -> Mistake {
    let known = names.known();
    let help = if known.is_empty() {
        format!("write [projects.{name}] or [users.{name}], or capture it in an earlier step")
    } else {
        choice(name, &known, "names here")
    };
    Mistake::new(span, format!("nothing is called `{name}`")).help(help)
}

fn expect(data: data::Expect) -> Checked<Expect> {
    if let Some(status) = &data.status
        && !(100..=599).contains(status.get_ref())
    {
        return Err(Mistake::new(status.span(), format!("{} is no status", status.get_ref()))
            .help("200 to 599 are what a plugin can answer"));
    }
    Ok(Expect {
        status: data.status.map(Spanned::into_inner),
        headers: data.headers,
        json: data.json.into_iter().map(|(at, value)| (pointer(&at), json!(value))).collect(),
        body_contains: data.body_contains,
        calls: data.calls.map(functions).transpose()?,
        no_calls: functions(data.no_calls)?,
    })
}

/// `items/0/id` means `/items/0/id`.
fn pointer(text: &str) -> String {
    if text.is_empty() || text.starts_with('/') { text.to_owned() } else { format!("/{text}") }
}

fn functions(names: Vec<Spanned<String>>) -> Checked<Vec<String>> {
    let all = || contract::abi::HOST_FUNCTIONS.iter().map(|function| (function.name, ()));
    names
        .into_iter()
        .map(|name| known(&name, "host function", all()).map(|()| name.into_inner()))
        .collect()
}
