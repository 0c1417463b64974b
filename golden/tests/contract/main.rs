//! Renders the blessed files from the contract and compares them.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod blessed;

use std::collections::{BTreeMap, BTreeSet};

use blessed::Blessed;
use contract::abi::{self, Signature};
use contract::api::{Envelope, ErrorCode};
use contract::envelope::{RequestEnvelope, ResponseEnvelope};
use contract::event::{Emitted, Event};
use contract::fetch::{FetchRequest, FetchResponse};
use contract::manifest::{Manifest, Problem, code};
use contract::name::PluginName;
use serde::Serialize;
use serde_json::{Value, json};

/// How to accept a change, for every failure message.
const REFRESH: &str = "If the change is intended, run `UPDATE_GOLDEN=1 cargo test -p golden --test contract` and \
                       review the difference: plugins in the field were written against these files.";

/// Name under which every specimen is installed; `name_mismatch` bears another id.
const INSTALLED_NAME: &str = "com.example.specimen";

/// Folders in which every file is accounted for.
const FOLDERS: [&str; 3] = ["abi", "http", "manifest"];

#[test]
fn blessed_files_say_what_the_code_does() {
    let mut blessed = Blessed::from_env(concat!(env!("CARGO_MANIFEST_DIR"), "/contract"));
    functions(&mut blessed);
    requests(&mut blessed);
    responses(&mut blessed);
    messages(&mut blessed);
    manifests(&mut blessed);
    error_codes(&mut blessed);
    let mismatches = blessed.finish(&FOLDERS).unwrap();
    let list: Vec<_> =
        mismatches.iter().map(|mismatch| format!("  golden/contract/{mismatch}")).collect();
    assert!(list.is_empty(), "blessed files differ:\n{}\n{REFRESH}", list.join("\n"));
}

/// Indented, with sorted keys: `serde_json` keeps or sorts them depending on what else is compiled.
fn pretty(value: impl Serialize) -> String {
    let mut value = serde_json::to_value(value).unwrap();
    value.sort_all_objects();
    serde_json::to_string_pretty(&value).unwrap()
}

/// Every function of the guest ABI with its exact type.
fn functions(blessed: &mut Blessed) {
    let texts = |signatures: &[Signature]| -> Vec<String> {
        signatures.iter().map(ToString::to_string).collect()
    };
    let imports: BTreeMap<_, _> = abi::HOST_FUNCTIONS
        .iter()
        .map(|function| (function.name, function.signature.to_string()))
        .collect();
    let exports: BTreeMap<_, _> =
        abi::GUEST_EXPORTS.iter().map(|export| (export.name, texts(export.signatures))).collect();
    let document = json!({
        "module": abi::MODULE,
        "memory": abi::MEMORY,
        "allocators": abi::ALLOCATORS,
        "host_functions": imports,
        "guest_exports": exports,
        "packed_result": {"pointer": 1, "length": 2, "packed": abi::pack(1, 2)},
    });
    blessed.check("abi/functions.json", &pretty(document)).unwrap();
}

/// What a guest reads for a request.
fn requests(blessed: &mut Blessed) {
    let texts = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    };
    let anonymous =
        RequestEnvelope { method: "GET".into(), path: "/".into(), ..RequestEnvelope::default() };
    let member = RequestEnvelope {
        method: "POST".into(),
        path: "projects/0b5c0f1e-7a1d-4a4e-9b3e-2f6f3a0c9d10/items/gr%C3%BCn".into(),
        query: texts(&[("page", "2"), ("q", "a b&c")]),
        project_id: "0b5c0f1e-7a1d-4a4e-9b3e-2f6f3a0c9d10".into(),
        caller_id: "5d0ad4a3-0c43-4d51-9a0c-0a4f5f1f8a11".into(),
        user_id: "e6f7c1d2-93b4-4c55-8d66-77e888f99a12".into(),
        caller_role: "USER".into(),
        headers: texts(&[("Accept", "*/*"), ("Content-Type", "application/json")]),
        body: br#"{"title":"gr\u00fcn"}"#.to_vec(),
    };
    for (name, envelope) in [("anonymous", anonymous), ("member", member)] {
        let text: Value = serde_json::from_slice(&envelope.encode()).unwrap();
        blessed.check(format!("abi/request/{name}.json"), &pretty(text)).unwrap();
    }
}

