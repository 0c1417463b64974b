//! One step: performed, judged and written down.

use std::fmt::Write as _;

use sandbox::watch::HostCall;
use serde_json::Value;

use super::{Ran, Running, StepFailure};
use crate::expectation;
use crate::front::{Front, Outcome, Request};
use crate::grants;
use crate::scenario::{Action, Body, Names, Step};
use crate::transcript;

type Captured = Vec<(String, String)>;

pub(super) async fn step(
    running: &Running,
    front: &Front,
    number: u64,
    step: &Step,
    captured: &mut Captured,
    text: &mut String,
    ran: &mut Ran,
) {
    let mut names = running.scenario.names.clone();
    for (name, value) in captured.iter() {
        names.add(name, value);
    }
    transcript::heading(text, &format!("{number}. {}", step.name));
    let (outcome, route) = act(front, number, &step.action, &names, text).await;
    let seen = running.watcher.take();
    transcript::host_calls(text, &seen.calls);
    transcript::outcome(text, &outcome);
    ran.costs.push((step.name.clone(), seen.cost));
    ran.coverage.step(&running.policy, &running.plugin.manifest, route, &seen.calls);
    if let (Action::Event { topic, .. }, Outcome::Handled) = (&step.action, &outcome) {
        ran.coverage.events.insert(topic.clone());
    }
    complaints(running, &step.name, Some(step.at), ran);
    grants(running, &step.name, Some(step.at), &seen.calls, &step.refused, ran);
    let mut failures = expectation::judge(&step.expect, step.fault, &outcome, &seen.calls);
    capture(step, &outcome, captured, &mut failures);
    for message in failures {
        ran.failures.push(StepFailure { step: step.name.clone(), at: Some(step.at), message });
    }
}

/// Does what the step says, with names filled in.
async fn act(
    front: &Front,
    number: u64,
    action: &Action,
    names: &Names,
    text: &mut String,
) -> (Outcome, Option<String>) {
    match action {
        Action::Request { method, target, caller, api_key, headers, body } => {
            let body = match body {
                Body::Bytes(bytes) => bytes.clone(),
                Body::Text(body) => names.fill(body).into_bytes(),
                Body::Json(json) => names.fill_json(json).to_string().into_bytes(),
            };
            let who = match caller {
                Some((_, name)) if *api_key => format!("as {name}, with an API key"),
                Some((_, name)) => format!("as {name}"),
                None => "as nobody".to_owned(),
            };
            let target = names.fill(target);
            let _ = writeln!(text, "{method} {target} {who}");
            for (name, value) in headers {
                let secret = ["authorization", "cookie", "x-api-key"];
                let hidden = secret.contains(&name.to_ascii_lowercase().as_str());
                let value = if hidden { "«hidden»" } else { value };
                let _ = writeln!(text, "   {name}: {value}");
            }
            transcript::body(text, &body, "   ");
            let request = Request {
                method: method.clone(),
                target,
                caller: caller.as_ref().map(|(id, _)| *id),
                api_key: *api_key,
                headers: headers.clone(),
                body,
            };
            front.request(request).await
        }
        Action::Event { topic, payload } => {
            let payload = names.fill_json(payload);
            let _ = writeln!(text, "event {topic}");
            transcript::body(text, payload.to_string().as_bytes(), "   ");
            (front.event(topic, payload, number).await, None)
        }
    }
}

/// What nobody had an answer for.
pub(super) fn complaints(running: &Running, step: &str, at: Option<usize>, ran: &mut Ran) {
    for message in running.complaints.take() {
        ran.failures.push(StepFailure { step: step.to_owned(), at, message });
    }
}

/// Calls that the manifest does not grant fail the step, unless it expects them to be refused.
pub(super) fn grants(
    running: &Running,
    step: &str,
    at: Option<usize>,
    calls: &[HostCall],
    expected: &[String],
    ran: &mut Ran,
) {
    let mut fail = |message| ran.failures.push(StepFailure { step: step.to_owned(), at, message });
    let mut refused = Vec::new();
    for call in calls {
        let lacks = grants::missing(&running.policy, &running.plugin.manifest, call);
        let Some(lacks) = lacks else { continue };
        refused.push(call.function);
        if !expected.iter().any(|it| it == call.function) {
            fail(format!("{} is refused, as a host refuses it: {lacks}", call.function));
        }
    }
    for function in expected {
        if !refused.contains(&function.as_str()) {
            fail(format!("expected a refused call of {function}, and there is none"));
        }
    }
}

/// Takes names out of an answer for later steps.
fn capture(step: &Step, outcome: &Outcome, captured: &mut Captured, failures: &mut Vec<String>) {
    if step.capture.is_empty() {
        return;
    }
    let body: Option<Value> = match outcome {
        Outcome::Answer { body, .. } => serde_json::from_slice(body).ok(),
        _ => None,
    };
    for (name, pointer) in &step.capture {
        let found = body.as_ref().and_then(|body| body.pointer(pointer));
        let value = match found {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => {
                failures.push(format!(
                    "nothing to capture as `{name}`: the answer has nothing at {pointer}"
                ));
                continue;
            }
        };
        captured.retain(|(known, _)| known != name);
        captured.push((name.clone(), value));
    }
}
