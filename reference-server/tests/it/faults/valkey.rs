//! Valkey goes away, or hangs.

use serde_json::{Value, json};

use super::{BOUNDS, PROBE, readiness, ready_again, serves_what_needs_no_store, soon, until};
use crate::support::{Client, Host};

async fn emit(host: &Host) -> Value {
    let operations = json!([{"op": "event_emit", "topic": "probe.said", "payload": {"n": 1}}]);
    soon(host.anonymous().run(PROBE, operations)).await[0]["result"].clone()
}

async fn task(admin: &Client, project: &str, title: &str) {
    let path = format!("/projects/{project}/tasks");
    soon(admin.post(&path, &json!({"title": title}))).await.data(201);
}

/// Waits until the probe has heard of a task.
async fn heard(host: &Host, title: &str) {
    let get = json!([{"op": "storage_get", "key": "event:task.created"}]);
    until(&format!("the plugin hears of {title}"), async || {
        let results = soon(host.anonymous().run(PROBE, get.clone())).await;
        results[0]["result"].as_str().is_some_and(|events| events.contains(title))
    })
    .await;
}

async fn does_without(host: &Host, admin: &Client, project: &str) {
    let (ready, stores) = readiness(host).await;
    assert!(!ready);
    let expected = json!({"postgres": {"status": "up"}, "valkey": {"status": "down"}});
    assert_eq!(stores, expected);
    serves_what_needs_no_store(host).await;
    // The guest learns that nobody was told.
    assert_eq!(emit(host).await, 0);
    // What was asked for is done; that plugins hear of it has to wait.
    task(admin, project, "while it is away").await;
    soon(admin.get("/projects")).await.data(200);
}

async fn goes_on(host: &Host, admin: &Client, project: &str, title: &str) {
    ready_again(host).await;
    until("events are published", async || emit(host).await == 1).await;
    task(admin, project, title).await;
    heard(host, title).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_outlives_a_crash_and_a_hang_of_its_event_store() {
    let valkey = services::own_valkey().await.unwrap();
    let mut settings = BOUNDS.to_vec();
    settings.push(("VALKEY_URL", valkey.url()));
    let host = Host::start_with(&settings).await;
    host.probe_with(PROBE, json!({"eventSubscriptions": ["task.created"]})).await;
    let admin = host.admin().await;
    let project = host.project().await;
    goes_on(&host, &admin, &project, "before").await;

    valkey.stop().await.unwrap();
    does_without(&host, &admin, &project).await;
    valkey.start().await.unwrap();
    goes_on(&host, &admin, &project, "after the crash").await;

    valkey.pause().await.unwrap();
    does_without(&host, &admin, &project).await;
    valkey.resume().await.unwrap();
    goes_on(&host, &admin, &project, "after the hang").await;
}
