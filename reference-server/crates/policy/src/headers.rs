//! Which headers of a client's request reach the guest (decision R4).

/// Request headers a guest never sees, in lower case.
///
/// Credentials first: a plugin acts through the identity fields of the envelope, never with the
/// caller's own session. Then what belongs to the connection between client and host.
pub const STRIPPED_REQUEST_HEADERS: &[&str] = &[
    "authorization",
    "cookie",
    "x-api-key",
    "proxy-authorization",
    "connection",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Header decisions.
#[derive(Clone, Debug)]
pub struct HeaderPolicy {
    /// Names, in lower case, removed before the guest sees a request.
    pub stripped_request_headers: Vec<&'static str>,
}

impl HeaderPolicy {
    /// Whether the guest may see this request header. Case does not matter.
    pub fn reaches_guest(&self, name: &str) -> bool {
        !self.stripped_request_headers.iter().any(|stripped| stripped.eq_ignore_ascii_case(name))
    }
}

impl Default for HeaderPolicy {
    fn default() -> Self {
        Self { stripped_request_headers: STRIPPED_REQUEST_HEADERS.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_never_reach_the_guest() {
        let policy = HeaderPolicy::default();
        for name in ["Cookie", "AUTHORIZATION", "x-api-key", "X-API-Key"] {
            assert!(!policy.reaches_guest(name), "{name}");
        }
        for name in ["Accept", "X-Request-Id", "Content-Type"] {
            assert!(policy.reaches_guest(name), "{name}");
        }
    }
}
