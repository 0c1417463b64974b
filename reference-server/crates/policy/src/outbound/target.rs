//! The URL as written: what it may hold, and which host it may name.

use url::Url;

use super::refusal::{OutboundRefusal, code};
use super::{address, host};

/// The longest URL, in bytes as the guest wrote it. Servers take some kilobytes; a longer one is
/// data on its way out in the wrong place.
pub const MAX_URL_BYTES: usize = 16 * 1024;

pub(super) fn check(
    text: &str,
    allowed: &[String],
    test_hosts: &[String],
) -> Result<Url, OutboundRefusal> {
    let mut url = parse(text)?;
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
        .and_then(host::normal_host)
        .ok_or_else(|| OutboundRefusal::new(code::INVALID_URL, "the URL has no usable host"))?;
    let is_test_host =
        test_hosts.iter().any(|test| host::normal_host(test).as_deref() == Some(&host));
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
    if url.host_str().is_some_and(|written| written.ends_with('.')) {
        // The dot would go into the `Host` header and into the name a certificate has to be for.
        url.set_host(Some(&host)).map_err(invalid)?;
    }
    url.set_fragment(None);
    Ok(url)
}

fn parse(text: &str) -> Result<Url, OutboundRefusal> {
    if text.len() > MAX_URL_BYTES {
        return Err(OutboundRefusal::new(
            code::INVALID_URL,
            format!("the URL is longer than {MAX_URL_BYTES} bytes"),
        ));
    }
    // A URL parser strips tabs, line breaks and outer blanks before it reads; what a guest wrote
    // should be what is judged.
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(OutboundRefusal::new(
            code::INVALID_URL,
            "the URL holds blanks or control characters",
        ));
    }
    Url::parse(text).map_err(invalid)
}

fn invalid(error: url::ParseError) -> OutboundRefusal {
    OutboundRefusal::new(code::INVALID_URL, format!("no URL: {error}"))
}

/// `https://@host/` has user information, if an empty one; parsers drop it without a trace.
fn has_userinfo_marker(text: &str) -> bool {
    let after_scheme = text.split_once(':').map_or("", |(_, rest)| rest);
    let authority = after_scheme.trim_start_matches(['/', '\\']);
    let authority = authority.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    authority.contains('@')
}
