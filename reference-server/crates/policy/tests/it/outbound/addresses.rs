//! Addresses, in every spelling.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use policy::OutboundPolicy;
use policy::outbound::{code, normal_host};
use proptest::prelude::*;

use super::check;

fn public(addr: impl Into<IpAddr>) -> bool {
    OutboundPolicy::default().check_addr(addr.into()).is_ok()
}

/// However an address is written: as what is meant, it is not public. The list allows any host
/// here, so that only the address can be the reason.
#[test]
fn private_addresses_are_refused_however_they_are_spelled() {
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "127.000.000.001",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "１２７.０.０.１",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:1234::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[100::1]",
        "[64:ff9b:1::1]",
        "[3fff::1]",
        "[::ffff:0:127.0.0.1]",
        "[FE80::1]",
        "[2001:0:5ef5:79fd:0:0:80ff:fffe]",
        "0X7F.0X0.0X0.0X1",
        "127.0x1",
        "127.65535",
        "10.255.1",
        "192.168.257",
        "0xA9FEA9FE",
        "025177524776",
        "127｡0．0。1",
        "%30x7f.1",
    ] {
        let url = format!("https://{host}/");
        assert_eq!(check(&url, &["*"]), Err(code::ADDRESS_NOT_ALLOWED), "{url}");
    }
    for host in ["93.184.216.34", "8.8.8.8", "172.32.0.1", "[2606:4700::1111]", "[::ffff:8.8.8.8]"]
    {
        let url = format!("https://{host}/");
        assert!(check(&url, &["*"]).is_ok(), "{url}: {:?}", check(&url, &["*"]));
    }
}

#[test]
fn resolved_addresses_are_judged_by_block() {
    let public = |addr: &str| public(addr.parse::<IpAddr>().unwrap());
    // The edges of each block and their public neighbours.
    for (inside, outside) in [
        ("10.0.0.0", "9.255.255.255"),
        ("10.255.255.255", "11.0.0.0"),
        ("100.64.0.0", "100.63.255.255"),
        ("100.127.255.255", "100.128.0.0"),
        ("127.255.255.255", "128.0.0.0"),
        ("169.254.0.0", "169.253.255.255"),
        ("172.16.0.0", "172.15.255.255"),
        ("172.31.255.255", "172.32.0.0"),
        ("192.0.0.0", "191.255.255.255"),
        ("192.0.2.255", "192.0.3.0"),
        ("192.168.0.0", "192.167.255.255"),
        ("198.19.255.255", "198.20.0.0"),
        ("224.0.0.0", "223.255.255.255"),
        ("2001:1ff:ffff::", "2001:200::"),
        ("2001:db8:ffff:ffff::", "2001:db9::"),
        ("1fff::1", "2400::1"),
        ("4000::", "3ffe::1"),
        ("::ffff:10.0.0.1", "::ffff:11.0.0.1"),
        ("64:ff9b::a00:1", "64:ff9b::808:808"),
        ("2002:a00:1::", "2002:808:808::"),
    ] {
        assert!(!public(inside), "{inside}");
        assert!(public(outside), "{outside}");
    }
}

/// Any address that is nobody's public host.
fn inside_a_block() -> impl Strategy<Value = Ipv4Addr> {
    let blocks = vec![
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 4),
        ([240, 0, 0, 0], 4),
    ];
    (prop::sample::select(blocks), any::<u32>()).prop_map(|((network, bits), host)| {
        Ipv4Addr::from_bits(Ipv4Addr::from(network).to_bits() | host & (u32::MAX >> bits))
    })
}

/// How one number of an address is written.
fn spell_number(number: u32, form: u8) -> String {
    match form % 5 {
        0 => number.to_string(),
        1 => format!("0{number:o}"),
        2 => format!("0x{number:x}"),
        3 => format!("0X{number:X}"),
        _ => format!("0x00{number:x}"),
    }
}

