//! Events through Valkey: a stream towards plugins, a channel away from them.
//!
//! A core event is an entry of the stream; each goes to one host of the consumer group, and stays
//! pending there until all its subscribers are done with it. So a host that dies leaves it for its
//! next start, or for another host after [`ValkeyBusSettings::abandoned`]. Beside the stream, a hash
//! per entry says which subscribers are done and how often the others have been tried.

mod consumer;
mod entry;
mod log;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::event::{
    CORE_GROUP, CORE_STREAM, EMIT_CHANNEL, EVENT_ID, Emitted, Event, FIELD_PAYLOAD, FIELD_TOPIC,
};
use contract::name::PluginName;
use policy::Policy;
use redis::AsyncConnectionConfig;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use tokio_util::sync::CancellationToken;

use super::dispatch::{Rules, STORE_PAUSE, sleep};
use super::{Custody, EventBus, EventHandler};
use crate::error::StorageError;
use consumer::Consumer;
use entry::EntryId;
use log::ValkeyLog;

/// How long a command may take. Longer, and the store counts as away.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(2);

/// How long one read of the stream waits for an entry.
const READ_BLOCK: Duration = Duration::from_secs(5);

/// Adds an entry to the stream, and remembers the event for a while: a relay that died between this
/// and its note that it happened has a successor, which publishes the event once more.
const ADD_ONCE: &str = "
    if tonumber(ARGV[2]) > 0 and redis.call('EXISTS', KEYS[2]) == 1 then return end
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(ARGV, 3))
    if tonumber(ARGV[2]) > 0 then redis.call('SET', KEYS[2], '', 'EX', ARGV[2]) end";

/// Prefix of the keys that remember events.
const ADDED: &str = "paca.plugin_events.added:";

/// A successor comes as soon as the database has noticed that the relay is gone. This covers that the
/// database itself is away for a while.
const ADDED_FOR: Duration = Duration::from_mins(10);

/// What differs between hosts on one Valkey.
#[derive(Clone, Debug)]
pub struct ValkeyBusSettings {
    /// Tells this host's pending entries from another's; the same after a restart. Default: the
    /// machine's name.
    pub host_name: String,
    /// Entries that a host has not said it still works at for this long are taken over by others.
    pub abandoned: Duration,
}

impl Default for ValkeyBusSettings {
    fn default() -> Self {
        Self { host_name: machine_name(), abandoned: Duration::from_mins(5) }
    }
}

/// The bus of hosts that share a Valkey.
pub struct ValkeyBus {
    client: redis::Client,
    /// For commands that answer at once; it reconnects by itself.
    commands: ConnectionManager,
    consumer: String,
    abandoned: Duration,
    log: Arc<ValkeyLog>,
    stream_entries: usize,
    rules: Rules,
}

impl ValkeyBus {
    /// Connects to `redis://…`. Hosts that share the stream need different host names.
    pub async fn connect(
        url: &str,
        policy: &Policy,
        settings: ValkeyBusSettings,
    ) -> Result<Self, StorageError> {
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
        let limits = &policy.limits;
        Ok(Self {
            client,
            consumer: format!("{CORE_GROUP}.{}", settings.host_name),
            abandoned: settings.abandoned,
            log: Arc::new(ValkeyLog::new(commands.clone(), limits.event_dead_entries)),
            commands,
            stream_entries: limits.event_stream_entries,
            rules: Rules {
                events: policy.events.clone(),
                backlog_bytes: limits.event_backlog_bytes,
            },
        })
    }

    /// Makes the group of hosts, and the stream, if they are missing: from the beginning, so that
    /// an event published before the first host came is not lost; or, when somebody removed the
    /// group under a host that had read up to `read`, from there, so that nothing comes twice.
    async fn make_group(&self, read: Option<EntryId>) -> Result<(), redis::RedisError> {
        let mut commands = self.commands.clone();
        let from = match read {
            // A stream that was removed, too, may count from anew, by another server's clock.
            Some(read) if self.last_entry().await? >= Some(read) => read.to_string(),
            _ => "0".to_owned(),
        };
        let made = redis::cmd("XGROUP")
            .arg(&["CREATE", CORE_STREAM, CORE_GROUP, &from, "MKSTREAM"])
            .exec_async(&mut commands)
            .await;
        match made {
            Err(error) if error.code() != Some("BUSYGROUP") => Err(error),
            _ => Ok(()),
        }
    }

    /// The newest entry the stream ever had; `None` without a stream.
    async fn last_entry(&self) -> Result<Option<EntryId>, redis::RedisError> {
        let mut commands = self.commands.clone();
        let exists: bool = redis::cmd("EXISTS").arg(CORE_STREAM).query_async(&mut commands).await?;
        if !exists {
            return Ok(None);
        }
        let info: redis::streams::StreamInfoStreamReply =
            redis::cmd("XINFO").arg(&["STREAM", CORE_STREAM]).query_async(&mut commands).await?;
        Ok(EntryId::parse(&info.last_generated_id))
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
    async fn publish_core(&self, event: &Event) -> Result<Custody, StorageError> {
        let payload = event.payload.to_string();
        let id = event.payload[EVENT_ID].as_str().unwrap_or_default();
        redis::cmd("EVAL")
            .arg(ADD_ONCE)
            .arg(2)
            .arg(&[CORE_STREAM, &format!("{ADDED}{id}")])
            .arg(self.stream_entries)
            .arg(if id.is_empty() { 0 } else { ADDED_FOR.as_secs() })
            .arg(&[FIELD_TOPIC, &event.topic, FIELD_PAYLOAD, &payload])
            .exec_async(&mut self.commands.clone())
            .await
            .map_err(StorageError::events("publishing a core event"))?;
        Ok(Custody::Taken)
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
                sleep(STORE_PAUSE, &shutdown).await;
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

fn machine_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map(|name| name.trim().to_owned())
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "host".to_owned())
}
