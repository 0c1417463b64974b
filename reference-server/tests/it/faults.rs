//! Stores that go away, hang, and come back, under a host that stays.
//!
//! Each test owns the server it takes away. The host's bounds are short so that the tests are; the
//! tests' own patience is many times that, so that a slow machine is no failure. Nothing waits for a
//! time to pass: every change is waited for until it shows.

mod postgres;
mod under_load;
mod valkey;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Client, Host};

/// The host's bounds in these tests.
const BOUNDS: &[(&str, &str)] = &[
    ("DATABASE_ACQUIRE_TIMEOUT", "1s"),
    ("DATABASE_STATEMENT_TIMEOUT", "2s"),
    ("READINESS_TIMEOUT", "1s"),
    // Far beyond the others: what a guest waits for must end before its call does.
    ("PLUGINS_MAX_CALL_DURATION", "60s"),
];

/// Beyond this, a request hangs. The host's own bounds add up to a few seconds.
const HANGS: Duration = Duration::from_secs(30);

const PROBE: &str = "com.example.probe";

/// Runs a request that must not hang.
async fn soon<T>(request: impl Future<Output = T>) -> T {
    tokio::time::timeout(HANGS, request).await.expect("the request hangs")
}

/// Waits until a condition holds.
async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < Duration::from_mins(2), "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What `/api/readyz` says of the stores, and whether it is 200.
async fn readiness(host: &Host) -> (bool, Value) {
    let answer = soon(host.anonymous().get("/api/readyz")).await;
    assert!(matches!(answer.status.as_u16(), 200 | 503), "{}", answer.status);
    let body = answer.json();
    let all_up = body["stores"].as_object().unwrap().values().all(|s| s["status"] == "up");
    assert_eq!(all_up, answer.status == 200, "{body}");
    assert_eq!(body["status"], if all_up { "ok" } else { "unavailable" }, "{body}");
    (all_up, body["stores"].clone())
}

/// Waits until the host says that it is ready.
async fn ready_again(host: &Host) {
    until("the host is ready", async || readiness(host).await.0).await;
}

/// What needs no store is served, whatever is down.
async fn serves_what_needs_no_store(host: &Host) {
    let client = host.anonymous();
    assert_eq!(soon(client.get("/api/healthz")).await.status, 200);
    let results = soon(client.run(PROBE, json!([{"op": "memory_pages"}]))).await;
    assert!(results[0]["result"].is_number(), "{results}");
    soon(client.get("/api/v1/nothing")).await.refused("NOT_FOUND");
}

/// Has the probe store and read back, in the table of its key-value store.
async fn stores(client: &Client, value: &str) {
    let sql = "INSERT INTO plugin_kv (key, value) VALUES ('k', $1)
               ON CONFLICT (key) DO UPDATE SET value = excluded.value RETURNING value";
    let operations = json!([
        {"op": "db_query2", "sql": sql, "params": [value]},
        {"op": "storage_get", "key": "k"},
    ]);
    let results = soon(client.run(PROBE, operations)).await;
    assert_eq!(results[0]["result"]["rows"], json!([[value]]), "{results}");
    assert_eq!(results[1]["result"], value, "{results}");
}
