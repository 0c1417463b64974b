//! URLs, addresses, methods and headers of `fetch`.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeMap;

use policy::OutboundPolicy;
use policy::outbound::{code, normal_host};
use proptest::prelude::*;

/// The verdict on a URL for a plugin that listed `allowed`.
fn check(url: &str, allowed: &[&str]) -> Result<String, &'static str> {
    let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
    OutboundPolicy::default()
        .check_url(url, &allowed, &["test.example".to_owned()])
        .map(|url| url.to_string())
        .map_err(|refusal| refusal.code)
}

#[test]
fn listed_hosts_are_reached_in_any_spelling() {
    for (url, allowed, normal) in [
        ("https://api.example.com", "api.example.com", "https://api.example.com/"),
        ("https://api.example.com/v1?q=1", "api.example.com", "https://api.example.com/v1?q=1"),
        ("HTTPS://API.Example.COM/", "api.example.com", "https://api.example.com/"),
        ("https://api.example.com/", " API.EXAMPLE.COM ", "https://api.example.com/"),
        ("https://api.example.com./", "api.example.com", "https://api.example.com./"),
        ("https://api.example.com/", "api.example.com.", "https://api.example.com/"),
        ("https://api.example.com:8443/", "api.example.com", "https://api.example.com:8443/"),
        ("https://bücher.example/", "xn--bcher-kva.example", "https://xn--bcher-kva.example/"),
        ("https://xn--bcher-kva.example/", "Bücher.example", "https://xn--bcher-kva.example/"),
        ("https://api.example.com/#part", "api.example.com", "https://api.example.com/"),
        ("https://api.example.com/a@b", "api.example.com", "https://api.example.com/a@b"),
        ("https://api.example.com?x=a@b", "api.example.com", "https://api.example.com/?x=a@b"),
        ("https://93.184.216.34/", "93.184.216.34", "https://93.184.216.34/"),
        ("https://anything.example/", "*", "https://anything.example/"),
        ("http://test.example:8080/", "test.example", "http://test.example:8080/"),
    ] {
        assert_eq!(check(url, &[allowed]).as_deref(), Ok(normal), "{url} by {allowed}");
    }
}

