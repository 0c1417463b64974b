//! From a request as a case writes it to bytes on the wire.

use bytes::Bytes;
use serde_json::Value;

use crate::case::RequestSpec;
use crate::client::Outgoing;
use crate::vars::{UnknownVariable, Vars};
use crate::world::Trouble;

/// Longest body a case can ask for; above the limit of any host the suite has met.
const MAX_FILL: u64 = 512 * 1024 * 1024;

/// The request with its variables replaced and the credentials' headers added.
pub(super) fn outgoing(
    spec: &RequestSpec,
    vars: &Vars,
    credentials: &[(String, String)],
) -> Result<Outgoing, Trouble> {
    let harness = |e: UnknownVariable| Trouble::Harness(e.to_string());
    let mut headers = Vec::new();
    for (name, value) in &spec.headers {
        headers.push((name.clone(), vars.text(value).map_err(harness)?));
    }
    let mut body = None;
    if let Some(json) = &spec.json {
        body = Some(Bytes::from(vars.value(&json.0).map_err(harness)?.to_string()));
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
    } else if let Some(text) = &spec.body {
        body = Some(Bytes::from(vars.text(text).map_err(harness)?));
    } else if spec.body_prefix.is_some() || spec.body_fill.is_some() {
        body = Some(Bytes::from(filled(spec, vars)?));
    }
    headers.extend_from_slice(credentials);
    Ok(Outgoing {
        method: vars.text(&spec.method).map_err(harness)?,
        path: vars.text(&spec.path).map_err(harness)?,
        headers,
        body,
    })
}

/// Prefix, so many `x`, suffix.
fn filled(spec: &RequestSpec, vars: &Vars) -> Result<Vec<u8>, Trouble> {
    let count = match &spec.body_fill {
        Some(data) => vars.value(&data.0).map_err(|e| Trouble::Harness(e.to_string()))?,
        None => Value::from(0),
    };
    let count = count
        .as_u64()
        .filter(|count| *count <= MAX_FILL)
        .and_then(|count| usize::try_from(count).ok())
        .ok_or_else(|| Trouble::Harness(format!("body_fill: {count} is no usable number")))?;
    let text = |text: &Option<String>| {
        let text = vars.text(text.as_deref().unwrap_or_default());
        text.map_err(|e| Trouble::Harness(e.to_string()))
    };
    let mut body = text(&spec.body_prefix)?.into_bytes();
    body.resize(body.len() + count, b'x');
    body.extend_from_slice(text(&spec.body_suffix)?.as_bytes());
    Ok(body)
}
