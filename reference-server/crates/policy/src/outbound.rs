//! Which addresses a plugin may reach with `fetch` (decision F1).
//!
//! Two checks, and both are needed. [`OutboundPolicy::check_url`] judges what is written: scheme,
//! user information, host against the manifest's list. [`OutboundPolicy::check_addr`] judges where
//! the name leads, and must be asked about the very address the connection then goes to: a name
//! may resolve differently a moment later. Redirects are new URLs and pass both again.

mod address;
mod host;
mod refusal;

use std::collections::BTreeMap;
use std::net::IpAddr;

use url::Url;

pub use host::normal_host;
pub use refusal::{OutboundRefusal, code};

/// Methods of `fetch`.
pub const METHODS: &[&str] = &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// Request headers a guest sets in vain: they belong to the connection, or the client computes
/// them. Dropped silently (facts 5.6).
pub const DROPPED_REQUEST_HEADERS: &[&str] = &[
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that are not sent on when a redirect leads to another host: they were meant for the
/// first one.
pub const CREDENTIAL_HEADERS: &[&str] = &["authorization", "cookie", "www-authenticate"];

/// A judgement of a URL: the URL, the manifest's list, the test hosts.
pub type CheckUrl = fn(&str, &[String], &[String]) -> Result<Url, OutboundRefusal>;

/// Outbound decisions.
#[derive(Clone, Debug)]
pub struct OutboundPolicy {
    /// Judges a URL against the manifest's list. `test_hosts` are normalised names for which plain
    /// http is allowed; they come from a test switch of the host and are empty otherwise.
    pub url: CheckUrl,
    /// Judges a resolved address: only public ones.
    pub addr: fn(IpAddr) -> Result<(), OutboundRefusal>,
    /// Normalises a method (empty is GET) or refuses it.
    pub method: fn(&str) -> Result<String, OutboundRefusal>,
    /// Judges one request header: `Ok(true)` to send, `Ok(false)` to drop silently.
    pub header: fn(name: &str, value: &str) -> Result<bool, OutboundRefusal>,
}

impl OutboundPolicy {
    /// Judges a URL; the returned one is normalised and is the one to connect to.
    pub fn check_url(
        &self,
        url: &str,
        allowed: &[String],
        test_hosts: &[String],
    ) -> Result<Url, OutboundRefusal> {
        (self.url)(url, allowed, test_hosts)
    }

    /// Judges an address, to be asked about every address a name resolves to and pinned then.
    pub fn check_addr(&self, addr: IpAddr) -> Result<(), OutboundRefusal> {
        (self.addr)(addr)
    }

    /// Normalises a method or refuses it.
    pub fn check_method(&self, method: &str) -> Result<String, OutboundRefusal> {
        (self.method)(method)
    }

    /// The headers to send: refused when malformed, without the ones a guest sets in vain. Names
    /// come out in lower case.
    pub fn filter_headers(
        &self,
        headers: &BTreeMap<String, String>,
    ) -> Result<Vec<(String, String)>, OutboundRefusal> {
        let mut kept = Vec::with_capacity(headers.len());
        for (name, value) in headers {
            if (self.header)(name, value)? {
                kept.push((name.to_ascii_lowercase(), value.clone()));
            }
        }
        Ok(kept)
    }
}

impl Default for OutboundPolicy {
    fn default() -> Self {
        Self { url: check_url, addr: address::check, method: check_method, header: check_header }
    }
}

fn check_url(
    text: &str,
    allowed: &[String],
    test_hosts: &[String],
) -> Result<Url, OutboundRefusal> {
    // A URL parser strips tabs, line breaks and outer blanks before it reads; what a guest wrote
    // should be what is judged.
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(OutboundRefusal::new(
            code::INVALID_URL,
            "the URL holds blanks or control characters",
        ));
    }
    let url = Url::parse(text)
        .map_err(|error| OutboundRefusal::new(code::INVALID_URL, format!("no URL: {error}")))?;
    let scheme = url.scheme();
    if !matches!(scheme, "https" | "http") {
        return Err(OutboundRefusal::new(
            code::SCHEME_NOT_ALLOWED,
            format!("the scheme must be https, is {scheme}"),
        ));
    }
    if !url.username().is_empty() || url.password().is_some() || has_userinfo_marker(text) {
        return Err(OutboundRefusal::new(
            code::USERINFO_NOT_ALLOWED,
            "the URL must not hold a user name or password",
        ));
    }
    let host = url
        .host_str()
        .and_then(normal_host)
        .ok_or_else(|| OutboundRefusal::new(code::INVALID_URL, "the URL has no usable host"))?;
    let is_test_host = test_hosts.iter().any(|test| normal_host(test).as_deref() == Some(&host));
    if scheme != "https" && !is_test_host {
        return Err(OutboundRefusal::new(
            code::SCHEME_NOT_ALLOWED,
            "the scheme must be https, is http",
        ));
    }
    if !allowed.iter().any(|entry| host::allows(entry, &host)) {
        return Err(OutboundRefusal::new(
            code::DOMAIN_NOT_ALLOWED,
            format!("'{host}' is not among the plugin's allowedOutboundDomains"),
        ));
    }
    // An address written as such is judged here already; names are judged when resolved.
    if let Some(addr) = host::literal_addr(&host)
        && !is_test_host
    {
        address::check(addr)?;
    }
    let mut url = url;
    url.set_fragment(None);
    Ok(url)
}

/// `https://@host/` has user information, if an empty one; parsers drop it without a trace.
fn has_userinfo_marker(text: &str) -> bool {
    let after_scheme = text.split_once(':').map_or("", |(_, rest)| rest);
    let authority = after_scheme.trim_start_matches(['/', '\\']);
    let authority = authority.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    authority.contains('@')
}

fn check_method(method: &str) -> Result<String, OutboundRefusal> {
    let method = method.trim().to_ascii_uppercase();
    if method.is_empty() {
        return Ok("GET".to_owned());
    }
    if METHODS.contains(&method.as_str()) {
        return Ok(method);
    }
    Err(OutboundRefusal::new(
        code::METHOD_NOT_ALLOWED,
        format!("the method must be one of {}", METHODS.join(", ")),
    ))
}

fn check_header(name: &str, value: &str) -> Result<bool, OutboundRefusal> {
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
    Ok(!DROPPED_REQUEST_HEADERS.iter().any(|dropped| dropped.eq_ignore_ascii_case(name)))
}
