//! Events in both directions.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that happened in the core, delivered to subscribers' `HandleEvent`.
///
/// A guest whose `HandleEvent` takes four `i32` receives topic and payload separately; one with two
/// receives this object as JSON (decision A9).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Dotted topic, such as `task.deleted`; subscriptions match it exactly.
    pub topic: String,
    /// The event's data, passed to guests verbatim.
    pub payload: Value,
}

/// What `event_emit` publishes on [`EMIT_CHANNEL`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Emitted {
    /// The topic the guest named.
    #[serde(rename = "type")]
    pub topic: String,
    /// The name of the plugin that emitted it, set by the host.
    pub source: String,
    /// The guest's payload.
    pub payload: Value,
}

impl Emitted {
    /// Builds the message from a guest's arguments. A payload that is not JSON, or is `null`,
    /// becomes `{}` (facts 5.4): listeners always find an object or value.
    pub fn new(topic: &str, source: &str, payload_json: &str) -> Self {
        let payload = match serde_json::from_str(payload_json) {
            Ok(Value::Null) | Err(_) => Value::Object(serde_json::Map::new()),
            Ok(value) => value,
        };
        Self { topic: topic.to_owned(), source: source.to_owned(), payload }
    }
}

/// Stream from which a host takes core events for plugins (decision E1).
pub const CORE_STREAM: &str = "paca.plugin_events";
/// Consumer group of the hosts on [`CORE_STREAM`].
pub const CORE_GROUP: &str = "api.plugin_dispatcher";
/// Field of a stream entry that holds the topic.
pub const FIELD_TOPIC: &str = "type";
/// Field of a stream entry that holds the payload as JSON text.
pub const FIELD_PAYLOAD: &str = "payload";
/// Pub/sub channel on which plugins' own events appear (decision E1).
pub const EMIT_CHANNEL: &str = "paca.events";
/// Stream of the core events that were set aside: entries have [`FIELD_TOPIC`] and
/// [`FIELD_PAYLOAD`] as they were, and the four fields below.
pub const DEAD_STREAM: &str = "paca.plugin_events.dead";
/// Field of a dead entry: the plugin that did not get the event; empty for an entry that is no event.
pub const FIELD_SUBSCRIBER: &str = "subscriber";
/// Field of a dead entry: why, for people.
pub const FIELD_REASON: &str = "reason";
/// Field of a dead entry: how often the event was given to the subscriber.
pub const FIELD_DELIVERIES: &str = "deliveries";
/// Field of a dead entry: the id of the entry on [`CORE_STREAM`].
pub const FIELD_ENTRY: &str = "entry";
/// Member of every core event's payload that is an object: its id, the same at every delivery. A
/// guest that must not act twice remembers it.
pub const EVENT_ID: &str = "event_id";