#[test]
fn everything_else_is_refused_for_its_reason() {
    let listed = &["api.example.com", "test.example"];
    for (url, expected) in [
        ("https://other.example.com/", code::DOMAIN_NOT_ALLOWED),
        ("https://example.com/", code::DOMAIN_NOT_ALLOWED),
        ("https://sub.api.example.com/", code::DOMAIN_NOT_ALLOWED),
        ("https://api.example.com.evil.example/", code::DOMAIN_NOT_ALLOWED),
        ("https://api.example.com..evil.example/", code::INVALID_URL),
        ("https://evilapi.example.com/", code::DOMAIN_NOT_ALLOWED),
        ("https://evil.example/api.example.com", code::DOMAIN_NOT_ALLOWED),
        ("https://evil.example#api.example.com", code::DOMAIN_NOT_ALLOWED),
        ("https://evil.example\\api.example.com/", code::DOMAIN_NOT_ALLOWED),
        ("https://аpi.example.com/", code::DOMAIN_NOT_ALLOWED), // a Cyrillic а
        ("https://93.184.216.34/", code::DOMAIN_NOT_ALLOWED),
        ("http://api.example.com/", code::SCHEME_NOT_ALLOWED),
        ("ftp://api.example.com/", code::SCHEME_NOT_ALLOWED),
        ("file:///etc/passwd", code::SCHEME_NOT_ALLOWED),
        ("data:text/plain,x", code::SCHEME_NOT_ALLOWED),
        ("ws://test.example/", code::SCHEME_NOT_ALLOWED),
        ("https://user@api.example.com/", code::USERINFO_NOT_ALLOWED),
        ("https://user:pw@api.example.com/", code::USERINFO_NOT_ALLOWED),
        ("https://:pw@api.example.com/", code::USERINFO_NOT_ALLOWED),
        ("https://@api.example.com/", code::USERINFO_NOT_ALLOWED),
        ("https://api.example.com@evil.example/", code::USERINFO_NOT_ALLOWED),
        ("https:api.example.com@evil.example", code::USERINFO_NOT_ALLOWED),
        ("https:\\\\x@api.example.com", code::USERINFO_NOT_ALLOWED),
        ("", code::INVALID_URL),
        ("api.example.com", code::INVALID_URL),
        ("//api.example.com/", code::INVALID_URL),
        ("/path", code::INVALID_URL),
        ("https://", code::INVALID_URL),
        ("https:///", code::INVALID_URL),
        ("https://./", code::INVALID_URL),
        (" https://api.example.com/", code::INVALID_URL),
        ("https://api.example.com/\n", code::INVALID_URL),
        ("ht\ttps://api.example.com/", code::INVALID_URL),
        ("https://api.exa\nmple.com/", code::INVALID_URL),
        ("https://api.example.com:99999/", code::INVALID_URL),
        ("https://api example.com/", code::INVALID_URL),
        ("https://[::1/", code::INVALID_URL),
        ("https://1.2.3.4.5/", code::INVALID_URL),
        ("https://256.1.1.1/", code::INVALID_URL),
    ] {
        assert_eq!(check(url, listed).map_err(|code| (url, code)), Err((url, expected)));
    }
    assert_eq!(check("https://api.example.com/", &[]), Err(code::DOMAIN_NOT_ALLOWED));
    // The test switch opens plain http, not the manifest's list.
    assert_eq!(check("http://test.example/", &["api.example.com"]), Err(code::DOMAIN_NOT_ALLOWED));
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
    let public = |addr: &str| OutboundPolicy::default().check_addr(addr.parse().unwrap()).is_ok();
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

#[test]
fn hosts_have_one_spelling() {
    for (text, normal) in [
        ("API.Example.com.", Some("api.example.com")),
        ("Bücher.example", Some("xn--bcher-kva.example")),
        ("ＡＰＩ.example", Some("api.example")),
        ("0x7f.1", Some("127.0.0.1")),
        ("::1", Some("::1")),
        ("[0:0::1]", Some("::1")),
        ("localhost", Some("localhost")),
        ("", None),
        (".", None),
        ("a b", None),
        ("a/b", None),
        ("a..", None),
    ] {
        assert_eq!(normal_host(text).as_deref(), normal, "{text:?}");
    }
}

#[test]
fn methods() {
    let method = |text: &str| OutboundPolicy::default().check_method(text).map_err(|e| e.code);
    assert_eq!(method(""), Ok("GET".into()));
    assert_eq!(method(" post "), Ok("POST".into()));
    for text in ["CONNECT", "TRACE", "PROPFIND", "GET /\r\nX:", "GET POST"] {
        assert_eq!(method(text), Err(code::METHOD_NOT_ALLOWED), "{text:?}");
    }
}

#[test]
fn headers() {
    let filter = |name: &str, value: &str| {
        OutboundPolicy::default()
            .filter_headers(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
            .map(|kept| kept.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
            .map_err(|refusal| refusal.code)
    };
    assert_eq!(filter("Authorization", "Bearer x"), Ok(vec!["authorization".into()]));
    assert_eq!(filter("X-Tab", "a\tb ä"), Ok(vec!["x-tab".into()]));
    for name in ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "Upgrade", "TE"] {
        assert_eq!(filter(name, "x"), Ok(vec![]), "{name}");
    }
    for (name, value) in [
        ("", "x"),
        ("a b", "x"),
        ("a:", "x"),
        ("ä", "x"),
        ("a\r\nb", "x"),
        ("x", "a\r\nHost: b"),
        ("x", "a\0"),
        ("x", "a\u{7f}"),
    ] {
        assert_eq!(filter(name, value), Err(code::HEADER_NOT_ALLOWED), "{name:?}: {value:?}");
    }
}

proptest! {
    /// Normalising twice is normalising once, so that both sides of a comparison can be trusted.
    #[test]
    fn normalising_is_idempotent(text in "\\PC{0,24}") {
        if let Some(once) = normal_host(&text) {
            prop_assert_eq!(normal_host(&once), Some(once.clone()));
        }
    }

    /// What is let through leads to the listed host and carries no user information.
    #[test]
    fn what_is_let_through_leads_where_it_should(
        prefix in "[a-z:/\\\\@.#?%]{0,8}", middle in "[a-z.@/:#?\\\\-]{0,12}",
    ) {
        let url = format!("https:{prefix}api.example.com{middle}");
        let allowed = ["api.example.com".to_owned()];
        if let Ok(url) = OutboundPolicy::default().check_url(&url, &allowed, &[]) {
            prop_assert_eq!(url.scheme(), "https");
            prop_assert_eq!(url.host_str().map(|h| h.trim_end_matches('.')), Some("api.example.com"));
            prop_assert!(url.username().is_empty() && url.password().is_none());
        }
    }
}
