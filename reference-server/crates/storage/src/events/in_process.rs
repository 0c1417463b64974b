//! Events without a store: for a host on its own.
//!
//! What waits for delivery lives in memory and ends with the process.

use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use contract::event::{Emitted, Event};
use contract::name::PluginName;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Mutex, broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::delivery::{Outcome, deliver};
use super::{EventBus, EventHandler, MAX_IN_FLIGHT, RetryPolicy};
use crate::error::StorageError;

/// Emitted events a slow listener may fall behind before it misses the oldest.
const LISTENER_BACKLOG: usize = 1024;

/// Events set aside that are remembered; older ones are in the log only.
const REMEMBERED: usize = 100;

/// A bus inside one process.
#[derive(Debug)]
pub struct InProcessBus {
    sender: mpsc::UnboundedSender<Event>,
    receiver: Mutex<mpsc::UnboundedReceiver<Event>>,
    emitted: broadcast::Sender<Emitted>,
    set_aside: std::sync::Mutex<Vec<Event>>,
    retry: RetryPolicy,
}

impl InProcessBus {
    /// An empty bus.
    pub fn new(retry: RetryPolicy) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            sender,
            receiver: Mutex::new(receiver),
            emitted: broadcast::channel(LISTENER_BACKLOG).0,
            set_aside: std::sync::Mutex::default(),
            retry,
        }
    }

    /// Listens to what plugins emit from now on.
    pub fn listen(&self) -> broadcast::Receiver<Emitted> {
        self.emitted.subscribe()
    }

    /// The last events that failed as often as they may.
    pub fn set_aside(&self) -> Vec<Event> {
        self.set_aside.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn settle(&self, event: Event, outcome: &Outcome) {
        let Outcome::GaveUp(error) = outcome else { return };
        tracing::error!(topic = event.topic, %error, "an event is set aside");
        let mut set_aside = self.set_aside.lock().unwrap_or_else(PoisonError::into_inner);
        if set_aside.len() == REMEMBERED {
            set_aside.remove(0);
        }
        set_aside.push(event);
    }
}

#[async_trait]
impl EventBus for InProcessBus {
    async fn publish_core(&self, event: &Event) -> Result<(), StorageError> {
        // The receiver lives as long as the bus, so there is always somebody to send to.
        let _ = self.sender.send(event.clone());
        Ok(())
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
        let mut in_flight = FuturesUnordered::new();
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(event) = receiver.recv(), if in_flight.len() < MAX_IN_FLIGHT => {
                    let (handler, shutdown) = (Arc::clone(&handler), shutdown.clone());
                    in_flight.push(async move {
                        let outcome = deliver(&*handler, &event, self.retry, 0, &shutdown).await;
                        (event, outcome)
                    });
                }
                Some((event, outcome)) = in_flight.next(), if !in_flight.is_empty() => {
                    self.settle(event, &outcome);
                }
            }
        }
        while let Some((event, outcome)) = in_flight.next().await {
            self.settle(event, &outcome);
        }
    }

    async fn ping(&self) -> Result<(), StorageError> {
        Ok(())
    }
}
