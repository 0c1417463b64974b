//! What the suite does to the store that it shares with the host: an entry of its own, a group removed.

use serde_json::Value;

use super::attempt::Attempt;
use super::observe::{away, bus, text};
use crate::case::{Data, InjectSpec};
use crate::evidence::Fact;
use crate::vars::Vars;
use crate::world::Trouble;

/// Adds an entry to the stream; its id.
pub(super) async fn inject(
    attempt: &Attempt,
    spec: &InjectSpec,
    vars: &Vars,
) -> Result<String, Trouble> {
    let mut fields = Vec::new();
    if let Some(topic) = &spec.r#type {
        fields.push(("type".to_owned(), text(vars, topic)?));
    }
    let value = |data: &Data| vars.value(&data.0).map_err(|e| Trouble::Harness(e.to_string()));
    if let Some(payload) = &spec.payload {
        fields.push(("payload".to_owned(), value(payload)?.to_string()));
    }
    if let Some(payload) = &spec.payload_text {
        fields.push(("payload".to_owned(), text(vars, payload)?));
    }
    if let Some(fill) = &spec.payload_fill {
        let size = value(fill)?.as_u64().and_then(|size| usize::try_from(size).ok());
        let size = size.ok_or_else(|| Trouble::Harness("payload_fill: no number".to_owned()))?;
        fields.push(("payload".to_owned(), Value::from("x".repeat(size)).to_string()));
    }
    for (name, value) in &spec.fields {
        fields.push((name.clone(), text(vars, value)?));
    }
    bus(attempt)?.inject(&fields).await.map_err(|e| away(&e))
}

/// Removes the group of the stream of core events.
pub(super) async fn remove_group(attempt: &Attempt) -> Result<Vec<Fact>, Trouble> {
    bus(attempt)?.remove_group().await.map_err(|e| away(&e))?;
    Ok(Vec::new())
}
