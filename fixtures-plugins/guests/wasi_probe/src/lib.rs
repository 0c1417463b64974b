//! The probe of the system interface: a guest for wasm32-wasip1 that asks for what the request names.
//!
//! The body of a request is a script, `{"ops": [{"op": "random", "bytes": 16}, …]}` (every operation is a variant
//! of `script::Op`), and the answer `{"results": [{"op": "random", "result": "5f…", "error": null}]}`. An `error`
//! is what the standard library, or the system interface itself, said. Operations that end the call, such as
//! `exit`, are the last of their script.

mod clocks;
mod descriptors;
mod script;
#[expect(unsafe_code, reason = "the system interface is foreign functions")]
mod sys;

use hostproof_guest::{Error, Plugin, Request, Response, Route, export};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use script::{Op, Outcome};

struct WasiProbe;

impl Plugin for WasiProbe {
    const ROUTES: &[Route] = &[Route::post("/run", run)];
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    ops: Vec<Value>,
}

#[derive(Serialize)]
struct Entry {
    op: Value,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
struct Report {
    results: Vec<Entry>,
}

fn run(request: &Request) -> Result<Response, Error> {
    let refused = |error: serde_json::Error| Error::bad_request(format!("wasi_probe: {error}"));
    let script: Script = serde_json::from_slice(&request.body).map_err(refused)?;
    let mut results = Vec::new();
    for op in script.ops {
        let name = op.get("op").cloned().unwrap_or_default();
        let outcome = Op::deserialize(op).map_err(refused)?.run();
        results.push(Entry { op: name, outcome });
    }
    Ok(Response::json(200, &Report { results }))
}

export!(WasiProbe);
