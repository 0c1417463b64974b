//! How a step reads in a snapshot: what was asked, which host calls were made, what came out.

mod calls;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sandbox::CallError;
use sandbox::watch::HostCall;
use sha2::{Digest as _, Sha256};

use crate::front::Outcome;
use crate::json_text;

/// Bytes of a body that a snapshot shows; of a larger one it has the digest.
const SHOWN: usize = 16 * 1024;

/// The heading of a step.
pub(crate) fn heading(out: &mut String, title: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    let _ = writeln!(out, "== {title}");
}

/// A line, and a body below it.
pub(crate) fn body(out: &mut String, bytes: &[u8], indent: &str) {
    for line in readable(bytes).lines() {
        let line = format!("{indent}{line}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// Bytes as they are shown: JSON indented, text as it is, anything else as base64.
fn readable(bytes: &[u8]) -> String {
    if bytes.len() > SHOWN {
        let digest = Sha256::digest(bytes);
        let mut hex = String::new();
        for byte in &digest[..8] {
            let _ = write!(hex, "{byte:02x}");
        }
        return format!("({} bytes, sha256 {hex}…)", bytes.len());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => json_text::readable(text).unwrap_or_else(|| visible(text)),
        Err(_) => format!("({} bytes) {}", bytes.len(), STANDARD.encode(bytes)),
    }
}

/// Control characters other than line breaks and tabs, escaped.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => shown.push(character),
            other if other.is_control() => shown.extend(other.escape_default()),
            other => shown.push(other),
        }
    }
    shown
}

/// Host calls, numbered.
pub(crate) fn host_calls(out: &mut String, made: &[HostCall]) {
    if made.is_empty() {
        let _ = writeln!(out, "host calls: none");
        return;
    }
    let _ = writeln!(out, "host calls:");
    for (at, call) in made.iter().enumerate() {
        calls::write(out, at + 1, call);
    }
}

/// What came out.
pub(crate) fn outcome(out: &mut String, outcome: &Outcome) {
    match outcome {
        Outcome::Answer { status, headers, body: bytes } => {
            let _ = writeln!(out, "-> {status}");
            let mut headers: Vec<_> = headers.iter().collect();
            headers.sort();
            for (name, value) in headers {
                let _ = writeln!(out, "   {name}: {value}");
            }
            body(out, bytes, "   ");
        }
        Outcome::Refused { code, by } => {
            let _ = writeln!(out, "-> {} {} by the host: {by}", code.status(), code.as_str());
        }
        Outcome::Fault(error) => {
            let code = error.code();
            let _ = writeln!(out, "-> {} {}: {}", code.status(), code.as_str(), fault(error));
        }
        Outcome::Handled => {
            let _ = writeln!(out, "-> handled");
        }
        Outcome::NotDelivered(reason) => {
            let _ = writeln!(out, "-> not delivered: {reason}");
        }
    }
}

/// A fault in words that are the same each time.
pub(crate) fn fault(error: &CallError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        let _ = write!(text, ": {error}");
        source = error.source();
    }
    text
}
