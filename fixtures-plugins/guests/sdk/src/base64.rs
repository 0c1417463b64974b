//! Standard base64 with padding, as every body in the ABI is written.

use base64::{DecodeError, Engine as _, engine::general_purpose::STANDARD};

pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
    STANDARD.decode(text)
}
