//! The operations as requests, and what answers mean.

use anyhow::Result;
use serde_json::{Value, json};
use ureq::http::Method;

use super::state::Operation;
use crate::{api::Client, catalog::Catalog};

/// What the host said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reply {
    /// It is done.
    Done,
    /// It is not; the status, and the code.
    Refused(u16, String),
}

/// Offers what the operation is to find in the catalog.
pub(crate) fn publish(operation: &Operation, catalog: &Catalog) -> Result<()> {
    match operation {
        Operation::Install { sample, .. } | Operation::Upgrade(sample) => sample.publish(catalog),
        Operation::Manifest(_) | Operation::Enable(_) | Operation::Uninstall => Ok(()),
    }
}

/// Asks for an operation. `id` is that of the installed plugin.
pub(crate) fn send(client: &Client, operation: &Operation, id: Option<&str>) -> Result<Reply> {
    // Nothing is installed under this id; what asks for it is answered so.
    let id = id.unwrap_or("00000000-0000-4000-8000-000000000000");
    let plugin = format!("/api/v1/admin/plugins/{id}");
    let installing = "/api/v1/admin/plugins/marketplace/install".to_owned();
    let (method, path, body) = match operation {
        Operation::Install { sample, enabled } => {
            let body = json!({ "name": sample.name, "enabled": enabled });
            (Method::POST, installing, Some(body))
        }
        Operation::Manifest(sample) => {
            let body = json!({ "manifest": sample.changed_manifest() });
            (Method::PATCH, plugin, Some(body))
        }
        Operation::Enable(enabled) => (Method::PATCH, plugin, Some(json!({ "enabled": enabled }))),
        Operation::Upgrade(_) => (Method::POST, format!("{plugin}/upgrade"), None),
        Operation::Uninstall => (Method::DELETE, plugin, None),
    };
    let answer = client.send(&method, &path, body.as_ref())?;
    if (200..300).contains(&answer.status) {
        return Ok(Reply::Done);
    }
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let code = body["error_code"].as_str().unwrap_or(&answer.body);
    Ok(Reply::Refused(answer.status, code.to_owned()))
}

/// What the operation is answered when it is asked for again: it is done now, or was before.
pub(crate) fn when_repeated(operation: &Operation, done: bool) -> Reply {
    let refused = |status, code: &str| Reply::Refused(status, code.to_owned());
    match operation {
        Operation::Install { .. } if done => refused(409, "PLUGIN_NAME_TAKEN"),
        Operation::Upgrade(_) if done => refused(409, "PLUGIN_ALREADY_UP_TO_DATE"),
        Operation::Uninstall if done => refused(404, "PLUGIN_NOT_FOUND"),
        _ => Reply::Done,
    }
}
