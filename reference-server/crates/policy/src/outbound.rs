//! Which addresses a plugin may reach with `fetch`, and what goes there and back (decision F1).
//!
//! Two checks, and both are needed. [`OutboundPolicy::check_url`] judges what is written: scheme,
//! user information, host against the manifest's list. [`OutboundPolicy::check_addr`] judges where
//! the name leads, and must be asked about the very address the connection then goes to: a name
//! may resolve differently a moment later. Redirects are new URLs and pass both again
//! ([`OutboundPolicy::redirect`]).

mod address;
mod headers;
mod host;
mod redirect;
mod refusal;
mod target;

use std::collections::BTreeMap;
use std::net::IpAddr;

use url::Url;

pub use headers::{CONNECTION_HEADERS, DROPPED_REQUEST_HEADERS, header_bytes};
pub use host::normal_host;
pub use redirect::{CROSS_ORIGIN_HEADERS, Hop, NextHop, RedirectPolicy, Rewritten};
pub use refusal::{OutboundRefusal, code};
pub use target::MAX_URL_BYTES;

/// Methods of `fetch`.
pub const METHODS: &[&str] = &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

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
    /// Whether the guest sees a response header. The second argument is the values of the
    /// response's `Connection` headers, which name further ones that end with the connection.
    pub response_header: fn(name: &str, connection: &[&str]) -> bool,
    /// What a redirect changes.
    pub redirect: RedirectPolicy,
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

    /// The request that a response asks for next, or `None` when the response is the answer.
    /// `location` is its `Location` header as it came.
    pub fn redirect(
        &self,
        hop: Hop<'_>,
        status: u16,
        location: Option<&[u8]>,
        allowed: &[String],
        test_hosts: &[String],
    ) -> Result<Option<NextHop>, OutboundRefusal> {
        self.redirect.next(hop, status, location, |url| self.check_url(url, allowed, test_hosts))
    }
}

impl Default for OutboundPolicy {
    fn default() -> Self {
        Self {
            url: target::check,
            addr: address::check,
            method: check_method,
            header: headers::check,
            response_header: headers::reaches_guest,
            redirect: RedirectPolicy::default(),
        }
    }
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
