//! Events across the end of the host: told to stop, killed, and started again.

use fixtures_plugins::PROBE;
use serde_json::{Value, json};
use services::TestDatabase;
use tempfile::TempDir;
use tokio::{process::Child, time::timeout};

use crate::{
    binary::{PATIENCE, admin, signal, spawn_with},
    support::{Client, http_client, place, test_database},
};

const PLUGIN: &str = "com.example.probe";

/// Short enough for a test, long enough for a handler that spins to be seen spinning.
const CALL: (&str, &str) = ("PLUGINS_MAX_CALL_DURATION", "2s");

struct World {
    database: TestDatabase,
    folder: TempDir,
    /// Absent: the in-process bus.
    valkey: Option<services::OwnServer>,
}

impl World {
    async fn new(valkey: bool) -> Self {
        let valkey = if valkey { Some(services::own_valkey().await.unwrap()) } else { None };
        Self { database: test_database().await, folder: tempfile::tempdir().unwrap(), valkey }
    }

    async fn start(&self) -> (Child, Client) {
        let mut extra = vec![CALL, ("EVENTS_RETRY_PAUSE", "50ms")];
        extra.extend(self.valkey.iter().map(|valkey| ("VALKEY_URL", valkey.url())));
        let (child, url) = spawn_with(&self.database, &self.folder, &extra).await;
        (child, Client::new(http_client(), &url, Vec::new()))
    }

    /// Starts the host for the first time, with a probe that hears of tasks; also a project.
    async fn first_start(&self) -> (Child, Client, String) {
        let (child, client) = self.start().await;
        place(&self.folder, PLUGIN, &PROBE);
        let manifest = json!({
            "id": PLUGIN, "displayName": "Probe", "version": "1.0.0", "permissions": ["events:emit"],
            "backend": {
                "routes": [{"method": "POST", "path": "/run", "middlewares": []}],
                "eventSubscriptions": ["task.created", "test.happened"],
            },
        });
        let body =
            json!({"name": PLUGIN, "version": "1.0.0", "manifest": manifest, "enabled": true});
        let admin = admin(client.base_url()).await;
        admin.post("/admin/plugins", &body).await.data(201);
        let project = admin.post("/projects", &json!({"name": "Apollo"})).await.data(201);
        let tasks = format!("/projects/{}/tasks", project["id"].as_str().unwrap());
        (child, client, tasks)
    }

    /// Writes an event as a change of the core would.
    async fn tell(&self, payload: &Value) {
        let config = storage::DatabaseConfig::new(self.database.url(), crate::support::JWT_SECRET);
        let database =
            storage::Database::connect(&config, std::sync::Arc::default()).await.unwrap();
        database.outbox().tell("test.happened", payload).await.unwrap();
        database.close().await;
    }
}

/// The payloads the probe got of a topic, once there are `count` of them.
async fn heard(client: &Client, topic: &str, count: usize) -> Vec<Value> {
    let waiting = async {
        loop {
            let mut results = client.run(PLUGIN, json!([{"op": "heard", "topic": topic}])).await;
            let Value::Array(payloads) = results[0]["result"].take() else { panic!("{results}") };
            if payloads.len() >= count {
                return payloads;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("the events did not arrive")
}

fn times(payloads: &[Value], n: u64) -> usize {
    payloads.iter().filter(|payload| payload["n"] == n).count()
}

/// Killed while a handler runs and others wait: all of them arrive after the next start, in order.
async fn killed_while_events_are_handled(valkey: bool) {
    let world = World::new(valkey).await;
    let (mut child, client, tasks) = world.first_start().await;
    world.tell(&json!({"n": 1, "probe_spin": true})).await;
    heard(&client, "test.happened", 1).await;
    let admin = admin(client.base_url()).await;
    for title in ["a", "b", "c"] {
        admin.post(&tasks, &json!({"title": title})).await.data(201);
    }
    // SIGKILL: nothing is written on the way out.
    child.kill().await.unwrap();

    let (_child, client) = world.start().await;
    let created = heard(&client, "task.created", 3).await;
    let titles: Vec<_> = created.iter().map(|payload| payload["title"].clone()).collect();
    assert_eq!(titles, ["a", "b", "c"]);
    let spinning = heard(&client, "test.happened", 5).await;
    assert!(spinning.iter().all(|payload| payload["event_id"] == spinning[0]["event_id"]));
    // With Valkey the first one counts though the host did not live to see its end.
    if valkey {
        assert_eq!(times(&spinning, 1), 5);
    }
}

#[tokio::test]
async fn a_host_killed_while_it_handles_events_handles_them_after_its_next_start() {
    killed_while_events_are_handled(true).await;
}

#[tokio::test]
async fn so_does_one_without_valkey() {
    killed_while_events_are_handled(false).await;
}

/// Told to stop while a handler runs: it may finish, and is not called again for it.
async fn stopped_while_an_event_is_handled(valkey: bool) {
    let world = World::new(valkey).await;
    let (mut child, client, tasks) = world.first_start().await;
    world.tell(&json!({"n": 1, "probe_spin": true})).await;
    heard(&client, "test.happened", 1).await;
    let admin = admin(client.base_url()).await;
    admin.post(&tasks, &json!({"title": "waits"})).await.data(201);
    signal(&child, "TERM").await;
    let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");

    let (_child, client) = world.start().await;
    assert_eq!(heard(&client, "task.created", 1).await[0]["title"], "waits");
}

#[tokio::test]
async fn a_host_told_to_stop_finishes_its_handlers_and_keeps_the_rest() {
    stopped_while_an_event_is_handled(true).await;
}

#[tokio::test]
async fn without_valkey_as_well() {
    stopped_while_an_event_is_handled(false).await;
}

#[tokio::test]
async fn a_change_whose_event_was_not_published_yet_is_told_after_the_next_start() {
    let world = World::new(true).await;
    let (mut child, _client, _tasks) = world.first_start().await;
    child.kill().await.unwrap();
    // The change is there, and no host is.
    world.tell(&json!({"n": 7})).await;
    let (_child, client) = world.start().await;
    assert_eq!(heard(&client, "test.happened", 1).await[0]["n"], 7);
}
