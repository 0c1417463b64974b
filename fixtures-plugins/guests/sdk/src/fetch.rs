//! Requests to the hosts that the manifest lists in `backend.allowedOutboundDomains`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::host::{self, HostError};
use crate::raw;

/// A request to another server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outgoing {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// What the other server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The status the server sent.
    pub status: u16,
    /// First value of each header.
    pub headers: BTreeMap<String, String>,
    /// The body. A host writes bytes that are no text in base64 and says so; here they are bytes again.
    pub body: Vec<u8>,
}

impl Outgoing {
    /// A request without headers or body.
    pub fn new(method: &str, url: &str) -> Self {
        Self { method: method.to_owned(), url: url.to_owned(), ..Self::default() }
    }

    /// A GET.
    pub fn get(url: &str) -> Self {
        Self::new("GET", url)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it. Any status the server answers is a success here; the error is the host's refusal or failure.
    pub fn send(&self) -> Result<Incoming, HostError> {
        let request =
            serde_json::to_vec(self).map_err(|error| HostError::bad_answer(NAME, error))?;
        decode(&host::bytes(NAME, raw::fetch(&request))?)
    }
}

const NAME: &str = "fetch";

/// The host's JSON: `{status, headers, body}`, or `{status: 0, error}`.
#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    body_base64: bool,
    error: Option<String>,
}

fn decode(text: &[u8]) -> Result<Incoming, HostError> {
    let wire: Wire =
        serde_json::from_slice(text).map_err(|error| HostError::bad_answer(NAME, error))?;
    if let Some(error) = wire.error {
        return Err(HostError::from_text(NAME, &error));
    }
    let body = if wire.body_base64 {
        crate::base64::decode(&wire.body).map_err(|error| HostError::bad_answer(NAME, error))?
    } else {
        wire.body.into_bytes()
    };
    Ok(Incoming { status: wire.status, headers: wire.headers, body })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let answer =
            decode(br#"{"status":404,"headers":{"X-A":"1"},"body":"gone","later":true}"#).unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (404, b"gone".as_slice()));
        assert_eq!(answer.headers["X-A"], "1");
    }

    #[test]
    fn a_body_that_is_no_text_comes_as_base64() {
        let answer = decode(br#"{"status":200,"body":"//8=","body_base64":true}"#).unwrap();
        assert_eq!(answer.body, [0xff, 0xff]);
    }

    #[test]
    fn a_refusal_is_an_error_with_its_code() {
        let error =
            decode(br#"{"status":0,"error":"domain_not_allowed: example.org"}"#).unwrap_err();
        assert_eq!(error.code, "domain_not_allowed");
    }
}
