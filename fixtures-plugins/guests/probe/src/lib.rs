//! The probe: a plugin that does what the request tells it to.
//!
//! The body of a request is a script, `{"ops": [{"op": "db_query", "sql": "SELECT 1"}, …]}` (every operation
//! is a variant of `script::Op`). The answer says who asked, and what came of each operation:
//!
//! ```json
//! {"method": "POST", "path": "run", "query": {}, "project_id": "", "caller_id": "", "user_id": "",
//!  "caller_role": "", "results": [{"op": "db_query", "result": {…}, "error": null, "untouched": false}]}
//! ```
//!
//! `result` is what the host wrote, `error` the error text it wrote, verbatim; `untouched` says that it wrote
//! nothing at all. A request whose body is no script gets the same answer with no results, which makes routing
//! visible. Operations that end the call, such as `spin` or `respond`, are the last of their script.
//!
//! Events are remembered, and may ask for trouble: see `events`.

mod events;
mod host_calls;
mod misbehave;
mod script;

use hostproof_guest::{Answer, Error, Plugin, Response, export};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use script::{Done, Op, Outcome};

struct Probe;

impl Plugin for Probe {
    fn answer(envelope: Vec<u8>) -> Answer {
        run(&envelope).unwrap_or_else(|error| Answer::Bytes(error.to_response().encode()))
    }

    fn event(topic: &str, payload: &[u8]) -> Result<(), Error> {
        events::event(topic, payload)
    }
}

/// The envelope's fields as the host wrote them: not through the SDK's reading of them.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    method: Option<&'a RawValue>,
    #[serde(borrow)]
    path: Option<&'a RawValue>,
    #[serde(borrow)]
    query: Option<&'a RawValue>,
    #[serde(borrow)]
    project_id: Option<&'a RawValue>,
    #[serde(borrow)]
    caller_id: Option<&'a RawValue>,
    #[serde(borrow)]
    user_id: Option<&'a RawValue>,
    #[serde(borrow)]
    caller_role: Option<&'a RawValue>,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize)]
struct Script {
    ops: Vec<Value>,
}

#[derive(Serialize)]
struct Report<'a> {
    method: Option<&'a RawValue>,
    path: Option<&'a RawValue>,
    query: Option<&'a RawValue>,
    project_id: Option<&'a RawValue>,
    caller_id: Option<&'a RawValue>,
    user_id: Option<&'a RawValue>,
    caller_role: Option<&'a RawValue>,
    results: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    op: Value,
    #[serde(flatten)]
    outcome: Outcome,
}

fn run(bytes: &[u8]) -> Result<Answer, Error> {
    let envelope: Envelope<'_> = serde_json::from_slice(bytes)
        .map_err(|error| Error::bad_request(format!("probe: envelope: {error}")))?;
    let body = script::decode_base64(&envelope.body)
        .map_err(|error| Error::bad_request(format!("probe: envelope: body: {error}")))?;
    let mut results = Vec::new();
    for (index, op) in script_of(&body)?.into_iter().enumerate() {
        let name = op.get("op").cloned().unwrap_or_default();
        let op = Op::deserialize(op)
            .map_err(|error| Error::bad_request(format!("probe: op {index}: {error}")))?;
        match op.run(bytes) {
            Done::Next(outcome) => results.push(Entry { op: name, outcome }),
            Done::Answer(answer) => return Ok(answer),
        }
    }
    let report = Report {
        method: envelope.method,
        path: envelope.path,
        query: envelope.query,
        project_id: envelope.project_id,
        caller_id: envelope.caller_id,
        user_id: envelope.user_id,
        caller_role: envelope.caller_role,
        results,
    };
    Ok(Answer::Bytes(Response::json(200, &report).encode()))
}

/// The operations in a body; none when it is not a JSON object with `ops`. A script that cannot be followed is
/// an error and never an empty script.
fn script_of(body: &[u8]) -> Result<Vec<Value>, Error> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Ok(Vec::new()) };
    if value.get("ops").is_none() {
        return Ok(Vec::new());
    }
    Script::deserialize(value)
        .map(|script| script.ops)
        .map_err(|error| Error::bad_request(format!("probe: script: {error}")))
}

export!(Probe);
