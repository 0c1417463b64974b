//! A response on its way to the guest: headers counted and sorted out, the body counted while it
//! streams.

use std::collections::BTreeMap;

use contract::fetch::FetchResponse;
use futures_util::StreamExt as _;
use policy::Policy;
use policy::outbound::{OutboundRefusal, code, header_bytes};
use reqwest::header::{CONNECTION, HeaderMap};

use super::failure;

/// Reads a response to its end.
pub(super) async fn receive(
    response: reqwest::Response,
    policy: &Policy,
) -> Result<FetchResponse, OutboundRefusal> {
    let status = response.status().as_u16();
    if status < 200 {
        // 101; the others are no end of an exchange and are read over. No guest can have asked for
        // another protocol, since `Upgrade` is not taken from one.
        let message = "the other side changed the protocol";
        return Err(OutboundRefusal::new(code::CONNECTION_FAILED, message));
    }
    let headers = headers(response.headers(), policy)?;
    let body = body(response, policy.limits.fetch_response_bytes).await?;
    Ok(FetchResponse::received(status, headers, body))
}

/// What the guest sees of the headers; of several values the first counts.
fn headers(all: &HeaderMap, policy: &Policy) -> Result<BTreeMap<String, String>, OutboundRefusal> {
    let limit = policy.limits.fetch_header_bytes;
    let pairs = all.iter().map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
    if header_bytes(pairs) > limit {
        let message = format!("the response has more than {limit} bytes of headers");
        return Err(OutboundRefusal::new(code::HEADERS_TOO_LARGE, message));
    }
    let connection: Vec<&str> =
        all.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok()).collect();
    let mut seen = BTreeMap::new();
    for (name, value) in all {
        if (policy.outbound.response_header)(name.as_str(), &connection) {
            seen.entry(name.as_str().to_owned())
                .or_insert_with(|| String::from_utf8_lossy(value.as_bytes()).into_owned());
        }
    }
    Ok(seen)
}

/// Reads a body up to a limit. A declared length above it is refused before a byte is read; an
/// undeclared or wrong one, at the byte that is too many.
async fn body(response: reqwest::Response, limit: usize) -> Result<Vec<u8>, OutboundRefusal> {
    let too_large =
        || OutboundRefusal::new(code::RESPONSE_TOO_LARGE, format!("more than {limit} bytes"));
    // A HEAD response declares the length of a body that does not follow; its stream is empty.
    let declared = response.content_length().unwrap_or(0);
    if declared > limit as u64 {
        return Err(too_large());
    }
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| failure::refusal(&error))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