/// Answers of guests, and how each is read.
fn responses(blessed: &mut Blessed) {
    for name in specimens(blessed, "abi/response", ".read.json") {
        let answer = blessed.input(format!("abi/response/{name}.json")).unwrap();
        // An editor ends files with a line break; the empty answer has none to spare.
        let read = match ResponseEnvelope::decode(answer.trim_ascii_end()) {
            Ok(response) => json!({
                "status": response.status,
                "headers": response.headers,
                "body": String::from_utf8_lossy(&response.body),
            }),
            Err(refused) => json!({"refused": refused.to_string()}),
        };
        blessed.check(format!("abi/response/{name}.read.json"), &pretty(read)).unwrap();
    }
}

/// The smaller messages between host, guest and listeners.
fn messages(blessed: &mut Blessed) {
    let headers = BTreeMap::from([("content-type".to_owned(), "text/plain".to_owned())]);
    let request = FetchRequest {
        method: "POST".into(),
        url: "https://api.example.com/v1".into(),
        headers: headers.clone(),
        body: "hello".into(),
        body_base64: false,
    };
    let event = Event { topic: "task.deleted".into(), payload: json!({"task_id": "t", "n": 1}) };
    let documents = [
        ("fetch_request", json!(request)),
        ("fetch_text", json!(FetchResponse::received(200, headers.clone(), "grün".into()))),
        ("fetch_bytes", json!(FetchResponse::received(200, headers, vec![0, 255]))),
        (
            "fetch_refused",
            json!(FetchResponse::failed(
                "domain_not_allowed",
                "'example.org' is not among the plugin's allowedOutboundDomains"
            )),
        ),
        ("event", json!(event)),
        ("emitted", json!(Emitted::new("items.done", "com.example.items", r#"{"n":1}"#))),
    ];
    for (name, document) in documents {
        blessed.check(format!("abi/messages/{name}.json"), &pretty(document)).unwrap();
    }
}

/// Invalid manifests, and every problem each has.
fn manifests(blessed: &mut Blessed) {
    let installed = PluginName::parse(INSTALLED_NAME).unwrap();
    let mut shown = BTreeSet::new();
    for name in specimens(blessed, "manifest", ".diagnostics.json") {
        let bytes = blessed.input(format!("manifest/{name}.json")).unwrap();
        let problems: Vec<Problem> = match Manifest::parse(&bytes) {
            Ok(manifest) => manifest.check_name(&installed).err().into_iter().collect(),
            Err(problems) => problems.0,
        };
        assert!(!problems.is_empty(), "contract/manifest/{name}.json has no problem");
        shown.extend(problems.iter().map(|problem| problem.code));
        let document = json!({"problems": problems});
        blessed.check(format!("manifest/{name}.diagnostics.json"), &pretty(document)).unwrap();
    }
    let missing: Vec<_> = code::ALL.iter().filter(|code| !shown.contains(*code)).collect();
    assert!(missing.is_empty(), "no manifest in contract/manifest shows {missing:?}");
}

/// The whole table of error codes, and the envelope around one.
fn error_codes(blessed: &mut Blessed) {
    let table: Vec<_> = ErrorCode::ALL
        .iter()
        .map(|code| json!({"code": code, "status": code.status(), "meaning": code.meaning()}))
        .collect();
    blessed.check("http/error_codes.json", &pretty(table)).unwrap();
    let details =
        json!({"problems": [Problem::new("/id", code::MISSING_FIELD, "'id' is required")]});
    let refusal = Envelope::error(
        ErrorCode::PluginManifestInvalid,
        "the manifest has a problem",
        Some(details),
        Some("0b5c0f1e".into()),
    );
    blessed.check("http/error_envelope.json", &pretty(refusal)).unwrap();
    let answer = Envelope::ok(json!({"plugins": []}), Some("0b5c0f1e".into()));
    blessed.check("http/success_envelope.json", &pretty(answer)).unwrap();
}

/// Names of the inputs in a folder: `x` for `x.json` unless the file is rendered.
fn specimens(blessed: &Blessed, folder: &str, rendered: &str) -> Vec<String> {
    let files = blessed.list(folder, |name| !name.ends_with(rendered)).unwrap();
    files.iter().map(|name| name.strip_suffix(".json").unwrap().to_owned()).collect()
}
