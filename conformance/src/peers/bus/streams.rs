//! The stream of core events and the one of those that were set aside, by their names in the
//! specification.

use std::sync::PoisonError;

use redis::streams::{
    StreamId, StreamInfoConsumersReply, StreamInfoGroupsReply, StreamPendingCountReply,
    StreamRangeReply,
};
use serde_json::{Map, Value};

use super::{Bus, BusError, BusMessage};
use crate::evidence::Receipt;

const STREAM: &str = "paca.plugin_events";
const GROUP: &str = "api.plugin_dispatcher";
const DEAD_STREAM: &str = "paca.plugin_events.dead";

impl Bus {
    /// Entries of a topic that the host wrote and whose payload holds a text.
    pub async fn core_events(
        &self,
        topic: &str,
        containing: &str,
    ) -> Result<Vec<BusMessage>, BusError> {
        let entries = self.entries(STREAM).await?;
        let injected = self.injected.lock().unwrap_or_else(PoisonError::into_inner);
        let of_the_host = entries.iter().filter(|entry| {
            let holds =
                entry.get::<String>("payload").is_some_and(|text| text.contains(containing));
            holds
                && entry.get::<String>("type").as_deref() == Some(topic)
                && !injected.contains(&entry.id)
        });
        Ok(of_the_host.map(message).collect())
    }

    /// What the host set aside of an entry.
    pub async fn dead_letters(&self, id: &str) -> Result<Vec<BusMessage>, BusError> {
        let entries = self.entries(DEAD_STREAM).await?;
        let meant = |entry: &&StreamId| entry.get::<String>("entry").as_deref() == Some(id);
        Ok(entries.iter().filter(meant).map(message).collect())
    }

    /// Adds an entry to the stream of core events; its id.
    pub async fn inject(&self, fields: &[(String, String)]) -> Result<String, BusError> {
        let mut command = redis::cmd("XADD");
        command.arg(&[STREAM, "*"]);
        for (name, value) in fields {
            command.arg(name).arg(value);
        }
        let id: String = command.query_async(&mut self.commands.clone()).await?;
        let mut injected = self.injected.lock().unwrap_or_else(PoisonError::into_inner);
        injected.insert(id.clone());
        Ok(id)
    }

    /// Whether an entry that the host's group has read is pending; `None` when it was not read.
    pub async fn pending(&self, id: &str) -> Result<Option<(Receipt, bool)>, BusError> {
        let mut commands = self.commands.clone();
        let groups: StreamInfoGroupsReply =
            redis::cmd("XINFO").arg(&["GROUPS", STREAM]).query_async(&mut commands).await?;
        let Some(group) = groups.groups.iter().find(|group| group.name == GROUP) else {
            return Ok(None);
        };
        if place(&group.last_delivered_id) < place(id) {
            return Ok(None);
        }
        let pending: StreamPendingCountReply = redis::cmd("XPENDING")
            .arg(&[STREAM, GROUP, id, id, "1"])
            .query_async(&mut commands)
            .await?;
        Ok(Some((Receipt::of_group(group), !pending.ids.is_empty())))
    }

    /// The names of the consumers that the host reads as, a list.
    pub async fn consumers(&self) -> Result<Value, BusError> {
        let consumers: StreamInfoConsumersReply = redis::cmd("XINFO")
            .arg(&["CONSUMERS", STREAM, GROUP])
            .query_async(&mut self.commands.clone())
            .await?;
        Ok(consumers.consumers.into_iter().map(|consumer| consumer.name).collect())
    }

    /// Removes the host's group from the stream.
    pub async fn remove_group(&self) -> Result<(), BusError> {
        let mut command = redis::cmd("XGROUP");
        command.arg(&["DESTROY", STREAM, GROUP]);
        Ok(command.exec_async(&mut self.commands.clone()).await?)
    }

    async fn entries(&self, stream: &str) -> Result<Vec<StreamId>, BusError> {
        let mut command = redis::cmd("XRANGE");
        command.arg(&[stream, "-", "+"]);
        let reply: StreamRangeReply = command.query_async(&mut self.commands.clone()).await?;
        Ok(reply.ids)
    }
}

/// The fields of an entry. A payload that is JSON is that, and a number of deliveries a number.
fn message(entry: &StreamId) -> BusMessage {
    let mut fields = Map::new();
    for name in entry.map.keys() {
        let text = entry.get::<String>(name).unwrap_or_default();
        let value = match name.as_str() {
            "payload" | "deliveries" => serde_json::from_str(&text).unwrap_or(Value::String(text)),
            _ => Value::String(text),
        };
        fields.insert(name.clone(), value);
    }
    BusMessage { value: Value::Object(fields), receipt: Receipt::of_entry(entry) }
}

/// An id as what it is ordered by.
fn place(id: &str) -> Option<(u64, u64)> {
    let (milliseconds, sequence) = id.split_once('-')?;
    Some((milliseconds.parse().ok()?, sequence.parse().ok()?))
}
