//! Headers out and in.

use std::collections::BTreeMap;

use policy::OutboundPolicy;
use policy::outbound::{CONNECTION_HEADERS, code, header_bytes};
use proptest::prelude::*;

#[test]
fn request_headers_are_sent_dropped_or_refused() {
    let filter = |name: &str, value: &str| {
        OutboundPolicy::default()
            .filter_headers(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
            .map(|kept| kept.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
            .map_err(|refusal| refusal.code)
    };
    assert_eq!(filter("Authorization", "Bearer x"), Ok(vec!["authorization".into()]));
    assert_eq!(filter("X-Tab", "a\tb ä"), Ok(vec!["x-tab".into()]));
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "CONNECTION",
        "Upgrade",
        "TE",
        "Expect",
        "Proxy-Authorization",
    ] {
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

#[test]
fn response_headers_of_the_connection_stay_with_it() {
    let reaches = |name: &str, connection: &[&str]| {
        (OutboundPolicy::default().response_header)(name, connection)
    };
    for name in CONNECTION_HEADERS {
        assert!(!reaches(name, &[]), "{name}");
        assert!(!reaches(&name.to_ascii_uppercase(), &[]), "{name}");
    }
    for name in ["content-length", "content-type", "set-cookie", "x-hop"] {
        assert!(reaches(name, &["close"]), "{name}");
    }
    assert!(!reaches("x-hop", &["keep-alive, X-Hop"]));
    assert!(!reaches("X-Hop", &["close", "x-hop ,x-other"]));
}

#[test]
fn headers_count_with_what_is_between() {
    let pairs: [(&[u8], &[u8]); 2] = [(b"a", b"1"), (b"bc", b"")];
    // a: 1\r\n, bc: \r\n
    assert_eq!(header_bytes(pairs), 12);
}

proptest! {
    /// Whatever is sent is a header and nothing more: no line of its own, no other request.
    #[test]
    fn what_is_sent_stays_on_its_line(name in "\\PC{0,12}|.{0,12}", value in "\\PC{0,12}|(?s:.){0,12}") {
        let headers = BTreeMap::from([(name, value)]);
        if let Ok(kept) = OutboundPolicy::default().filter_headers(&headers) {
            for (name, value) in kept {
                prop_assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && b != b':'));
                prop_assert!(value.chars().all(|c| c == '\t' || !matches!(c, '\0'..='\x1f' | '\x7f')));
                prop_assert!(!CONNECTION_HEADERS.contains(&name.as_str()) && name != "host");
            }
        }
    }
}
