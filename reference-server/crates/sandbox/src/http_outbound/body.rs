//! Bodies, counted while they stream.

use futures_util::StreamExt as _;
use policy::outbound::{OutboundRefusal, code};

/// Reads a body up to a limit. A declared length above it is refused before a byte is read; an
/// undeclared or wrong one, at the byte that is too many.
pub(super) async fn read(
    response: reqwest::Response,
    limit: usize,
) -> Result<Vec<u8>, OutboundRefusal> {
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
        let chunk = chunk.map_err(|error| super::failure(&error))?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
