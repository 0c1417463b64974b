//! Events: from the core to plugins, and from plugins to whoever listens (decision E1).
//!
//! ```text
//! core write ─▶ outbox ─▶ relay ─▶ EventBus ─▶ one queue per subscriber ─▶ EventHandler
//!               (same                │
//!                transaction)        └─ ValkeyBus: a stream, shared by hosts
//!                                       InProcessBus: memory, the outbox keeps what is not handled
//! ```
//!
//! Both buses run the same dispatch: each subscriber gets its events one after the other and in
//! order, and again alone when it failed; what became of whom is written down before and after each
//! delivery, so that a restart, or another host, goes on where this one stopped. An event may come
//! twice; none is lost.

mod deliveries;
mod dispatch;
mod in_process;
mod relay;
mod valkey;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use contract::event::Event;
use contract::name::PluginName;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::error::StorageError;

pub use in_process::InProcessBus;
pub use relay::relay;
pub use valkey::{ValkeyBus, ValkeyBusSettings};

/// Takes core events to plugins.
#[async_trait]
pub trait EventHandler: Send + Sync + 'static {
    /// Who is to get events of this topic now.
    fn subscribers(&self, topic: &str) -> Vec<String>;

    /// Gives an event to one subscriber, within a deadline. Never called for two events of one
    /// subscriber at a time.
    async fn deliver(&self, subscriber: &str, event: &Arc<Event>) -> Result<(), NotDelivered>;
}

/// Why an event did not reach a subscriber.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDelivered {
    /// It is to be given again.
    #[error("{0}")]
    Failed(String),
    /// It would be no different the next time: it is set aside at once.
    #[error("{0}")]
    Refused(String),
    /// Nobody of this name subscribes to the topic any more: nothing is left to do.
    #[error("there is no such subscriber any more")]
    Gone,
}

/// An event that is given to a subscriber no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its topic; empty where the event has none.
    pub topic: String,
    /// Its payload as it was published.
    pub payload: String,
    /// Who did not get it; empty when the event is fit for nobody.
    pub subscriber: String,
    /// Why, for the operator.
    pub reason: String,
    /// How often it was given.
    pub deliveries: u32,
}

/// Who answers for a published event.
#[derive(Debug)]
#[must_use = "an event in the publisher's keeping is lost with it"]
pub enum Custody {
    /// The bus: it keeps the event even if this process ends.
    Taken,
    /// The publisher, until this resolves. An error means that the bus stopped before the event was
    /// handled.
    UntilHandled(oneshot::Receiver<()>),
}

/// The way of events in both directions.
#[async_trait]
pub trait EventBus: fmt::Debug + Send + Sync + 'static {
    /// Publishes a core event for plugins that subscribe to its topic.
    async fn publish_core(&self, event: &Event) -> Result<Custody, StorageError>;

    /// Publishes an event of a plugin's own, for listeners outside. It never becomes a core event.
    async fn emit(
        &self,
        plugin: &PluginName,
        topic: &str,
        payload_json: &str,
    ) -> Result<(), StorageError>;

    /// Takes core events to the handler until `shutdown` is cancelled; then finishes the deliveries
    /// that run and returns. What was not handled by then is delivered after the next start. A
    /// store that goes away is waited for.
    async fn run_consumer(&self, handler: Arc<dyn EventHandler>, shutdown: CancellationToken);

    /// Asks the store for a sign of life.
    async fn ping(&self) -> Result<(), StorageError>;
}
