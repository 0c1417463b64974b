//! The request id: in every log line, every envelope and the header `x-request-id`.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue};
use uuid::Uuid;

/// Header of the request id, in both directions.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id taken over from a client or a gateway: enough for a UUID or a trace id, too
/// little to fill a log with.
const MAX_BYTES: usize = 64;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The id of the request that is being served; `None` outside one.
pub fn current() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}

/// Takes the id a gateway gave the request, or makes one.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|id| acceptable(id))
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
    let header = HeaderValue::from_str(&id).ok();
    let mut response = REQUEST_ID.scope(id, next.run(request)).await;
    if let Some(header) = header {
        response.headers_mut().insert(HEADER, header);
    }
    response
}

/// Letters, digits, `-` and `_` only: the id ends up in log lines, unquoted.
fn acceptable(id: &str) -> bool {
    (1..=MAX_BYTES).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_forge_a_log_line_are_not_taken_over() {
        for (id, expected) in [
            ("7d4f-A_b", true),
            ("", false),
            ("a b", false),
            ("a\tb", false),
            ("a=b", false),
            (&"x".repeat(MAX_BYTES), true),
            (&"x".repeat(MAX_BYTES + 1), false),
        ] {
            assert_eq!(acceptable(id), expected, "{id:?}");
        }
    }
}
