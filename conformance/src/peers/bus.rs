//! The host's events in Valkey: the channel on which it publishes what plugins emit, and the streams
//! of core events.

mod streams;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::task::JoinHandle;

use redis::aio::MultiplexedConnection;

use crate::evidence::Receipt;
use crate::target::Valkey;

/// The channel's name in the specification.
const CHANNEL: &str = "paca.events";

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

/// Listens from the start of the run, so that no message can come too early.
#[derive(Debug)]
pub struct Bus {
    messages: Arc<Mutex<Vec<BusMessage>>>,
    commands: MultiplexedConnection,
    /// Entries that the suite itself put onto the stream.
    injected: Mutex<BTreeSet<String>>,
    task: JoinHandle<()>,
}

impl Bus {
    /// Subscribes on the Valkey of `[valkey]`.
    pub async fn start(target: &Valkey) -> Result<Self, redis::RedisError> {
        let client = redis::Client::open(target.url.as_str())?;
        let commands = client.get_multiplexed_async_connection().await?;
        let mut channel = client.get_async_pubsub().await?;
        channel.subscribe(CHANNEL).await?;
        let messages = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&messages);
        let task = tokio::spawn(async move {
            let mut stream = channel.into_on_message();
            while let Some(message) = stream.next().await {
                let receipt = Receipt::of_event(&message);
                let value = serde_json::from_slice(message.get_payload_bytes()).unwrap_or_default();
                let mut list = shared.lock().unwrap_or_else(PoisonError::into_inner);
                list.push(BusMessage { value, receipt });
            }
        });
        Ok(Self { messages, commands, injected: Mutex::default(), task })
    }

    /// Messages with this topic, in order of arrival.
    pub fn of_type(&self, topic: &str) -> Vec<BusMessage> {
        let list = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        list.iter().filter(|message| message.value["type"] == topic).cloned().collect()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.task.abort();
    }
}
