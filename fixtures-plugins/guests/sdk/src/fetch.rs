//! Requests to the hosts that the manifest lists in `backend.allowedOutboundDomains`.
//!
//! ```
//! use hostproof_guest::{Error, fetch};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Weather {
//!     celsius: f64,
//! }
//!
//! fn weather(city: &str) -> Result<Weather, Error> {
//!     fetch::get(&format!("https://weather.example/now?city={city}"))
//!         .header("Accept", "application/json")
//!         .send()?
//!         .error_for_status()?
//!         .json()
//! }
//! ```

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::host::{self, HostError};
use crate::raw;

/// A request to another server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    body: String,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    body_base64: bool,
}

/// What the other server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status the server sent.
    pub status: u16,
    /// First value of each header.
    pub headers: BTreeMap<String, String>,
    /// The body. A host writes bytes that are no text in base64 and says so; here they are bytes again.
    pub body: Vec<u8>,
}

/// A GET.
pub fn get(url: &str) -> Request {
    Request::new("GET", url)
}

/// A POST.
pub fn post(url: &str) -> Request {
    Request::new("POST", url)
}

/// A PUT.
pub fn put(url: &str) -> Request {
    Request::new("PUT", url)
}

/// A PATCH.
pub fn patch(url: &str) -> Request {
    Request::new("PATCH", url)
}

/// A DELETE.
pub fn delete(url: &str) -> Request {
    Request::new("DELETE", url)
}

impl Request {
    /// A request without headers or body.
    pub fn new(method: &str, url: &str) -> Self {
        Self { method: method.to_owned(), url: url.to_owned(), ..Self::default() }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds the header that proves who asks: `Authorization: Bearer …`.
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// Sets the body to a text.
    pub fn text(self, body: impl Into<String>) -> Self {
        Self { body: body.into(), body_base64: false, ..self }
    }

    /// Sets the body to bytes, which need not be text.
    pub fn bytes(self, body: &[u8]) -> Self {
        Self { body: crate::base64::encode(body), body_base64: true, ..self }
    }

    /// Sets the body to a value as JSON, and the header that says so.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self, HostError> {
        let body =
            serde_json::to_string(value).map_err(|error| HostError::bad_answer(NAME, error))?;
        Ok(self.header("Content-Type", "application/json").text(body))
    }

    /// Sends it. Any status the server answers is a success here; the error is the host's refusal or failure.
    pub fn send(&self) -> Result<Response, HostError> {
        let request =
            serde_json::to_vec(self).map_err(|error| HostError::bad_answer(NAME, error))?;
        decode(&host::bytes(NAME, raw::fetch(&request))?)
    }
}

impl Response {
    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(present, _)| present.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// Itself, or a 502 where the server did not answer with a status of success. The log says which.
    pub fn error_for_status(self) -> Result<Self, Error> {
        if (200..300).contains(&self.status) {
            Ok(self)
        } else {
            Err(Error::bad_gateway(format_args!("the server answered {}", self.status)))
        }
    }

    /// The body as JSON, or a 502 where it does not fit.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(Error::bad_gateway)
    }

    /// The body as text; what is none becomes `U+FFFD`.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
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

fn decode(text: &[u8]) -> Result<Response, HostError> {
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
    Ok(Response { status: wire.status, headers: wire.headers, body })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let answer =
            decode(br#"{"status":404,"headers":{"X-A":"1"},"body":"gone","later":true}"#).unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (404, "gone"));
        assert_eq!(answer.header("x-a"), Some("1"));
        assert_eq!(answer.error_for_status().unwrap_err().status(), 502);
    }

    #[test]
    fn a_body_that_is_no_text_travels_as_base64() {
        let answer = decode(br#"{"status":200,"body":"//8=","body_base64":true}"#).unwrap();
        assert_eq!(answer.body, [0xff, 0xff]);
        let sent = serde_json::to_value(post("https://a.example").bytes(&[0xff, 0xff])).unwrap();
        assert_eq!((&sent["body"], &sent["body_base64"]), (&"//8=".into(), &true.into()));
        let sent = serde_json::to_value(post("https://a.example").text("x")).unwrap();
        assert_eq!((&sent["body"], sent.get("body_base64")), (&"x".into(), None));
    }

    #[test]
    fn a_refusal_is_an_error_with_its_code() {
        let error =
            decode(br#"{"status":0,"error":"domain_not_allowed: example.org"}"#).unwrap_err();
        assert_eq!(error.code, "domain_not_allowed");
    }
}
