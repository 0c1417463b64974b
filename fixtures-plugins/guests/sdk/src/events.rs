//! Events of the plugin's own.

use serde_json::Value;

use crate::host::{self, HostError};
use crate::raw;

/// Publishes an event. Hosts prefix nothing: name topics after the plugin, as in `checklist.item_created`.
pub fn emit(topic: &str, payload: &Value) -> Result<(), HostError> {
    host::status("event_emit", raw::event_emit(topic, &payload.to_string()))
}
