//! The channel on which the host publishes what plugins emit.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::evidence::Receipt;
use crate::target::Valkey;

/// The channel's name in the specification.
const CHANNEL: &str = "paca.events";

/// A message on the channel.
#[derive(Debug, Clone)]
pub struct BusMessage {
    /// The whole message as JSON; null where it is none.
    pub value: Value,
    /// Proof that it arrived.
    pub receipt: Receipt,
}

/// Listens from the start of the run, so that no message can come too early.
#[derive(Debug)]
pub struct Bus {
    messages: Arc<Mutex<Vec<BusMessage>>>,
    task: JoinHandle<()>,
}

impl Bus {
    /// Subscribes on the Valkey of `[valkey]`.
    pub async fn start(target: &Valkey) -> Result<Self, redis::RedisError> {
        let client = redis::Client::open(target.url.as_str())?;
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
        Ok(Self { messages, task })
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
