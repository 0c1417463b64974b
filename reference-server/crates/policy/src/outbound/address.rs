//! Public addresses only.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::refusal::{OutboundRefusal, code};

/// Refuses every address that is not globally reachable unicast.
///
/// An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4, Teredo) is judged by what it
/// carries, since that is where it may lead.
pub(super) fn check(addr: IpAddr) -> Result<(), OutboundRefusal> {
    let reason = match addr {
        IpAddr::V4(v4) => not_public_v4(v4),
        IpAddr::V6(v6) => not_public_v6(v6),
    };
    match reason {
        None => Ok(()),
        Some(reason) => Err(OutboundRefusal::new(
            code::ADDRESS_NOT_ALLOWED,
            format!("{addr} is not a public address ({reason})"),
        )),
    }
}

/// Address blocks of RFC 6890 and its successors that no plugin has business with.
const V4_BLOCKS: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::UNSPECIFIED, 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "carrier-grade NAT"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignments"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarking"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    // Includes the broadcast address.
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// Inside `2000::/3`, the only part of IPv6 in global use.
const V6_BLOCKS: &[(Ipv6Addr, u32, &str)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "protocol assignments, Teredo included"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation"),
];

/// NAT64's well-known prefix, outside `2000::/3` but in real use: the last 32 bits are the target.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);
/// 6to4: the 32 bits behind the prefix are the target.
const SIX_TO_FOUR: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16);
/// What of IPv6 is in global use.
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

fn not_public_v4(addr: Ipv4Addr) -> Option<&'static str> {
    let inside = |net: Ipv4Addr, bits: u32| (addr.to_bits() ^ net.to_bits()) >> (32 - bits) == 0;
    V4_BLOCKS.iter().find(|(net, bits, _)| inside(*net, *bits)).map(|(_, _, reason)| *reason)
}

fn not_public_v6(addr: Ipv6Addr) -> Option<&'static str> {
    let inside =
        |(net, bits): (Ipv6Addr, u32)| (addr.to_bits() ^ net.to_bits()) >> (128 - bits) == 0;
    if let Some(mapped) = addr.to_ipv4_mapped() {
        return not_public_v4(mapped);
    }
    let octets = addr.octets();
    if inside(NAT64) {
        return not_public_v4(Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]));
    }
    if inside(SIX_TO_FOUR) {
        return not_public_v4(Ipv4Addr::new(octets[2], octets[3], octets[4], octets[5]));
    }
    if addr.is_loopback() {
        return Some("loopback");
    }
    if !inside(GLOBAL_UNICAST) {
        return Some("outside global unicast");
    }
    V6_BLOCKS.iter().find(|(net, bits, _)| inside((*net, *bits))).map(|(_, _, reason)| *reason)
}