/// One of the ways in which `inet_aton` reads an address: one to four numbers, of which the last
/// fills what is left, each decimal, octal or hexadecimal, in digits of any width.
fn spell(address: Ipv4Addr, parts: usize, forms: [u8; 4], wide: bool, dot: char) -> String {
    let octets = address.octets();
    let mut written = Vec::new();
    for (index, octet) in octets.iter().take(parts - 1).enumerate() {
        written.push(spell_number(u32::from(*octet), forms[index]));
    }
    let rest = octets[parts - 1..].iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet));
    written.push(spell_number(rest, forms[3]));
    let text = written.join(&dot.to_string());
    if !wide {
        return text;
    }
    let widened =
        |c: char| if c.is_ascii_digit() { 0xff10 + (c as u32 - '0' as u32) } else { c as u32 };
    text.chars().filter_map(|c| char::from_u32(widened(c))).collect()
}

fn seen_in(v4: Ipv4Addr) -> Vec<Ipv6Addr> {
    let bits = u128::from(v4.to_bits());
    let at = |prefix: u128, shift: u32| Ipv6Addr::from_bits(prefix | bits << shift);
    vec![
        v4.to_ipv6_mapped(),
        at(0, 0),                                                  // compatible
        at(0xffff << 32, 0),                                       // ::ffff:0:a.b.c.d, translated
        at(0x0064_ff9b << 96, 0),                                  // NAT64
        at(0x2002 << 112, 80),                                     // 6to4
        at(0x2001 << 112, 64),                                     // Teredo, its server
        Ipv6Addr::from_bits(0x2001 << 112 | (bits ^ 0xffff_ffff)), // Teredo, its client
    ]
}

proptest! {
    #[test]
    fn a_private_address_is_refused_in_every_spelling(
        address in inside_a_block(),
        parts in 1..=4_usize,
        forms in any::<[u8; 4]>(),
        wide in prop::bool::ANY,
        dot in prop::sample::select(vec!['.', '。', '．', '｡']),
        trailing in prop::bool::ANY,
        port in prop::option::of(1..u16::MAX),
    ) {
        let mut host = spell(address, parts, forms, wide, dot);
        if trailing {
            host.push('.');
        }
        prop_assert_eq!(normal_host(&host), Some(address.to_string()));
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let url = format!("https://{host}{port}/");
        for listed in ["*", &host, &address.to_string()] {
            prop_assert_eq!(check(&url, &[listed]), Err(code::ADDRESS_NOT_ALLOWED), "{} by {}", url, listed);
        }
    }

    /// What an IPv6 address carries is judged at least as strictly as on its own.
    #[test]
    fn an_address_does_not_become_public_inside_another(v4 in any::<u32>().prop_map(Ipv4Addr::from_bits)) {
        for v6 in seen_in(v4) {
            prop_assert!(public(v4) || !public(v6), "{v4} in {v6}");
            let url = format!("https://[{v6}]/");
            prop_assert_eq!(check(&url, &["*"]).is_ok(), public(v6), "{}", url);
        }
    }

    #[test]
    fn private_addresses_stay_private_inside_others(v4 in inside_a_block()) {
        for v6 in seen_in(v4) {
            prop_assert!(!public(v6), "{v4} in {v6}");
        }
    }

    /// The standard library's opinion, as far as it has one.
    #[test]
    fn nothing_the_standard_library_calls_special_is_public(
        v4 in prop_oneof![any::<u32>().prop_map(Ipv4Addr::from_bits), inside_a_block()],
        v6 in any::<u128>(),
        kind in prop::sample::select(vec![0_u128, 0xfc00, 0xfd00, 0xfe80, 0xfec0, 0xff00, 0x2000, 0x2001]),
    ) {
        let special = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_broadcast()
            || v4.is_documentation() || v4.is_multicast() || v4.is_unspecified();
        prop_assert!(!special || !public(v4), "{v4}");
        let v6 = Ipv6Addr::from_bits(kind << 112 | v6 >> 16);
        let special = v6.is_loopback() || v6.is_multicast() || v6.is_unspecified()
            || v6.is_unique_local() || v6.is_unicast_link_local();
        prop_assert!(!special || !public(v6), "{v6}");
    }
}
