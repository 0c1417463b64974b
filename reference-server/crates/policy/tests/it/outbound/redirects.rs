//! Redirects: what they change, where they may lead, and that no chain of them gains anything.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use policy::OutboundPolicy;
use policy::outbound::{CROSS_ORIGIN_HEADERS, Hop, NextHop, OutboundRefusal, code};
use proptest::prelude::*;
use url::Url;

const LISTED: [&str; 3] = ["a.example", "b.example", "test.example"];

fn headers() -> Vec<(String, String)> {
    ["accept", "authorization", "content-type", "cookie", "private-token", "x-mine"]
        .map(|name| (name.to_owned(), "1".to_owned()))
        .to_vec()
}

fn first(method: &str) -> NextHop {
    let url = "https://a.example/start".parse().unwrap();
    NextHop { url, method: method.to_owned(), headers: headers(), keeps_body: true }
}

fn next(hop: &NextHop, status: u16, location: &[u8]) -> Result<Option<NextHop>, OutboundRefusal> {
    let NextHop { url, method, headers, .. } = hop;
    OutboundPolicy::default().redirect(
        Hop { url, method, headers },
        status,
        Some(location),
        &LISTED.map(str::to_owned),
        &["test.example".to_owned()],
    )
}

fn followed(hop: &NextHop, status: u16, location: &str) -> NextHop {
    next(hop, status, location.as_bytes()).unwrap().unwrap()
}

fn names(hop: &NextHop) -> Vec<&str> {
    hop.headers.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn method_and_body_follow_the_status() {
    for (status, method, expected, keeps_body) in [
        (301, "GET", "GET", true),
        (301, "POST", "GET", false),
        (302, "POST", "GET", false),
        (302, "PUT", "PUT", true),
        (302, "HEAD", "HEAD", true),
        (303, "PUT", "GET", false),
        (303, "GET", "GET", false),
        (303, "HEAD", "HEAD", false),
        (307, "POST", "POST", true),
        (308, "DELETE", "DELETE", true),
    ] {
        let next = followed(&first(method), status, "/end");
        assert_eq!(
            (next.method.as_str(), next.keeps_body),
            (expected, keeps_body),
            "{status} {method}"
        );
        assert_eq!(names(&next).contains(&"content-type"), keeps_body, "{status} {method}");
    }
}

#[test]
fn other_responses_are_answers() {
    for status in [200, 201, 204, 300, 304, 305, 306, 309, 400, 500] {
        assert_eq!(next(&first("GET"), status, b"/end"), Ok(None), "{status}");
    }
    let hop = first("GET");
    let NextHop { url, method, headers, .. } = &hop;
    let hop = Hop { url, method, headers };
    assert_eq!(OutboundPolicy::default().redirect(hop, 302, None, &[], &[]), Ok(None));
}

#[test]
fn what_may_be_a_credential_stays_with_its_origin() {
    let same = followed(&first("GET"), 307, "end");
    assert_eq!(names(&same).len(), headers().len());
    for other in ["https://b.example/", "https://a.example:8443/", "//b.example"] {
        let next = followed(&first("GET"), 307, other);
        assert_eq!(names(&next), ["accept", "content-type"], "{other}");
        // And does not come back with it.
        let back = followed(&next, 307, "https://a.example/");
        assert_eq!(names(&back), ["accept", "content-type"]);
    }
}

#[test]
fn a_redirect_that_breaks_a_rule_is_refused() {
    for location in [
        "https://c.example/",
        "https://sub.a.example/",
        "https://user@a.example/",
        "https://127.0.0.1/",
        "http://a.example/",
        "http://test.example/",
        "file:///etc/passwd",
        "data:text/plain,x",
        "javascript:alert(1)",
        "https://",
        "//",
        "https://a.example:99999/",
    ] {
        let refused = next(&first("GET"), 302, location.as_bytes()).unwrap_err();
        assert_eq!(refused.code, code::REDIRECT_NOT_ALLOWED, "{location}");
    }
    assert!(next(&first("GET"), 302, b"\xff\xfe").is_err());
    // From http, which only a test host allows, both are a way.
    let plain = NextHop { url: "http://test.example/".parse().unwrap(), ..first("GET") };
    assert_eq!(followed(&plain, 302, "/b").url.as_str(), "http://test.example/b");
    assert_eq!(followed(&plain, 302, "https://a.example").url.as_str(), "https://a.example/");
}

/// Places in a redirect: whole ones, pieces, and bytes at random.
fn location() -> impl Strategy<Value = Vec<u8>> {
    let pieces = vec![
        "https://",
        "http://",
        "//",
        "\\\\",
        "ftp://",
        "a.example",
        "b.example",
        "test.example",
        "c.example",
        "A.EXAMPLE.",
        "user@",
        "@",
        ":8443",
        ":",
        "/",
        "?q",
        "#f",
        "..",
        "127.0.0.1",
        "[::1]",
        "%2f",
        "\t",
        "\n",
        " ",
        "\u{3002}",
    ];
    prop_oneof![
        4 => prop::sample::select(vec![
            "/x", "https://a.example/", "https://b.example/", "https://a.example:8443/",
            "https://test.example/", "//b.example/x", "?again",
        ]).prop_map(|text| text.as_bytes().to_vec()),
        3 => proptest::collection::vec(prop::sample::select(pieces), 0..6)
            .prop_map(|pieces| pieces.concat().into_bytes()),
        1 => any::<Vec<u8>>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    /// Whatever a chain of servers says: each hop is one the plugin could have asked for, nothing
    /// is added, what was dropped stays dropped.
    #[test]
    fn no_chain_gains_anything(
        method in prop::sample::select(policy::outbound::METHODS),
        chain in proptest::collection::vec((prop::sample::select(vec![301_u16, 302, 303, 307, 308, 304, 200]), location()), 1..12),
    ) {
        let start = first(method);
        let mut hop = start.clone();
        let mut left_origin = false;
        let mut lost_body = false;
        for (status, location) in chain {
            let Ok(Some(next)) = next(&hop, status, &location) else { break };
            prop_assert_eq!(next.url.scheme(), "https");
            prop_assert!(LISTED.contains(&next.url.host_str().unwrap()), "{}", next.url);
            prop_assert!(next.url.username().is_empty() && next.url.password().is_none());
            prop_assert_eq!(Url::parse(next.url.as_str()).ok(), Some(next.url.clone()));
            prop_assert!(next.headers.iter().all(|header| hop.headers.contains(header)));
            left_origin |= next.url.origin() != hop.url.origin();
            lost_body |= !next.keeps_body;
            if left_origin {
                prop_assert!(names(&next).iter().all(|name| CROSS_ORIGIN_HEADERS.contains(name)));
            } else if !lost_body {
                prop_assert_eq!(&next.headers, &start.headers);
            }
            if lost_body {
                prop_assert!(names(&next).iter().all(|name| !name.starts_with("content-")));
            }
            prop_assert!([hop.method.as_str(), "GET"].contains(&next.method.as_str()));
            hop = next;
        }
    }
}
