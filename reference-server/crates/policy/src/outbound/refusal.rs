//! Why a request is not sent.

/// Stable codes; a guest reads `code: human text`.
pub mod code {
    /// Not a URL, or one without a host.
    pub const INVALID_URL: &str = "invalid_url";
    /// Anything but https.
    pub const SCHEME_NOT_ALLOWED: &str = "scheme_not_allowed";
    /// A user name or password in the URL.
    pub const USERINFO_NOT_ALLOWED: &str = "userinfo_not_allowed";
    /// The host is not in the manifest's list.
    pub const DOMAIN_NOT_ALLOWED: &str = "domain_not_allowed";
    /// The host leads to an address that is not public.
    pub const ADDRESS_NOT_ALLOWED: &str = "address_not_allowed";
    /// A method `fetch` does not know.
    pub const METHOD_NOT_ALLOWED: &str = "method_not_allowed";
    /// A malformed header.
    pub const HEADER_NOT_ALLOWED: &str = "header_not_allowed";
    /// More bytes of headers than the limit, in a request or in a response.
    pub const HEADERS_TOO_LARGE: &str = "headers_too_large";
    /// A request body above the limit.
    pub const REQUEST_TOO_LARGE: &str = "request_too_large";
    /// A redirect to where the plugin may not go.
    pub const REDIRECT_NOT_ALLOWED: &str = "redirect_not_allowed";
    /// More hops than the limit.
    pub const TOO_MANY_REDIRECTS: &str = "too_many_redirects";
    /// A response body above the limit.
    pub const RESPONSE_TOO_LARGE: &str = "response_too_large";
    /// No resolution, no connection, or an exchange that broke off.
    pub const CONNECTION_FAILED: &str = "connection_failed";
    /// The other side could not prove who it is, or does not speak TLS.
    pub const TLS_FAILED: &str = "tls_failed";
    /// The request itself cannot be read: no JSON object, or a body that is no base64.
    pub const INVALID_REQUEST: &str = "invalid_request";

    /// All of them.
    pub const ALL: &[&str] = &[
        INVALID_URL,
        SCHEME_NOT_ALLOWED,
        USERINFO_NOT_ALLOWED,
        DOMAIN_NOT_ALLOWED,
        ADDRESS_NOT_ALLOWED,
        METHOD_NOT_ALLOWED,
        HEADER_NOT_ALLOWED,
        HEADERS_TOO_LARGE,
        REQUEST_TOO_LARGE,
        REDIRECT_NOT_ALLOWED,
        TOO_MANY_REDIRECTS,
        RESPONSE_TOO_LARGE,
        CONNECTION_FAILED,
        TLS_FAILED,
        INVALID_REQUEST,
    ];
}

/// A refused or failed outbound request. `Display` is the text a guest reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct OutboundRefusal {
    /// One of [`code`].
    pub code: &'static str,
    /// For humans.
    pub message: String,
}

impl OutboundRefusal {
    /// Builds a refusal.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
