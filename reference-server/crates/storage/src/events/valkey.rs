//! Events through Valkey: a stream towards plugins, a channel away from them.
//!
//! A core event is an entry of the stream; each goes to one host of the consumer group. It stays
//! pending until its handler has returned, so a host that dies leaves it for its next start, or for
//! another host after [`ABANDONED`].

mod consumer;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::event::{
    CORE_GROUP, CORE_STREAM, EMIT_CHANNEL, Emitted, Event, FIELD_PAYLOAD, FIELD_TOPIC,
};
use contract::name::PluginName;
use redis::AsyncConnectionConfig;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use tokio_util::sync::CancellationToken;

use super::delivery::sleep;
use super::{EventBus, EventHandler, RetryPolicy};
use crate::error::StorageError;
use consumer::Consumer;

/// Stream of the events that failed as often as they may, with the reason in `error`.
pub const DEAD_STREAM: &str = "paca.plugin_events.dead";

/// Entries the streams are trimmed to, roughly: handled ones are never removed singly, and a
/// stream nobody trims fills the server's memory.
const MAX_STREAM_LENGTH: usize = 100_000;

/// How long a command may take. Longer, and the store counts as away.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);

/// How long one read of the stream waits for an entry.
const READ_BLOCK: Duration = Duration::from_secs(5);

/// After this time without being settled, another host's entry is taken over. Much longer than all
/// deliveries of one event with their pauses.
const ABANDONED: Duration = Duration::from_mins(5);

/// The pause before a lost connection is tried again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);

/// The bus of hosts that share a Valkey.
pub struct ValkeyBus {
    client: redis::Client,
    /// For commands that answer at once; it reconnects by itself.
    commands: ConnectionManager,
    consumer: String,
    retry: RetryPolicy,
}

impl ValkeyBus {
    /// Connects to `redis://…`. Hosts that share the stream need different host names.
    pub async fn connect(url: &str, retry: RetryPolicy) -> Result<Self, StorageError> {
        let client = redis::Client::open(url).map_err(|error| StorageError::InvalidUrl {
            store: "valkey",
            reason: error.to_string(),
        })?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(COMMAND_TIMEOUT))
            .set_response_timeout(Some(COMMAND_TIMEOUT))
            .set_number_of_retries(1);
        let commands = client
            .get_connection_manager_with_config(config)
            .await
            .map_err(StorageError::EventStoreUnavailable)?;
        let consumer = format!("{CORE_GROUP}.{}", host_name());
        Ok(Self { client, commands, consumer, retry })
    }

    /// Makes the group of hosts, and the stream, if they are missing.
    async fn make_group(&self) -> Result<(), redis::RedisError> {
        // From the beginning: an event published before the first host came is not lost.
        let made = redis::cmd("XGROUP")
            .arg(&["CREATE", CORE_STREAM, CORE_GROUP, "0", "MKSTREAM"])
            .exec_async(&mut self.commands.clone())
            .await;
        match made {
            Err(error) if error.code() != Some("BUSYGROUP") => Err(error),
            _ => Ok(()),
        }
    }

    /// A connection of its own for reads that wait: they would hold up everything behind them.
    async fn reading_connection(&self) -> Result<MultiplexedConnection, redis::RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(COMMAND_TIMEOUT))
            .set_response_timeout(Some(READ_BLOCK + COMMAND_TIMEOUT));
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }
}

impl std::fmt::Debug for ValkeyBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The client knows the URL, which may hold a password.
        f.debug_struct("ValkeyBus").field("consumer", &self.consumer).finish_non_exhaustive()
    }
}

#[async_trait]
impl EventBus for ValkeyBus {
    async fn publish_core(&self, event: &Event) -> Result<(), StorageError> {
        redis::cmd("XADD")
            .arg(CORE_STREAM)
            .arg(&["MAXLEN", "~"])
            .arg(MAX_STREAM_LENGTH)
            .arg("*")
            .arg(&[FIELD_TOPIC, &event.topic, FIELD_PAYLOAD, &event.payload.to_string()])
            .exec_async(&mut self.commands.clone())
            .await
            .map_err(StorageError::events("publishing a core event"))
    }

    async fn emit(
        &self,
        plugin: &PluginName,
        topic: &str,
        payload_json: &str,
    ) -> Result<(), StorageError> {
        let emitted = Emitted::new(topic, plugin.as_str(), payload_json);
        let message = serde_json::json!(emitted).to_string();
        redis::cmd("PUBLISH")
            .arg(EMIT_CHANNEL)
            .arg(message)
            .exec_async(&mut self.commands.clone())
            .await
            .map_err(StorageError::events("publishing a plugin's event"))
    }

    async fn run_consumer(&self, handler: Arc<dyn EventHandler>, shutdown: CancellationToken) {
        let mut consumer = Consumer::new(self, handler, shutdown.clone());
        while !shutdown.is_cancelled() {
            if let Err(error) = consumer.run().await {
                tracing::warn!(%error, "the event stream cannot be read");
                sleep(RECONNECT_PAUSE, &shutdown).await;
            }
        }
        consumer.drain().await;
    }

    async fn ping(&self) -> Result<(), StorageError> {
        redis::cmd("PING")
            .exec_async(&mut self.commands.clone())
            .await
            .map_err(StorageError::events("pinging"))
    }
}

/// What tells this host's pending entries from another's; the same after a restart.
fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "host".to_owned())
}
