//! The response envelope.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// What a handler may give back.
///
/// | value | answers |
/// |---|---|
/// | [`Response`] | itself |
/// | [`Json`](crate::Json) | 200 and the value as JSON |
/// | `&str`, `String` | 200 and the text |
/// | `()` | 204 |
/// | `(u16, value)` | the value with another status |
/// | `Option<value>` | the value, or 404 |
/// | `Result<value, error>` | the value, or what the [`Error`] says |
#[diagnostic::on_unimplemented(
    message = "a handler cannot give back `{Self}`",
    note = "what it gives back is a `Response`, `Json`, text, `()`, a status with one of them, or a `Result` of \
            one of them whose error is `Error`, `HostError`, or can become an `Error`"
)]
pub trait IntoResponse {
    /// Makes the response; an error becomes one of its own, and is logged if the plugin is to blame.
    fn into_response(self) -> Result<Response, Error>;
}

impl IntoResponse for Response {
    fn into_response(self) -> Result<Response, Error> {
        Ok(self)
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::empty(204))
    }
}

impl IntoResponse for &str {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::text(200, self))
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response::text(200, self))
    }
}

impl<T: IntoResponse> IntoResponse for (u16, T) {
    fn into_response(self) -> Result<Response, Error> {
        Ok(Response { status: self.0, ..self.1.into_response()? })
    }
}

impl<T: IntoResponse> IntoResponse for Option<T> {
    fn into_response(self) -> Result<Response, Error> {
        self.ok_or_else(|| Error::not_found("thing"))?.into_response()
    }
}

impl<T: IntoResponse, E: Into<Error>> IntoResponse for Result<T, E> {
    fn into_response(self) -> Result<Response, Error> {
        self.map_err(Into::into)?.into_response()
    }
}

/// What the plugin answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Response {
    /// An answer without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: BTreeMap::new(), body: Vec::new() }
    }

    /// An answer in JSON. A value that has no JSON form (a map with keys that are no strings) answers 500.
    pub fn json<T: Serialize + ?Sized>(status: u16, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::bytes(status, "application/json", body),
            Err(error) => {
                crate::log::error(format_args!("a response could not be written as JSON: {error}"));
                Self::empty(500)
            }
        }
    }

    /// An answer in plain text.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::bytes(status, "text/plain; charset=utf-8", text.into().into_bytes())
    }

    /// An answer of any type.
    pub fn bytes(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self { body, ..Self::empty(status) }.header("Content-Type", content_type)
    }

    /// Sets a header, over an earlier value of the same name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|present, _| !present.eq_ignore_ascii_case(name));
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The value of a header, whatever the case of its name.
    pub fn header_value(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(present, _)| present.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// The body, read as JSON: for tests.
    pub fn read_json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// Reads an envelope.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn decode(envelope: &[u8]) -> Result<Self, serde_json::Error> {
        use serde::de::Error as _;

        #[derive(serde::Deserialize)]
        struct Wire {
            status: u16,
            headers: BTreeMap<String, String>,
            body: String,
        }
        let Wire { status, headers, body } = serde_json::from_slice(envelope)?;
        let body = crate::base64::decode(&body).map_err(serde_json::Error::custom)?;
        Ok(Self { status, headers, body })
    }

    /// Writes the envelope.
    pub fn encode(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Wire<'a> {
            status: u16,
            headers: &'a BTreeMap<String, String>,
            body: String,
        }
        let wire = Wire {
            status: self.status,
            headers: &self.headers,
            body: crate::base64::encode(&self.body),
        };
        // A struct of numbers and strings always has a JSON form.
        serde_json::to_vec(&wire).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_json_with_a_base64_body() {
        let response = Response::text(201, "hi").header("content-type", "text/css");
        assert_eq!(
            String::from_utf8_lossy(&response.encode()),
            r#"{"status":201,"headers":{"content-type":"text/css"},"body":"aGk="}"#
        );
    }

    #[test]
    fn values_become_responses() {
        let shown = |value: Result<Response, Error>| match value {
            Ok(response) => (response.status, String::from_utf8_lossy(&response.body).into_owned()),
            Err(error) => (error.status(), error.code().to_owned()),
        };
        let is = |status, text: &str| (status, text.to_owned());
        assert_eq!(shown("hi".into_response()), is(200, "hi"));
        assert_eq!(shown(().into_response()), is(204, ""));
        assert_eq!(shown((201, crate::Json([1])).into_response()), is(201, "[1]"));
        assert_eq!(shown(None::<&str>.into_response()), is(404, "NOT_FOUND"));
        let failed: Result<(), Error> = Err(Error::conflict("taken"));
        assert_eq!(shown(failed.into_response()), is(409, "CONFLICT"));
    }

    #[test]
    fn a_value_without_a_json_form_is_a_500() {
        let value = BTreeMap::from([(vec![1], 2)]);
        assert_eq!(Response::json(200, &value).status(), 500);
    }
}
