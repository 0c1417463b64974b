//! Watched guests: every host call is told, instructions are counted, the surroundings are the same.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::manifest::Manifest;
use policy::Policy;
use sandbox::watch::{HostCall, Passed, Spent, Surroundings, Watch, WatchedEngine, Witness};
use sandbox::{
    CallError, HttpOutbound, HttpOutboundConfig, LoadRequest, Plugin, SandboxConfig, ServiceError,
};
use serde_json::json;

use crate::guests::{data, handle, module, moody};
use crate::services::MemoryServices;
use crate::world::{call, text};

#[derive(Default)]
struct Notebook {
    calls: Mutex<Vec<HostCall>>,
    spent: Mutex<Vec<Spent>>,
}

impl Witness for Notebook {
    fn host_call(&self, call: HostCall) {
        self.calls.lock().unwrap().push(call);
    }

    fn spent(&self, spent: Spent) {
        self.spent.lock().unwrap().push(spent);
    }
}

struct Watched {
    services: Arc<MemoryServices>,
    notebook: Arc<Notebook>,
    plugin: Plugin,
}

async fn watched(wat: &str, instructions: u64) -> Watched {
    let policy = Arc::new(Policy::default());
    let engine = WatchedEngine::new(SandboxConfig::default(), &policy).unwrap();
    let services = Arc::new(MemoryServices::default());
    let notebook = Arc::new(Notebook::default());
    let outbound = HttpOutbound::new(Arc::clone(&policy), HttpOutboundConfig::default()).unwrap();
    let watch = Watch {
        witness: Arc::clone(&notebook) as _,
        instructions,
        surroundings: Surroundings { now: Duration::from_secs(1_000), seed: 7 },
    };
    let sandbox = engine.sandbox(policy, Arc::clone(&services) as _, Arc::new(outbound), watch);
    let manifest = json!({"id": "com.example.guest", "version": "1.0.0", "permissions": ["a:b"]});
    let request = LoadRequest {
        name: "com.example.guest".parse().unwrap(),
        manifest: Arc::new(Manifest::from_value(manifest).unwrap()),
        wasm: wat::parse_str(wat).unwrap().into(),
    };
    let plugin = sandbox.load(request).await.unwrap();
    Watched { services, notebook, plugin }
}

const PLENTY: u64 = 1_000_000;

fn bytes(text: &str) -> Passed {
    Passed::Bytes(text.as_bytes().to_vec())
}

#[tokio::test]
async fn a_call_is_told_with_what_was_passed_and_what_was_answered() {
    // The out-pointers hold what an earlier call might have left there.
    let guest = module(&format!(
        "{} {}",
        data(1024, "SELECT 1[2]"),
        handle(
            "(i32.store (i32.const 0) (i32.const 77)) (i32.store (i32.const 4) (i32.const 1))
             (call $db_query2 (i64.const 1024) (i64.const 8) (i64.const 1032) (i64.const 3)
               (i64.const 0) (i64.const 4) (i64.const 16) (i64.const 20))
             (call $db_query (i64.const 1024) (i64.const 8) (i64.const 0) (i64.const 0)
               (i64.const 0) (i64.const 4))
             (call $answer (i64.const 0) (i64.const 0))"
        )
    ));
    let watched = watched(&guest, PLENTY).await;
    *watched.services.rows.lock().unwrap() = Some(Ok("{\"rows\":[]}".to_owned()));
    call(&watched.plugin, "").await.unwrap();
    *watched.services.rows.lock().unwrap() =
        Some(Err(ServiceError::new("database_error", "no such table")));
    call(&watched.plugin, "").await.unwrap();

    let calls = watched.notebook.calls.lock().unwrap();
    let functions: Vec<_> = calls.iter().map(|call| call.function).collect();
    assert_eq!(functions[..3], ["db_query2", "db_query", "http_respond"]);
    assert_eq!(
        calls[0],
        HostCall {
            function: "db_query2",
            arguments: vec![("sql", bytes("SELECT 1")), ("params", bytes("[2]"))],
            answers: vec![("result", bytes("{\"rows\":[]}")), ("error", bytes(""))],
            refused: vec![],
            broke_off: None,
        }
    );
    let failed = &calls[3];
    let error = "database_error: no such table";
    assert_eq!(failed.answers, [("result", bytes("")), ("error", bytes(error))]);
    assert_eq!(failed.refused, [error]);
}

