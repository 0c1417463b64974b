//! Host names in one spelling.

use std::net::{IpAddr, Ipv6Addr};

use url::Host;

/// A host in its one spelling: lower case, IDNA to ASCII, without trailing dot, IPv4 in dotted
/// decimal however it was written (`0x7f.1`, `2130706433`), IPv6 without brackets. `None` when it
/// is no host.
pub fn normal_host(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() {
        return None;
    }
    let bracketed = text.parse::<Ipv6Addr>().map(|addr| format!("[{addr}]"));
    match Host::parse(bracketed.as_deref().unwrap_or(text)).ok()? {
        Host::Domain(domain) => {
            // One trailing dot is a spelling; an empty label anywhere is no name.
            domain.split('.').all(|label| !label.is_empty()).then_some(domain)
        }
        Host::Ipv4(addr) => Some(addr.to_string()),
        Host::Ipv6(addr) => Some(addr.to_string()),
    }
}

/// Whether one entry of a manifest's list allows a normalised host: exactly equal once normalised,
/// or `*` for any.
pub(super) fn allows(entry: &str, host: &str) -> bool {
    let entry = entry.trim();
    entry == "*" || normal_host(entry).as_deref() == Some(host)
}

/// The address, if a normalised host is one.
pub(super) fn literal_addr(host: &str) -> Option<IpAddr> {
    host.parse().ok()
}
