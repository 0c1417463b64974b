//! Events: remembered in the key-value store, and done to as their payload asks.
//!
//! Each is appended as `{"topic", "payload"}` to the JSON array under the key `event:<topic>`. A payload with
//! `"probe_trap": true` then traps, one with `"probe_trap_times": n` does so the first n times it comes, one with
//! `"probe_spin": true` never returns.

use hostproof_guest::{Error, kv};
use serde_json::{Map, Value, json};

use crate::misbehave;
use crate::script::Outcome;

pub(crate) fn event(topic: &str, payload: &[u8]) -> Result<(), Error> {
    let payload: Value = serde_json::from_slice(payload)
        .map_err(|error| Error::bad_request(format!("the payload is not JSON: {error}")))?;
    let mut seen = seen(topic)?;
    seen.push(json!({ "topic": topic, "payload": &payload }));
    kv::set_json(&key(topic), &seen)?;
    let asked_to = |what: &str| payload.get(what) == Some(&Value::Bool(true));
    let times = payload.get("probe_trap_times").and_then(Value::as_u64).unwrap_or(0);
    let came = seen.iter().filter(|event| event["payload"] == payload).count() as u64;
    if asked_to("probe_trap") || came <= times {
        misbehave::trap();
    }
    if asked_to("probe_spin") {
        misbehave::spin();
    }
    Ok(())
}

/// The payloads of a topic's events so far that have these members.
pub(crate) fn heard(topic: &str, with: &Map<String, Value>) -> Outcome {
    let fits = |payload: &&Value| with.iter().all(|(name, value)| payload.get(name) == Some(value));
    match seen(topic) {
        Ok(events) => Outcome::value(
            events.iter().map(|event| &event["payload"]).filter(fits).collect::<Vec<_>>(),
        ),
        Err(error) => Outcome::error(format!("probe: {error}")),
    }
}

fn seen(topic: &str) -> Result<Vec<Value>, Error> {
    Ok(kv::get_json(&key(topic))?.unwrap_or_default())
}

fn key(topic: &str) -> String {
    format!("event:{topic}")
}
