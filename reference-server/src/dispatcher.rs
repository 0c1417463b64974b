//! Takes core events to the plugins that subscribe to them.
//!
//! Queues, retries and what is written down of them are the event bus's; here is the one call.

use std::sync::Arc;

use async_trait::async_trait;
use contract::event::Event;
use lifecycle::Lifecycle;
use sandbox::CallError;
use storage::events::{EventHandler, NotDelivered};

use crate::{error::chain, metrics};

/// The consumer's end of the event bus.
#[derive(Debug)]
pub struct Dispatcher {
    lifecycle: Lifecycle,
}

impl Dispatcher {
    /// Delivers to what this lifecycle has installed when an event's turn comes.
    pub fn new(lifecycle: Lifecycle) -> Self {
        Self { lifecycle }
    }
}

#[async_trait]
impl EventHandler for Dispatcher {
    fn subscribers(&self, topic: &str) -> Vec<String> {
        let plugins = self.lifecycle.snapshot();
        plugins.subscribers(topic).map(|installed| installed.row.name.clone()).collect()
    }

    async fn deliver(&self, subscriber: &str, event: &Arc<Event>) -> Result<(), NotDelivered> {
        let topic = &event.topic;
        // Held for the call, and nothing else is: its code stays loaded until the handler has
        // returned, and an upgrade of any other plugin need not wait for us.
        let installed = self.lifecycle.snapshot().get(subscriber).cloned();
        let Some(installed) = installed.filter(|installed| installed.subscribes(topic)) else {
            tracing::info!(plugin = subscriber, topic, "no longer a subscriber; event dropped");
            return Err(NotDelivered::Gone);
        };
        let Some(plugin) = &installed.plugin else {
            if installed.unavailable() {
                return Err(NotDelivered::Failed("the plugin could not be loaded".to_owned()));
            }
            tracing::info!(plugin = subscriber, topic, "the plugin is disabled; event dropped");
            return Err(NotDelivered::Gone);
        };
        match plugin.handle_event(Arc::clone(event)).await {
            Ok(()) => {
                metrics::events::record(subscriber, "delivered");
                tracing::debug!(plugin = subscriber, topic, "event handled");
                Ok(())
            }
            // Too large today is too large tomorrow.
            Err(error @ CallError::RequestTooLarge { .. }) => {
                Err(NotDelivered::Refused(chain(&error)))
            }
            Err(error) => {
                metrics::events::record(subscriber, "failed");
                Err(NotDelivered::Failed(chain(&error)))
            }
        }
    }
}
