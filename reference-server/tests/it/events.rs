//! Events on their way to plugins.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Client, Host};

/// Ample for an event that takes milliseconds; a hang is what it ends.
const PATIENCE: Duration = Duration::from_secs(20);

/// The payloads a probe got, once there are `count` of them.
async fn heard(client: &Client, plugin: &str, topic: &str, count: usize) -> Vec<Value> {
    let waiting = async {
        loop {
            let get = json!([{"op": "storage_get", "key": format!("event:{topic}")}]);
            let results = client.run(plugin, get).await;
            let events: Vec<Value> = match results[0]["result"].as_str() {
                Some(text) => serde_json::from_str(text).unwrap(),
                None => Vec::new(),
            };
            if events.len() >= count {
                return events.into_iter().map(|mut event| event["payload"].take()).collect();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the events did not arrive")
}

#[tokio::test]
async fn subscribers_hear_of_tasks_in_order_and_others_do_not() {
    let host = Host::start().await;
    let topics = json!(["task.created", "task.updated", "task.deleted"]);
    host.probe_with("com.example.all", json!({"eventSubscriptions": topics})).await;
    host.probe_with("com.example.deaf", json!({"eventSubscriptions": []})).await;
    let project = host.project().await;
    let admin = host.admin().await;
    let path = format!("/projects/{project}/tasks");
    let mut made = Vec::new();
    for title in ["a", "b", "c"] {
        made.push(admin.post(&path, &json!({"title": title})).await.data(201));
    }
    let one = format!("{path}/{}", made[0]["id"].as_str().unwrap());
    admin.patch(&one, &json!({"title": "z"})).await.data(200);
    admin.delete(&one).await.nothing();

    let created = heard(&admin, "com.example.all", "task.created", 3).await;
    let titles: Vec<_> = created.iter().map(|payload| payload["title"].clone()).collect();
    assert_eq!(titles, ["a", "b", "c"]);
    assert_eq!(created[0]["task_id"], made[0]["id"]);
    assert_eq!(created[0]["project_id"], json!(project));
    assert_eq!(heard(&admin, "com.example.all", "task.updated", 1).await[0]["title"], "z");
    assert_eq!(
        heard(&admin, "com.example.all", "task.deleted", 1).await[0]["task_id"],
        made[0]["id"]
    );
    assert!(heard(&admin, "com.example.deaf", "task.created", 0).await.is_empty());
}

// With threads, as the binary has them, since a guest spins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_slow_subscriber_delays_no_other_and_keeps_its_order() {
    const SLOW: &str = "com.example.slow";
    const FAST: &str = "com.example.fast";
    let host = Host::start_with(&[("PLUGINS_MAX_CALL_DURATION", "3s")]).await;
    let both = json!({"eventSubscriptions": ["test.slow", "test.happened"]});
    host.probe_with(SLOW, both).await;
    host.probe_with(FAST, json!({"eventSubscriptions": ["test.happened"]})).await;
    let outbox = host.app.database.outbox();
    outbox.tell("test.slow", &json!({"probe_spin": true})).await.unwrap();
    outbox.tell("test.happened", &json!({"n": 1})).await.unwrap();

    let client = host.anonymous();
    heard(&client, FAST, "test.happened", 1).await;
    // The slow one is still at its first event, and answers requests all the same.
    assert!(heard(&client, SLOW, "test.happened", 0).await.is_empty());
    heard(&client, SLOW, "test.happened", 1).await;
}

#[tokio::test]
async fn an_event_that_traps_a_guest_is_given_again_and_then_set_aside() {
    let host = Host::start_with(&[("EVENTS_RETRY_PAUSE", "20ms")]).await;
    host.probe_with("com.example.a", json!({"eventSubscriptions": ["test.happened"]})).await;
    let client = host.anonymous();
    let outbox = host.app.database.outbox();
    outbox.tell("test.happened", &json!({"n": 1, "probe_trap": true})).await.unwrap();
    outbox.tell("test.happened", &json!({"n": 2})).await.unwrap();
    // The second waits for the first, which comes five times in all.
    let payloads = heard(&client, "com.example.a", "test.happened", 6).await;
    let numbers: Vec<_> = payloads.iter().map(|payload| payload["n"].clone()).collect();
    assert_eq!(numbers, [1, 1, 1, 1, 1, 2]);
    let ids: std::collections::BTreeSet<_> =
        payloads.iter().map(|payload| payload["event_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2, "an event has the same id each time");
}

#[tokio::test]
async fn events_go_through_valkey_where_there_is_one() {
    let valkey = services::own_valkey().await.unwrap();
    let host = Host::start_with(&[("VALKEY_URL", valkey.url())]).await;
    let ready = host.anonymous().get("/api/readyz").await.json();
    let up = json!({"status": "up"});
    assert_eq!(ready["stores"], json!({"postgres": up, "valkey": up}));
    host.probe_with("com.example.a", json!({"eventSubscriptions": ["task.created"]})).await;
    let project = host.project().await;
    let admin = host.admin().await;
    let path = format!("/projects/{project}/tasks");
    admin.post(&path, &json!({"title": "a"})).await.data(201);
    assert_eq!(heard(&admin, "com.example.a", "task.created", 1).await[0]["title"], "a");
}