#[tokio::test]
async fn a_refusal_is_told_with_its_reason() {
    let guest = module(&format!(
        "{} {}",
        data(1024, "topic{}"),
        handle(
            "(drop (call $event_emit (i64.const 1024) (i64.const 5) (i64.const 1029) (i64.const 2)))
             (drop (call $storage_set (i64.const 1024) (i64.const 5) (i64.const 999999999) (i64.const 2)))
             (call $answer (i64.const 0) (i64.const 0))"
        )
    ));
    let watched = watched(&guest, PLENTY).await;
    call(&watched.plugin, "").await.unwrap();
    let calls = watched.notebook.calls.lock().unwrap();
    assert_eq!(calls[0].answers, [("done", Passed::Number(0))]);
    assert_eq!(calls[0].refused, ["the manifest's permissions lack 'events:emit'"]);
    assert_eq!(calls[1].arguments[1], ("value", Passed::OutOfBounds));
    assert_eq!(calls[1].refused.len(), 1);
    assert!(watched.services.emitted.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_same_call_takes_the_same_instructions() {
    let watched = watched(&moody(), PLENTY).await;
    for _ in 0..3 {
        call(&watched.plugin, "x").await.unwrap();
    }
    let spent = watched.notebook.spent.lock().unwrap();
    assert_eq!(spent.len(), 4, "loading, and three calls");
    assert!(spent[1].instructions > 0);
    assert_eq!(spent[1].memory_bytes, 2 * 65_536);
    assert!(spent[1..].iter().all(|it| it == &spent[1]), "{spent:?}");
}

#[tokio::test]
async fn a_guest_that_spins_is_out_of_instructions_long_before_it_is_out_of_time() {
    let watched = watched(&moody(), PLENTY).await;
    let error = call(&watched.plugin, "s").await.unwrap_err();
    assert!(matches!(error, CallError::TooManyInstructions), "{error}");
    assert_eq!(error.code().as_str(), "PLUGIN_TIMEOUT");
    assert_eq!(watched.notebook.spent.lock().unwrap()[1].instructions, PLENTY);
    // The next call has a new instance, and its own instructions.
    assert_eq!(text(&watched.plugin, "x").await, "1");
}

#[tokio::test]
async fn a_call_that_traps_is_told_too() {
    let watched = watched(&moody(), PLENTY).await;
    let error = call(&watched.plugin, "t").await.unwrap_err();
    assert!(matches!(error, CallError::Trapped(_)), "{error}");
    assert_eq!(watched.notebook.spent.lock().unwrap().len(), 2);
}

/// Answers with 8 bytes of the wall clock, 8 of the monotonic one and 8 random ones, after a sleep.
fn surroundings(sleep: u64) -> String {
    module(&handle(&format!(
        "(i32.store8 (i32.const 264) (i32.const 0))
         (i32.store (i32.const 272) (i32.const 1))
         (i64.store (i32.const 280) (i64.const {sleep}))
         (drop (call $poll_oneoff (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 600)))
         (drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 64)))
         (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 72)))
         (drop (call $random_get (i32.const 80) (i32.const 8)))
         (call $answer (i64.const 64) (i64.const 24))"
    )))
}

async fn seen(sleep: u64) -> Vec<u64> {
    let watched = watched(&surroundings(sleep), PLENTY).await;
    let answer = call(&watched.plugin, "").await.unwrap();
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
    answer.body.chunks(8).map(number).collect()
}

#[tokio::test]
async fn clock_and_randomness_are_the_same_each_time_and_sleeping_takes_no_time() {
    const HOUR: u64 = 3_600_000_000_000;
    let began = std::time::Instant::now();
    let first = seen(HOUR).await;
    assert!(began.elapsed() < Duration::from_mins(10));
    assert_eq!(first[0], 1_000_000_000_000 + HOUR, "the clock it was given, and the sleep");
    assert_eq!(first[1], HOUR + 1_000, "the sleep, and one reading");
    assert_eq!(seen(HOUR).await, first);
    assert_eq!(seen(0).await[2], first[2], "randomness follows from the seed alone");
}
