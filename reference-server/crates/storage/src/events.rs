//! Events: from the core to plugins, and from plugins to whoever listens (decision E1).
//!
//! One trait, two ways: [`ValkeyBus`] for hosts that share their events with others, and
//! [`InProcessBus`] for a host on its own. Both deliver at least once, both retry with growing
//! pauses, both set an event aside after [`RetryPolicy::max_deliveries`].

mod delivery;
mod in_process;
mod valkey;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::event::Event;
use contract::name::PluginName;
use tokio_util::sync::CancellationToken;

use crate::error::StorageError;

pub use in_process::InProcessBus;
pub use valkey::{DEAD_STREAM, ValkeyBus};

/// Events being handled at the same time. A slow subscriber keeps its events here while others'
/// pass; only a backlog of this many would make others wait.
const MAX_IN_FLIGHT: usize = 256;

/// Takes core events to plugins.
#[async_trait]
pub trait EventHandler: Send + Sync + 'static {
    /// Gives an event to its subscribers. An error means that it is to be given again.
    ///
    /// Several events are handled at a time, so that a slow one delays no other. The futures share
    /// one task: work that computes belongs in tasks of its own. They are polled for the first time
    /// in the order of their events, so a handler that queues up behind a fair lock before it first
    /// waits for anything else keeps that order per subscriber.
    async fn handle(&self, event: &Event) -> Result<(), HandlerFailed>;
}

/// Why an event has to be given again; for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HandlerFailed(pub String);

/// How often and when a failed event is given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Deliveries in all, the first one included, before the event is set aside.
    pub max_deliveries: u32,
    /// The pause after the first failure; each further one is twice as long.
    pub first_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { max_deliveries: 5, first_pause: Duration::from_millis(200) }
    }
}

/// The way of events in both directions.
#[async_trait]
pub trait EventBus: fmt::Debug + Send + Sync + 'static {
    /// Publishes a core event for plugins that subscribe to its topic.
    async fn publish_core(&self, event: &Event) -> Result<(), StorageError>;

    /// Publishes an event of a plugin's own, for listeners outside.
    async fn emit(
        &self,
        plugin: &PluginName,
        topic: &str,
        payload_json: &str,
    ) -> Result<(), StorageError>;

    /// Takes core events to the handler until `shutdown` is cancelled; then finishes those being
    /// handled and returns. A store that goes away is waited for.
    async fn run_consumer(&self, handler: Arc<dyn EventHandler>, shutdown: CancellationToken);

    /// Asks the store for a sign of life.
    async fn ping(&self) -> Result<(), StorageError>;
}
