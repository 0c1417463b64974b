//! Assertions of a step: what must hold whatever the snapshot says.

use contract::api::ErrorCode;
use sandbox::watch::HostCall;
use serde_json::Value;

use crate::front::Outcome;
use crate::scenario::{Expect, Fault};
use crate::transcript;

/// What does not hold, each in a sentence.
pub(crate) fn judge(
    expect: &Expect,
    fault: Option<Fault>,
    outcome: &Outcome,
    calls: &[HostCall],
) -> Vec<String> {
    let mut failures = Vec::new();
    self::fault(fault, outcome, &mut failures);
    if let Some(status) = expect.status {
        let found = self::status(outcome);
        if found != Some(status) {
            failures.push(format!("expected status {status}, and it is {}", words(found)));
        }
    }
    answer(expect, outcome, &mut failures);
    let made: Vec<&str> =
        calls.iter().map(|call| call.function).filter(|name| *name != "log").collect();
    if let Some(wanted) = &expect.calls
        && *wanted != made
    {
        failures.push(format!(
            "expected the host calls [{}], and they are [{}]",
            wanted.join(", "),
            made.join(", ")
        ));
    }
    for function in &expect.no_calls {
        let times = calls.iter().filter(|call| call.function == function).count();
        if times > 0 {
            failures.push(format!("expected no call of {function}, and there are {times}"));
        }
    }
    failures
}

/// The status that a client sees.
pub(crate) fn status(outcome: &Outcome) -> Option<u16> {
    match outcome {
        Outcome::Answer { status, .. } => Some(*status),
        Outcome::Refused { code, .. } => Some(code.status()),
        Outcome::Fault(error) => Some(error.code().status()),
        Outcome::Handled | Outcome::NotDelivered(_) => None,
    }
}

fn words(status: Option<u16>) -> String {
    status.map_or_else(|| "none".to_owned(), |status| status.to_string())
}

fn fault(expected: Option<Fault>, outcome: &Outcome, failures: &mut Vec<String>) {
    let found = match outcome {
        Outcome::Fault(error) => Some(error),
        _ => None,
    };
    match (expected, found) {
        (None, None) => {}
        (Some(fault), Some(error)) if error.code() == code(fault) => {}
        (Some(fault), Some(error)) => failures.push(format!(
            "expected the fault {}, and it is another: {}",
            code(fault).as_str(),
            transcript::fault(error)
        )),
        (Some(fault), None) => {
            failures
                .push(format!("expected the fault {}, and there is none", code(fault).as_str()));
        }
        (None, Some(error)) => {
            let mut text = format!("the call failed: {}", transcript::fault(error));
            if let sandbox::CallError::Trapped(fault) = error
                && let Some(backtrace) = fault.backtrace()
            {
                text.push('\n');
                text.push_str(backtrace);
            }
            failures.push(text);
        }
    }
}

fn code(fault: Fault) -> ErrorCode {
    match fault {
        Fault::Trap => ErrorCode::PluginTrapped,
        Fault::Timeout => ErrorCode::PluginTimeout,
        Fault::BadResponse => ErrorCode::PluginBadResponse,
        Fault::ResponseTooLarge => ErrorCode::PluginResponseTooLarge,
    }
}

fn answer(expect: &Expect, outcome: &Outcome, failures: &mut Vec<String>) {
    let asked =
        !(expect.headers.is_empty() && expect.json.is_empty() && expect.body_contains.is_empty());
    let Outcome::Answer { headers, body, .. } = outcome else {
        if asked {
            failures.push("expected an answer of the guest, and there is none".to_owned());
        }
        return;
    };
    for (name, wanted) in &expect.headers {
        let found = headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        match found.map(|(_, value)| value) {
            Some(value) if value == wanted => {}
            Some(value) => failures.push(format!("expected {name}: {wanted}, and it is {value}")),
            None => failures.push(format!("expected the header {name}, and it is absent")),
        }
    }
    let text = String::from_utf8_lossy(body);
    for wanted in &expect.body_contains {
        if !text.contains(wanted) {
            failures.push(format!("expected the body to contain {wanted:?}, and it does not"));
        }
    }
    if expect.json.is_empty() {
        return;
    }
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        failures.push("expected a body of JSON, and it is none".to_owned());
        return;
    };
    for (pointer, wanted) in &expect.json {
        match json.pointer(pointer) {
            Some(value) if value == wanted => {}
            Some(value) => {
                failures.push(format!("expected {wanted} at {pointer}, and it is {value}"));
            }
            None => failures.push(format!("expected {wanted} at {pointer}, and nothing is there")),
        }
    }
}
