//! From a change in the database to the bus: nothing is lost, and what belongs together stays in
//! order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use contract::event::Event;
use contract::name::PluginName;
use serde_json::{Value, json};
use sqlx::Row as _;
use storage::events::{Custody, EventBus, EventHandler, InProcessBus, relay};
use storage::tasks::{NewTask, TaskChange};
use storage::{Database, StorageError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::support::{PATIENCE, Running, quick};
use crate::support::Host;

/// Takes what it is given, or refuses it as a store that is away.
#[derive(Debug, Default)]
struct Collector {
    events: Mutex<Vec<Event>>,
    away: Mutex<bool>,
    changed: Notify,
}

#[async_trait]
impl EventBus for Collector {
    async fn publish_core(&self, event: &Event) -> Result<Custody, StorageError> {
        self.changed.notify_waiters();
        if *self.away.lock().unwrap() {
            let error = std::io::Error::other("as told").into();
            return Err(StorageError::EventStoreUnavailable(error));
        }
        self.events.lock().unwrap().push(event.clone());
        Ok(Custody::Taken)
    }

    async fn emit(&self, _: &PluginName, _: &str, _: &str) -> Result<(), StorageError> {
        Ok(())
    }

    async fn run_consumer(&self, _: Arc<dyn EventHandler>, _: CancellationToken) {}

    async fn ping(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

impl Collector {
    async fn until(&self, count: usize) -> Vec<Event> {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                let events = self.events.lock().unwrap().clone();
                if events.len() >= count {
                    return events;
                }
                // It may also be between the call and the event.
                let _ = tokio::time::timeout(Duration::from_millis(20), changed).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("the events did not come")
    }
}

struct Relaying {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Relaying {
    fn start(database: &Database, bus: Arc<dyn EventBus>) -> Self {
        let (database, stop) = (database.clone(), CancellationToken::new());
        let token = stop.clone();
        let task = tokio::spawn(async move { relay(&database, bus, 100, token).await });
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

async fn waiting(host: &Host) -> i64 {
    let mut superuser = host.superuser().await;
    sqlx::query("SELECT count(*) FROM event_outbox").fetch_one(&mut superuser).await.unwrap().get(0)
}

async fn until_empty(host: &Host) {
    let emptied = async {
        while waiting(host).await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, emptied).await.expect("the outbox is not emptied");
}

#[tokio::test]
async fn every_change_tells_its_event_once_and_a_refused_one_none() {
    let host = Host::start().await;
    let (tasks, users) = (host.database.tasks(), host.database.users());
    let owner = host.user("ada").await;
    let project = host.project(&owner).await;
    let task = NewTask { title: "a", ..NewTask::default() };
    let made = tasks.create(project.id, task.clone(), owner.id).await.unwrap().unwrap();
    let change = TaskChange { title: Some("b"), ..TaskChange::default() };
    tasks.update(project.id, made.id, change.clone(), owner.id).await.unwrap().unwrap();
    tasks.delete(project.id, made.id, owner.id).await.unwrap().unwrap();
    users.reset_password(owner.id, "$a-hash", owner.id).await.unwrap();
    users.delete(owner.id, owner.id).await.unwrap();
    // None of these changes anything.
    let nobody = Uuid::new_v4();
    assert!(tasks.create(nobody, task, owner.id).await.unwrap().is_none());
    assert!(tasks.update(project.id, made.id, change, owner.id).await.unwrap().is_none());
    assert!(tasks.delete(project.id, made.id, owner.id).await.unwrap().is_none());
    assert!(!users.delete(nobody, owner.id).await.unwrap());
    assert!(!users.reset_password(nobody, "$a-hash", owner.id).await.unwrap());

    let bus = Arc::new(Collector::default());
    let relaying = Relaying::start(&host.database, Arc::clone(&bus) as Arc<dyn EventBus>);
    let events = bus.until(6).await;
    until_empty(&host).await;
    relaying.stop().await;
    let topics: Vec<_> = events.iter().map(|event| event.topic.as_str()).collect();
    let expected = [
        "user.created",
        "task.created",
        "task.updated",
        "task.deleted",
        "user.password_reset",
        "user.deleted",
    ];
    assert_eq!(topics, expected);
    let ids: std::collections::BTreeSet<&str> =
        events.iter().map(|event| event.payload["event_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 6, "every event has an id of its own");
    assert_eq!(events[2].payload["title"], "b");
    assert_eq!(events[2].payload["task_id"], json!(made.id));
    assert!(!events.iter().any(|event| event.payload.to_string().contains("hash")));
    assert_eq!(bus.events.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn a_bus_that_is_away_delays_events_and_keeps_their_order() {
    let host = Host::start().await;
    let bus = Arc::new(Collector::default());
    *bus.away.lock().unwrap() = true;
    let relaying = Relaying::start(&host.database, Arc::clone(&bus) as Arc<dyn EventBus>);
    for n in 0..3 {
        let asked = bus.changed.notified();
        host.database.outbox().tell("told", &json!({"n": n})).await.unwrap();
        // The relay has tried, and is none the wiser.
        tokio::time::timeout(PATIENCE, asked).await.unwrap();
    }
    assert_eq!(waiting(&host).await, 3);
    *bus.away.lock().unwrap() = false;
    let numbers: Vec<Value> =
        bus.until(3).await.iter().map(|event| event.payload["n"].clone()).collect();
    assert_eq!(numbers, [0, 1, 2]);
    until_empty(&host).await;
    relaying.stop().await;
}

#[tokio::test]
async fn one_relay_at_a_time_and_the_next_takes_over() {
    let host = Host::start().await;
    let (first, second) = (Arc::new(Collector::default()), Arc::new(Collector::default()));
    let leading = Relaying::start(&host.database, Arc::clone(&first) as Arc<dyn EventBus>);
    host.database.outbox().tell("told", &json!({"n": 0})).await.unwrap();
    first.until(1).await;
    let other = Database::connect(
        &storage::DatabaseConfig::new(host.copy.url(), "a secret"),
        Arc::default(),
    )
    .await
    .unwrap();
    let waiting = Relaying::start(&other, Arc::clone(&second) as Arc<dyn EventBus>);
    for n in 1..5 {
        // Whoever wrote it: the leader takes it.
        other.outbox().tell("told", &json!({"n": n})).await.unwrap();
        first.until(n + 1).await;
    }
    assert!(second.events.lock().unwrap().is_empty());
    // As a killed process ends: its session with it.
    leading.task.abort();
    let _ = leading.task.await;
    host.database.outbox().tell("told", &json!({"n": 5})).await.unwrap();
    second.until(1).await;
    until_empty(&host).await;
    waiting.stop().await;
    other.close().await;
}

#[tokio::test]
async fn without_a_store_events_stay_in_the_outbox_until_they_are_handled() {
    let host = Host::start().await;
    let bus: Arc<dyn EventBus> = Arc::new(InProcessBus::new(&quick()));
    let relaying = Relaying::start(&host.database, Arc::clone(&bus));
    let running = Running::start(&bus);
    let outbox = host.database.outbox();
    outbox.tell("told", &json!({"a": "wait"})).await.unwrap();
    outbox.tell("behind", &json!({})).await.unwrap();
    running.recorder.until("a", "told", 1).await;
    running.recorder.until("b", "behind", 1).await;
    assert_eq!(waiting(&host).await, 2);
    // The process ends, and with it everything but the database.
    running.kill().await;
    relaying.task.abort();
    let _ = relaying.task.await;
    assert_eq!(waiting(&host).await, 2);

    let bus: Arc<dyn EventBus> = Arc::new(InProcessBus::new(&quick()));
    let relaying = Relaying::start(&host.database, Arc::clone(&bus));
    let running = Running::start(&bus);
    running.recorder.until("a", "told", 1).await;
    let given = running.recorder.of("a", "told");
    assert!(given[0].payload["event_id"].is_string());
    running.recorder.go_on.notify_one();
    running.recorder.until("a", "behind", 1).await;
    until_empty(&host).await;
    running.stop().await;
    relaying.stop().await;
}

#[tokio::test]
async fn no_plugin_reads_the_outbox() {
    let host = Host::start().await;
    let plugin = host.plugin("com.example.a", &["db.read"]).await;
    let refused = plugin.query("SELECT * FROM event_outbox", "[]").await.unwrap_err();
    assert_eq!(refused.code, "permission_denied");
}
