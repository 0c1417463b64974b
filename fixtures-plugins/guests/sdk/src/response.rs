//! The response envelope.

use std::collections::BTreeMap;

use serde::Serialize;

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
    fn a_value_without_a_json_form_is_a_500() {
        let value = BTreeMap::from([(vec![1], 2)]);
        assert_eq!(Response::json(200, &value).status(), 500);
    }
}
