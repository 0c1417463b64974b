//! The digest of a report: SHA-256 over the document without the digest itself, in the canonical form of
//! RFC 8785 (no white space, members sorted). It shows that a file was damaged or edited by mistake.
//! It is no signature: whoever changes a report on purpose can compute it anew.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Report;

/// The digest of a report in memory.
pub(super) fn of(report: &Report) -> String {
    serde_json::to_value(report).map(of_document).unwrap_or_default()
}

/// The digest of a document as it was read.
pub(super) fn of_document(mut document: Value) -> String {
    if let Some(footer) = document.pointer_mut("/footer").and_then(Value::as_object_mut) {
        footer.remove("digest");
    }
    let mut canonical = String::new();
    write(&document, &mut canonical);
    hex::encode(Sha256::digest(canonical))
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}
