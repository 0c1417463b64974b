//! `HandleRequest`'s two messages (facts 1.5, decision A4).

mod response;

use std::collections::BTreeMap;

pub use response::{BadResponse, DROPPED_RESPONSE_HEADERS, GuestResponse, ResponseEnvelope};

use serde::{Deserialize, Serialize};

use crate::base64_text;

/// Room for everything but the body of a request that is not unusual.
const HEAD_BYTES: usize = 768;

/// An HTTP request as the guest reads it. Every field is always present.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestEnvelope {
    /// Upper-case method.
    pub method: String,
    /// What follows `/plugins/{name}`: no leading slash, `/` when nothing follows. See
    /// [`envelope_path`].
    pub path: String,
    /// First value of each query parameter, decoded.
    pub query: BTreeMap<String, String>,
    /// The project of a route with project-scoped permissions, else empty.
    pub project_id: String,
    /// The caller's `project_members` id in that project, else empty.
    pub caller_id: String,
    /// The caller's user id, empty when anonymous.
    pub user_id: String,
    /// The caller's global role by name; empty for API keys and when anonymous.
    pub caller_role: String,
    /// First value of each header, without credentials (decision R4), names as
    /// [`capitalised`](crate::header::capitalised) spells them.
    pub headers: BTreeMap<String, String>,
    /// The body, base64 on the wire.
    #[serde(with = "base64_text")]
    pub body: Vec<u8>,
}

impl RequestEnvelope {
    /// The JSON text handed to the guest.
    pub fn encode(&self) -> Vec<u8> {
        // With room for the body, so that it is not moved while it grows.
        let mut text = Vec::with_capacity(HEAD_BYTES + self.body.len().div_ceil(3) * 4);
        serde_json::to_writer(&mut text, self).expect("strings and string maps always serialise");
        text
    }
}

/// The envelope's `path` for a raw tail: without leading slash, `/` when nothing is left.
pub fn envelope_path(tail: &str) -> &str {
    match tail.trim_start_matches('/') {
        "" => "/",
        path => path,
    }
}
