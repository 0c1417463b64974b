//! Headers of a request on their way out, and of a response on their way in.

use super::refusal::{OutboundRefusal, code};

/// Headers that mean something between two ends of one connection only (RFC 9110, 7.6.1).
pub const CONNECTION_HEADERS: &[&str] = &[
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Request headers a guest sets in vain, beside those of the connection: the client computes the
/// first two, and waits for nobody's leave, which the third asks for. Dropped silently (facts 5.6).
pub const DROPPED_REQUEST_HEADERS: &[&str] = &["content-length", "host", "expect"];

/// What a header section takes up: name, value, and the four bytes between and behind them.
pub fn header_bytes<'a>(headers: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> usize {
    headers.into_iter().map(|(name, value)| name.len() + value.len() + 4).sum()
}

/// Judges a header of a guest's: to send, to drop, or refused.
pub(super) fn check(name: &str, value: &str) -> Result<bool, OutboundRefusal> {
    let is_token = !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    if !is_token {
        return Err(OutboundRefusal::new(
            code::HEADER_NOT_ALLOWED,
            format!("{name:?} is no header name"),
        ));
    }
    if !value.bytes().all(|b| b == b'\t' || (b >= 0x20 && b != 0x7f)) {
        return Err(OutboundRefusal::new(
            code::HEADER_NOT_ALLOWED,
            format!("the value of header '{name}' holds control characters"),
        ));
    }
    Ok(!is_one_of(CONNECTION_HEADERS, name) && !is_one_of(DROPPED_REQUEST_HEADERS, name))
}

/// Whether a guest sees a response header: not the connection's own, nor what the response's
/// `Connection` values declare to be of that kind.
pub(super) fn reaches_guest(name: &str, connection: &[&str]) -> bool {
    let declared = connection.iter().flat_map(|value| value.split(',')).map(str::trim);
    !is_one_of(CONNECTION_HEADERS, name)
        && !declared.into_iter().any(|declared| declared.eq_ignore_ascii_case(name))
}

fn is_one_of(list: &[&str], name: &str) -> bool {
    list.iter().any(|entry| entry.eq_ignore_ascii_case(name))
}
