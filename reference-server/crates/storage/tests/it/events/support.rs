//! Subscribers that do as the payload says, and remember everything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use contract::event::Event;
use policy::Policy;
use serde_json::Value;
use storage::events::{EventBus, EventHandler, NotDelivered};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Ample for what takes milliseconds; a hang is what it ends.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The specification, in a hurry.
pub(crate) fn quick() -> Policy {
    let mut policy = Policy::default();
    policy.events.first_pause = Duration::from_millis(10);
    policy
}

/// One delivery, as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) subscriber: String,
    pub(crate) topic: String,
    pub(crate) payload: Value,
    pub(crate) at: Instant,
}

/// The subscribers `a` and `b` of every topic. A payload's member of a subscriber's name says what
/// it does: `{"a": "hang"}` never returns, `{"a": 2}` fails twice, `{"a": "refuse"}` refuses.
#[derive(Default)]
pub(crate) struct Recorder {
    seen: Mutex<Vec<Seen>>,
    changed: Notify,
    /// Subscribers that are not there.
    pub(crate) gone: Mutex<Vec<String>>,
    missed: Mutex<BTreeMap<String, usize>>,
    /// Lets one go on that waits.
    pub(crate) go_on: Notify,
}

#[async_trait]
impl EventHandler for Recorder {
    fn subscribers(&self, topic: &str) -> Vec<String> {
        if topic == "nobody" { Vec::new() } else { vec!["a".to_owned(), "b".to_owned()] }
    }

    async fn deliver(&self, subscriber: &str, event: &Arc<Event>) -> Result<(), NotDelivered> {
        if self.gone.lock().unwrap().iter().any(|gone| gone == subscriber) {
            *self.missed.lock().unwrap().entry(subscriber.to_owned()).or_default() += 1;
            self.changed.notify_waiters();
            return Err(NotDelivered::Gone);
        }
        let attempt = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(Seen {
                subscriber: subscriber.to_owned(),
                topic: event.topic.clone(),
                payload: event.payload.clone(),
                at: Instant::now(),
            });
            let same = |one: &&Seen| {
                one.subscriber == subscriber
                    && one.topic == event.topic
                    && one.payload == event.payload
            };
            seen.iter().filter(same).count() as u64
        };
        self.changed.notify_waiters();
        match &event.payload[subscriber] {
            Value::String(what) if what == "hang" => std::future::pending().await,
            Value::String(what) if what == "panic" => panic!("as told"),
            Value::String(what) if what == "wait" => {
                self.go_on.notified().await;
                Ok(())
            }
            Value::String(what) if what == "wait and fail" => {
                self.go_on.notified().await;
                Err(NotDelivered::Failed("as told".to_owned()))
            }
            Value::String(_) => Err(NotDelivered::Refused("as told".to_owned())),
            Value::Number(times) if attempt <= times.as_u64().unwrap() => {
                Err(NotDelivered::Failed("as told".to_owned()))
            }
            _ => Ok(()),
        }
    }
}

impl Recorder {
    pub(crate) fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Deliveries of a topic to a subscriber.
    pub(crate) fn of(&self, subscriber: &str, topic: &str) -> Vec<Seen> {
        let mut seen = self.all();
        seen.retain(|one| one.subscriber == subscriber && one.topic == topic);
        seen
    }

    /// How often each topic came to a subscriber.
    pub(crate) fn counts(&self, subscriber: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for one in self.all().iter().filter(|one| one.subscriber == subscriber) {
            *counts.entry(one.topic.clone()).or_default() += 1;
        }
        counts
    }

    /// Waits until so many deliveries found that the subscriber is not there.
    pub(crate) async fn until_gone(&self, subscriber: &str, count: usize) {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                if self.missed.lock().unwrap().get(subscriber).is_some_and(|n| *n >= count) {
                    break;
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.expect("it was asked too seldom");
    }

    pub(crate) async fn until(&self, subscriber: &str, topic: &str, count: usize) {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                if self.of(subscriber, topic).len() >= count {
                    break;
                }
                changed.await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(
            waited.is_ok(),
            "{subscriber} has not seen {topic} {count} times: {:?}",
            self.all()
        );
    }
}

/// A consumer on a bus, as one process has it.
pub(crate) struct Running {
    pub(crate) recorder: Arc<Recorder>,
    shutdown: CancellationToken,
    pub(crate) task: tokio::task::JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(bus: &Arc<dyn EventBus>) -> Self {
        Self::with(bus, Arc::default())
    }

    pub(crate) fn with(bus: &Arc<dyn EventBus>, recorder: Arc<Recorder>) -> Self {
        let shutdown = CancellationToken::new();
        let (bus, handler, token) = (Arc::clone(bus), Arc::clone(&recorder), shutdown.clone());
        let task = tokio::spawn(async move { bus.run_consumer(handler, token).await });
        Self { recorder, shutdown, task }
    }

    /// Stops in order: what runs is finished.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.expect("it does not stop").unwrap();
    }

    /// Asks to stop, without waiting.
    pub(crate) fn begin_to_stop(&self) {
        self.shutdown.cancel();
    }

    /// Ends it wherever it is, as a killed process ends.
    pub(crate) async fn kill(self) {
        self.task.abort();
        // Everything it started is gone by then.
        let _ = self.task.await;
    }
}

pub(crate) fn event(topic: &str, payload: Value) -> Event {
    Event { topic: topic.to_owned(), payload }
}

pub(crate) async fn publish(bus: &Arc<dyn EventBus>, topic: &str, payload: Value) {
    drop(bus.publish_core(&event(topic, payload)).await.unwrap());
}
