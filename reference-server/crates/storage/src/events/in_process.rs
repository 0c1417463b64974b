//! Events without a store of their own: for a host by itself.
//!
//! What waits lives in memory, but in the publisher's keeping until it is handled: the outbox in
//! the database has it still when the process ends (see [`Custody::UntilHandled`]).

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};

use async_trait::async_trait;
use contract::event::{Emitted, Event};
use contract::name::PluginName;
use policy::Policy;
use tokio::sync::{Mutex, broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::deliveries::Delivery;
use super::dispatch::{Begun, Dispatch, Log, Rules};
use super::{Custody, DeadLetter, EventBus, EventHandler};
use crate::error::StorageError;

/// Emitted events a slow listener may fall behind before it misses the oldest.
const LISTENER_BACKLOG: usize = 1024;

/// Events set aside that are remembered; older ones are in the log only.
const REMEMBERED: usize = 100;

/// A bus inside one process.
#[derive(Debug)]
pub struct InProcessBus {
    /// Tells the consumer of new entries; what they are is in the log.
    sender: mpsc::UnboundedSender<Arc<str>>,
    receiver: Mutex<mpsc::UnboundedReceiver<Arc<str>>>,
    emitted: broadcast::Sender<Emitted>,
    next_entry: AtomicU64,
    log: Arc<Memory>,
    rules: Rules,
}

/// What is written down of events and their deliveries.
#[derive(Debug, Default)]
struct Memory {
    open: std::sync::Mutex<BTreeMap<Arc<str>, Open>>,
    set_aside: std::sync::Mutex<VecDeque<DeadLetter>>,
}

#[derive(Debug)]
struct Open {
    event: Event,
    handled: oneshot::Sender<()>,
    /// Deliveries by subscriber; `None` once settled.
    deliveries: HashMap<Arc<str>, Option<u32>>,
}

impl InProcessBus {
    /// An empty bus.
    pub fn new(policy: &Policy) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let (events, backlog_bytes) = (policy.events.clone(), policy.limits.event_backlog_bytes);
        Self {
            sender,
            receiver: Mutex::new(receiver),
            emitted: broadcast::channel(LISTENER_BACKLOG).0,
            next_entry: AtomicU64::new(1),
            log: Arc::default(),
            rules: Rules { events, backlog_bytes },
        }
    }

    /// Listens to what plugins emit from now on.
    pub fn listen(&self) -> broadcast::Receiver<Emitted> {
        self.emitted.subscribe()
    }

    fn take(&self, dispatch: &mut Dispatch<Memory>, entry: Arc<str>) {
        let found = self.log.open().get(&entry).map(|open| {
            let settled = open.deliveries.iter().filter(|(_, count)| count.is_none());
            let settled: HashSet<String> = settled.map(|(name, _)| name.to_string()).collect();
            (open.event.clone(), settled)
        });
        // Otherwise it was handled as one of those that came first.
        if let Some((event, settled)) = found {
            dispatch.take(entry, event, &settled);
        }
    }

    /// The last events that were set aside, oldest first.
    pub fn set_aside(&self) -> Vec<DeadLetter> {
        let letters = self.log.set_aside.lock().unwrap_or_else(PoisonError::into_inner);
        letters.iter().cloned().collect()
    }
}

impl Memory {
    fn open(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Log for Memory {
    async fn begin(&self, delivery: &Delivery) -> Result<Begun, StorageError> {
        let mut open = self.open();
        let Some(event) = open.get_mut(&delivery.entry) else { return Ok(Begun::Settled) };
        let count = event.deliveries.entry(Arc::clone(&delivery.subscriber)).or_insert(Some(0));
        Ok(match count {
            None => Begun::Settled,
            Some(count) => {
                *count += 1;
                Begun::Delivery(*count)
            }
        })
    }

    async fn event(&self, entry: &str) -> Result<Option<Event>, StorageError> {
        Ok(self.open().get(entry).map(|open| open.event.clone()))
    }

    async fn settle(
        &self,
        delivery: &Delivery,
        dead: Option<&DeadLetter>,
    ) -> Result<(), StorageError> {
        if let Some(event) = self.open().get_mut(&delivery.entry) {
            event.deliveries.insert(Arc::clone(&delivery.subscriber), None);
        }
        if let Some(letter) = dead {
            let mut letters = self.set_aside.lock().unwrap_or_else(PoisonError::into_inner);
            if letters.len() == REMEMBERED {
                letters.pop_front();
            }
            letters.push_back(letter.clone());
        }
        Ok(())
    }

    async fn close(&self, entry: &str) -> Result<(), StorageError> {
        if let Some(open) = self.open().remove(entry) {
            // A publisher that keeps nothing does not wait for this.
            let _ = open.handled.send(());
        }
        Ok(())
    }
}

#[async_trait]
impl EventBus for InProcessBus {
    async fn publish_core(&self, event: &Event) -> Result<Custody, StorageError> {
        let number = self.next_entry.fetch_add(1, Ordering::Relaxed);
        // Padded, so that entries sort as they were published.
        let entry: Arc<str> = format!("{number:020}").into();
        let (handled, until_handled) = oneshot::channel();
        let open = Open { event: event.clone(), handled, deliveries: HashMap::new() };
        self.log.open().insert(Arc::clone(&entry), open);
        // The receiver lives as long as the bus, so there is always somebody to send to.
        let _ = self.sender.send(entry);
        Ok(Custody::UntilHandled(until_handled))
    }

    async fn emit(
        &self,
        plugin: &PluginName,
        topic: &str,
        payload_json: &str,
    ) -> Result<(), StorageError> {
        // Nobody listening is no failure.
        let _ = self.emitted.send(Emitted::new(topic, plugin.as_str(), payload_json));
        Ok(())
    }

    async fn run_consumer(&self, handler: Arc<dyn EventHandler>, shutdown: CancellationToken) {
        let mut receiver = self.receiver.lock().await;
        let log = Arc::clone(&self.log);
        let mut dispatch = Dispatch::new(log, handler, self.rules.clone(), shutdown.clone());
        // Those of an earlier consumer that ended before they were handled come first.
        let entries: Vec<Arc<str>> = self.log.open().keys().cloned().collect();
        for entry in entries {
            self.take(&mut dispatch, entry);
        }
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(entry) = receiver.recv() => self.take(&mut dispatch, entry),
                () = dispatch.step() => {}
            }
        }
        dispatch.drain().await;
    }

    async fn ping(&self) -> Result<(), StorageError> {
        Ok(())
    }
}
