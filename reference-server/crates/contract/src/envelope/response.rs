//! The guest's answer, read strictly: anything malformed is the plugin's fault and a 502.

mod fields;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::fields::{Field, Fields};
use crate::base64_text;

/// Response headers a guest may set in vain: they belong to the connection, the host computes them,
/// or they act on the sessions of the host in whose name the guest answers. Dropped rather than refused, as any HTTP intermediary does (RFC 9110, 7.6.1).
pub const DROPPED_RESPONSE_HEADERS: [&str; 11] = [
    "clear-site-data",
    "connection",
    "content-length",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The content type of a response that names none.
const DEFAULT_CONTENT_TYPE: &str = "application/json";

/// A guest's answer as it writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseEnvelope {
    /// HTTP status; 0 means 200.
    pub status: u16,
    /// One value per header.
    pub headers: BTreeMap<String, String>,
    /// The body, base64 on the wire.
    #[serde(with = "base64_text")]
    pub body: Vec<u8>,
}

impl ResponseEnvelope {
    /// The JSON text a guest returns.
    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and string maps always serialise")
    }

    /// Reads a guest's answer.
    ///
    /// `status` absent, `null` or 0 is 200; otherwise 200..=599 (decision A4). `headers` and `body`
    /// may be absent or `null`. Unknown fields are ignored. Header names come out in lower case,
    /// without [`DROPPED_RESPONSE_HEADERS`]; of names that differ in case only, the first in byte
    /// order counts. A missing content type becomes `application/json`.
    pub fn decode(bytes: &[u8]) -> Result<GuestResponse, BadResponse> {
        if bytes.is_empty() {
            return Err(BadResponse::Empty);
        }
        let read = Fields::read(bytes).map_err(BadResponse::NotJson)?;
        let Field::Is(fields) = read else { return Err(BadResponse::NotAnObject) };
        let status = status(&fields.status)?;
        let body = match &fields.body {
            Field::Absent => Vec::new(),
            Field::Is(text) => base64_text::decode(text).map_err(|_| BadResponse::BodyNotBase64)?,
            Field::Other => {
                return Err(BadResponse::FieldType { field: "body", expected: "a string" });
            }
        };
        Ok(GuestResponse { status, headers: headers(fields.headers)?, body })
    }
}

/// A guest's answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestResponse {
    /// 200..=599.
    pub status: u16,
    /// Valid header lines, names in lower case and unique, `content-type` always among them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

fn status(field: &Field<i64>) -> Result<u16, BadResponse> {
    let number = match *field {
        Field::Absent => return Ok(200),
        Field::Is(number) => number,
        Field::Other => {
            return Err(BadResponse::FieldType { field: "status", expected: "an integer" });
        }
    };
    match u16::try_from(number) {
        Ok(0) => Ok(200),
        Ok(status @ 200..=599) => Ok(status),
        _ => Err(BadResponse::StatusOutOfRange(number)),
    }
}

fn headers(
    field: Field<Vec<(String, Field<Cow<'_, str>>)>>,
) -> Result<Vec<(String, String)>, BadResponse> {
    let declared = match field {
        Field::Absent => Vec::new(),
        Field::Is(members) => members,
        Field::Other => {
            return Err(BadResponse::FieldType { field: "headers", expected: "an object" });
        }
    };
    // Line by line with the name in lower case and as it was written; what came last comes first.
    let mut lines = Vec::with_capacity(declared.len() + 1);
    for (name, value) in declared.into_iter().rev() {
        let Field::Is(value) = value else {
            return Err(BadResponse::FieldType {
                field: "headers",
                expected: "an object of strings",
            });
        };
        if !is_token(&name) {
            return Err(BadResponse::HeaderName(name));
        }
        if !is_field_value(&value) {
            return Err(BadResponse::HeaderValue(name));
        }
        let key = name.to_ascii_lowercase();
        if DROPPED_RESPONSE_HEADERS.contains(&key.as_str()) {
            continue;
        }
        lines.push((key, name, value.into_owned()));
    }
    lines.sort_by(|(a_key, a_name, _), (b_key, b_name, _)| (a_key, a_name).cmp(&(b_key, b_name)));
    lines.dedup_by(|(key, ..), (kept, ..)| key == kept);
    let mut headers: Vec<_> = lines.into_iter().map(|(key, _, value)| (key, value)).collect();
    if let Err(place) = headers.binary_search_by(|(key, _)| key.as_str().cmp("content-type")) {
        headers.insert(place, ("content-type".to_owned(), DEFAULT_CONTENT_TYPE.to_owned()));
    }
    Ok(headers)
}

/// `token` of RFC 9110, 5.6.2.
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// `field-value` of RFC 9110, 5.5: no control characters but the tab, hence no line break that
/// would begin another header.
fn is_field_value(value: &str) -> bool {
    value.bytes().all(|b| b == b'\t' || (b >= 0x20 && b != 0x7f))
}

/// Why a guest's answer is no response; the client sees 502 `PLUGIN_BAD_RESPONSE`, the log this.
#[derive(Debug, thiserror::Error)]
pub enum BadResponse {
    /// The result had length 0.
    #[error("the result is empty")]
    Empty,
    /// The bytes are not JSON.
    #[error("the result is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but no object.
    #[error("the result is not a JSON object")]
    NotAnObject,
    /// A field of the wrong type.
    #[error("'{field}' must be {expected}")]
    FieldType {
        /// Which field.
        field: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A status HTTP does not know as final.
    #[error("status {0} is outside 200..=599")]
    StatusOutOfRange(i64),
    /// The body is not standard, padded base64.
    #[error("the body is not base64")]
    BodyNotBase64,
    /// A header name that is no token.
    #[error("{0:?} is no header name")]
    HeaderName(String),
    /// A header value with control characters.
    #[error("the value of header '{0}' holds control characters")]
    HeaderValue(String),
}
