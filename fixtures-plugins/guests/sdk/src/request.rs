//! The request envelope.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, de::DeserializeOwned};

use crate::{Error, FromRequest};

/// One request, as the host describes it to the plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// Upper-case method.
    pub method: String,
    /// The path below the plugin's own URL, without a leading slash; `/` when it is empty.
    pub path: String,
    /// First value of each query parameter.
    pub query: BTreeMap<String, String>,
    /// The project, when the route checks a permission in one; else empty.
    pub project_id: String,
    /// The caller's membership in that project; else empty.
    pub caller_id: String,
    /// The user, or empty for an anonymous caller.
    pub user_id: String,
    /// The user's role, where the credential names one; else empty.
    pub caller_role: String,
    /// First value of each header, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// In the order of the route's path.
    pub(crate) params: Vec<(String, String)>,
}

/// Fields as they travel. All are optional, so that an envelope of an older host is still understood.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    project_id: String,
    caller_id: String,
    user_id: String,
    caller_role: String,
    headers: BTreeMap<String, String>,
    body: String,
}

/// An envelope that cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum BadEnvelope {
    /// Not JSON, or a field of the wrong type.
    Json(serde_json::Error),
    /// The body is not base64.
    Body(base64::DecodeError),
}

impl fmt::Display for BadEnvelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => {
                write!(f, "the request envelope is not the expected JSON: {error}")
            }
            Self::Body(error) => {
                write!(f, "the body in the request envelope is not base64: {error}")
            }
        }
    }
}

impl Request {
    /// Reads an envelope.
    pub fn decode(envelope: &[u8]) -> Result<Self, BadEnvelope> {
        let wire: Wire = serde_json::from_slice(envelope).map_err(BadEnvelope::Json)?;
        let headers = wire.headers.into_iter();
        Ok(Self {
            method: wire.method,
            path: wire.path,
            query: wire.query,
            project_id: wire.project_id,
            caller_id: wire.caller_id,
            user_id: wire.user_id,
            caller_role: wire.caller_role,
            headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
            body: crate::base64::decode(&wire.body).map_err(BadEnvelope::Body)?,
            params: Vec::new(),
        })
    }

    /// The value a `:name` (or final `*name`) of the route's path stands for; empty when the route has none.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(given, _)| given == name).map_or("", |(_, value)| value)
    }

    /// A header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    /// A part of it, as a handler could have it as an argument.
    pub fn extract<T: FromRequest>(&self) -> Result<T, Error> {
        T::from_request(self)
    }

    /// The body as JSON; a body that does not fit answers 400 and says where.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::bad_request(format!("request body: {error}")))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_read() {
        let request = Request::decode(
            br#"{"method":"POST","path":"items/7","query":{"q":"1"},"project_id":"p","caller_id":"c",
                "user_id":"u","caller_role":"r","headers":{"Content-Type":"text/plain"},"body":"aGk="}"#,
        )
        .unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "items/7"));
        assert_eq!(request.query["q"], "1");
        assert_eq!(request.header("content-TYPE"), Some("text/plain"));
        assert_eq!(request.body, b"hi");
    }

    #[test]
    fn fields_the_host_does_not_know_are_empty() {
        let request = Request::decode(br#"{"method":"GET","path":"/"}"#).unwrap();
        assert_eq!(request.user_id, "");
        assert!(request.body.is_empty());
    }

    #[test]
    fn a_broken_envelope_is_an_error() {
        assert!(matches!(Request::decode(b"{"), Err(BadEnvelope::Json(_))));
        assert!(matches!(Request::decode(br#"{"body":"%"}"#), Err(BadEnvelope::Body(_))));
    }

    #[test]
    fn a_body_that_does_not_fit_is_the_callers_mistake() {
        let request = Request { body: b"{\"n\":\"x\"}".to_vec(), ..Request::default() };
        let error = request.json::<BTreeMap<String, u8>>().unwrap_err();
        assert_eq!(error.status(), 400);
    }
}
