//! Steps at the outbound server: what it is to send, and what reached it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Data, Span};
use crate::peers::End;

/// `outbound_seen = { … }`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenSpec {
    /// `?token=` of the requests meant.
    pub token: String,
    /// How many there were, as a matcher; default: at least one.
    pub count: Option<Data>,
    /// Matcher for the last one's method.
    pub method: Option<Data>,
    /// Matcher for its path.
    pub path: Option<Data>,
    /// Matchers for its headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Data>,
    /// Matcher for its body as text.
    pub body: Option<Data>,
}

/// `outbound_answer = { … }`: what `/scripted?token=…` gets instead of an HTTP server's answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerSpec {
    /// `?token=` of the requests meant.
    pub token: String,
    /// Sent as written, byte for byte: status line, headers and body.
    #[serde(default)]
    pub send: String,
    /// Then this, …
    #[serde(default)]
    pub repeat: String,
    /// … so often, or without end.
    pub times: Option<u64>,
    /// Before each time.
    pub pause: Option<Span>,
    /// Then this.
    #[serde(default)]
    pub tail: String,
    /// How it ends; default: in order.
    pub end: Option<End>,
    /// Nothing is sent before the step `release`.
    #[serde(default)]
    pub held: bool,
}
