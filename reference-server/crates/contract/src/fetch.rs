//! Messages of the `fetch` host function.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base64_text;
use crate::header::capitalised;

/// What a guest asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchRequest {
    /// HTTP method; empty means `GET`.
    #[serde(default)]
    pub method: String,
    /// Absolute URL.
    pub url: String,
    /// Request headers, one value per name.
    #[serde(default, deserialize_with = "null_is_default")]
    pub headers: BTreeMap<String, String>,
    /// Body text, or base64 when `body_base64` is set.
    #[serde(default)]
    pub body: String,
    /// Whether `body` is base64 of bytes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub body_base64: bool,
}

impl FetchRequest {
    /// The body as bytes, whichever way it was written.
    pub fn body_bytes(&self) -> Result<Vec<u8>, base64::DecodeError> {
        if self.body_base64 {
            base64_text::decode(&self.body)
        } else {
            Ok(self.body.clone().into_bytes())
        }
    }
}

/// What the guest gets back. A refusal or failure has status 0 and an `error` text that begins
/// with a stable code: `code: human text`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchResponse {
    /// HTTP status, or 0 when there was no response.
    pub status: u16,
    /// Body text, or base64 when `body_base64` is set.
    #[serde(default)]
    pub body: String,
    /// Set when the body is not valid UTF-8 and was therefore written as base64 (decision F1).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub body_base64: bool,
    /// First value of each response header, names as [`capitalised`] spells them.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Why there was no response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl FetchResponse {
    /// A response that arrived; capitalises header names and picks the body's representation.
    pub fn received(status: u16, headers: BTreeMap<String, String>, body: Vec<u8>) -> Self {
        let (body, body_base64) = match String::from_utf8(body) {
            Ok(text) => (text, false),
            Err(not_text) => (base64_text::encode(not_text.as_bytes()), true),
        };
        let headers =
            headers.into_iter().map(|(name, value)| (capitalised(&name), value)).collect();
        Self { status, body, body_base64, headers, error: None }
    }

    /// A refusal or failure; `code` is one of the stable outbound codes.
    pub fn failed(code: &str, message: &str) -> Self {
        Self { error: Some(format!("{code}: {message}")), ..Self::default() }
    }

    /// The body as bytes, whichever way it was written.
    pub fn body_bytes(&self) -> Result<Vec<u8>, base64::DecodeError> {
        if self.body_base64 {
            base64_text::decode(&self.body)
        } else {
            Ok(self.body.clone().into_bytes())
        }
    }
}

/// Guests written in Go send `null` for an empty map.
fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
