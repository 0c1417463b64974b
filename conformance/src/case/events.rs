//! Steps about events: what the host publishes, and what the suite puts onto its stream.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Data;

/// `observe_event = { … }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSpec {
    /// Topic of the messages meant.
    pub r#type: String,
    /// Matcher for the last one's source.
    pub source: Option<Data>,
    /// Matcher for its payload.
    pub payload: Option<Data>,
    /// How many there were, as a matcher; default: at least one.
    pub count: Option<Data>,
}

/// `core_event = { … }`: entries that the host wrote to the stream of core events.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoreEventSpec {
    /// Topic of the entries meant.
    pub r#type: String,
    /// Text that their payloads hold: other cases' events have the same topic.
    pub containing: String,
    /// Matcher for the last one's payload.
    pub payload: Option<Data>,
    /// How many there are, as a matcher; default: at least one.
    pub count: Option<Data>,
}

/// `inject_event = { … }`: an entry that the suite adds to the stream of core events.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InjectSpec {
    /// Its topic.
    pub r#type: Option<String>,
    /// Its payload as JSON.
    pub payload: Option<Data>,
    /// Its payload as text.
    pub payload_text: Option<String>,
    /// Its payload as a JSON string of so many `x`.
    pub payload_fill: Option<Data>,
    /// Further fields, or others.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// `dead_letter = { … }`: entries that the host set aside.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetterSpec {
    /// The entry on the stream of core events that was set aside.
    pub entry: String,
    /// Matcher for the last letter's topic.
    pub r#type: Option<Data>,
    /// Matcher for its payload; one that is JSON is compared as such.
    pub payload: Option<Data>,
    /// Matcher for the plugin that did not get it.
    pub subscriber: Option<Data>,
    /// Matcher for the reason.
    pub reason: Option<Data>,
    /// Matcher for how often it was given, a number.
    pub deliveries: Option<Data>,
    /// How many letters there are for the entry, as a matcher; default: at least one.
    pub count: Option<Data>,
}

/// `entry = { … }`: what the host's group knows of an entry.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntrySpec {
    /// The entry.
    pub id: String,
    /// Whether it was read and not yet acknowledged; `false` means read and acknowledged.
    pub pending: bool,
    /// Matcher for the names of the group's consumers, a list.
    pub consumers: Option<Data>,
}
