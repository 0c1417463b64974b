//! Takes core events to the plugins that subscribe to them.
//!
//! Subscribers are called side by side, each within a deadline of its own, so a slow guest delays no
//! other. The events of one subscriber come one after the other and in order, save those that are
//! given again after a failure.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use contract::event::Event;
use futures_util::future::join_all;
use lifecycle::{Installed, Lifecycle};
use sandbox::CallError;
use storage::events::{EventHandler, HandlerFailed};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use crate::{error::chain, metrics};

/// The consumer's end of the event bus.
#[derive(Debug)]
pub struct Dispatcher {
    lifecycle: Lifecycle,
    /// One fair lock per plugin that ever got an event; whoever asks first goes first.
    queues: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Dispatcher {
    /// Delivers to what this lifecycle has installed when an event arrives.
    pub fn new(lifecycle: Lifecycle) -> Self {
        Self { lifecycle, queues: Mutex::default() }
    }

    fn queue(&self, plugin: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(queues.entry(plugin.to_owned()).or_default())
    }

    /// Gives the event to one subscriber; its name if that must be tried again.
    async fn deliver(&self, event: Arc<Event>, subscriber: Arc<Installed>) -> Option<String> {
        let name = subscriber.row.name.clone();
        // Before anything else is waited for: this is what keeps a subscriber's events in order.
        let turn = self.queue(&name).lock_owned().await;
        // In a task of its own, since the guest computes and all deliveries share the caller's.
        let call = tokio::spawn(
            async move {
                let _turn = turn;
                let plugin = subscriber.plugin.as_ref()?;
                let handled = plugin.handle_event(Arc::clone(&event)).await;
                outcome(&subscriber.row.name, &event.topic, handled)
            }
            .in_current_span(),
        );
        match AbortOnDropHandle::new(call).await {
            Ok(outcome) => outcome,
            Err(died) => {
                tracing::error!(plugin = name, error = %died, "delivery died");
                Some(name)
            }
        }
    }
}

/// What a call came to: the plugin's name if the event must be given again.
fn outcome(plugin: &str, topic: &str, handled: Result<(), CallError>) -> Option<String> {
    match handled {
        Ok(()) => {
            metrics::events::record(plugin, "delivered");
            tracing::debug!(plugin, topic, "event handled");
            None
        }
        // Too large today is too large tomorrow.
        Err(error @ CallError::RequestTooLarge { .. }) => {
            tracing::warn!(plugin, topic, error = chain(&error), "event dropped");
            None
        }
        Err(error) => {
            metrics::events::record(plugin, "failed");
            tracing::warn!(plugin, topic, error = chain(&error), "event not handled");
            Some(plugin.to_owned())
        }
    }
}

#[async_trait]
impl EventHandler for Dispatcher {
    async fn handle(&self, event: &Event) -> Result<(), HandlerFailed> {
        let event = Arc::new(event.clone());
        // Only the subscribers are held on to: an upgrade of any other plugin need not wait for us.
        let subscribers: Vec<Arc<Installed>> =
            self.lifecycle.snapshot().subscribers(&event.topic).cloned().collect();
        let deliveries =
            subscribers.into_iter().map(|subscriber| self.deliver(Arc::clone(&event), subscriber));
        let failed: Vec<String> = join_all(deliveries).await.into_iter().flatten().collect();
        if failed.is_empty() {
            return Ok(());
        }
        Err(HandlerFailed(format!("not handled by {}", failed.join(", "))))
    }
}
