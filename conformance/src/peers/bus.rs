//! The host's events in Valkey: the channel on which it publishes what plugins emit, and the streams
//! of core events.

mod activities;
mod streams;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::evidence::Receipt;
use crate::target::Valkey;

/// The channel's name in the specification.
const CHANNEL: &str = "paca.events";
/// How long an answer may take. What the library allows, half a second, passes on a busy machine with nothing
/// wrong, and a case would be blocked for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts to subscribe again.
const PAUSE: Duration = Duration::from_millis(50);

/// Valkey stopped answering, or gave an answer that makes no sense.
#[derive(Debug, thiserror::Error)]
#[error("the Valkey of the target file: {0}")]
pub struct BusError(#[from] redis::RedisError);

/// A message on the channel, or an entry of a stream.
#[derive(Debug, Clone)]
pub struct BusMessage {
    /// The whole message as JSON, null where it is none; of an entry, its fields.
    pub value: Value,
    /// Proof that it arrived.
    pub receipt: Receipt,
}

/// Listens from the start of the run, so that no message can come too early. A Valkey that goes away,
/// and comes back, is used again.
#[derive(Debug)]
pub struct Bus {
    messages: Arc<Mutex<Vec<BusMessage>>>,
    commands: ConnectionManager,
    /// Entries that the suite itself put onto the stream.
    injected: Mutex<BTreeSet<String>>,
    task: JoinHandle<()>,
}

impl Bus {
    /// Subscribes on the Valkey of `[valkey]`.
    pub async fn start(target: &Valkey) -> Result<Self, redis::RedisError> {
        let client = redis::Client::open(target.url.as_str())?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let commands = client.get_connection_manager_with_config(config).await?;
        let mut channel = subscribe(&client).await?;
        let messages = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&messages);
        let task = tokio::spawn(async move {
            loop {
                let mut stream = channel.into_on_message();
                while let Some(message) = stream.next().await {
                    let receipt = Receipt::of_event(&message);
                    let value =
                        serde_json::from_slice(message.get_payload_bytes()).unwrap_or_default();
                    let mut list = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    list.push(BusMessage { value, receipt });
                }
                channel = loop {
                    match subscribe(&client).await {
                        Ok(channel) => break channel,
                        Err(_) => tokio::time::sleep(PAUSE).await,
                    }
                };
            }
        });
        Ok(Self { messages, commands, injected: Mutex::default(), task })
    }

    /// The value under a key, which the host keeps there.
    pub async fn value(&self, key: &str) -> Result<Option<Receipt>, BusError> {
        let mut command = redis::cmd("GET");
        let value: Option<Vec<u8>> =
            command.arg(key).query_async(&mut self.commands.clone()).await?;
        Ok(value.as_deref().map(Receipt::of_value))
    }

    /// Whether the suite hears what is published: it publishes a word of its own, and looks for it.
    pub async fn echoes(&self, word: &str) -> bool {
        let mut command = redis::cmd("PUBLISH");
        command.arg(CHANNEL).arg(json!({ "type": word }).to_string());
        let published = command.exec_async(&mut self.commands.clone()).await;
        published.is_ok() && !self.of_type(word).is_empty()
    }

    /// Messages with this topic, in order of arrival.
    pub fn of_type(&self, topic: &str) -> Vec<BusMessage> {
        let list = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter().filter(|message| message.value["type"] == topic).cloned().collect()
    }
}

async fn subscribe(client: &redis::Client) -> Result<redis::aio::PubSub, redis::RedisError> {
    let mut channel = client.get_async_pubsub().await?;
    channel.subscribe(CHANNEL).await?;
    Ok(channel)
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.task.abort();
    }
}
