//! URLs as written, against the manifest's list.

use policy::OutboundPolicy;
use policy::outbound::{MAX_URL_BYTES, code, normal_host};
use proptest::prelude::*;

use super::check;

#[test]
fn listed_hosts_are_reached_in_any_spelling() {
    for (url, allowed, normal) in [
        ("https://api.example.com", "api.example.com", "https://api.example.com/"),
        ("https://api.example.com/v1?q=1", "api.example.com", "https://api.example.com/v1?q=1"),
        ("HTTPS://API.Example.COM/", "api.example.com", "https://api.example.com/"),
        ("https://api.example.com/", " API.EXAMPLE.COM ", "https://api.example.com/"),
        ("https://api.example.com./", "api.example.com", "https://api.example.com/"),
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
        ("https://api。example．com/", "api.example.com", "https://api.example.com/"),
        ("https://ＡＰＩ.example.com/", "api.example.com", "https://api.example.com/"),
        ("https://XN--BCHER-KVA.example/", "bücher.example", "https://xn--bcher-kva.example/"),
        ("https://api.example.com.:8443/x", "api.example.com", "https://api.example.com:8443/x"),
        ("https://api.example.com:443/", "api.example.com", "https://api.example.com/"),
        ("https://api.example.com/", "\tapi.example.com\n", "https://api.example.com/"),
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

/// An entry that is no host name is no wildcard, prefix or pattern either.
#[test]
fn entries_that_are_no_host_allow_nothing() {
    for entry in [
        "https://api.example.com",
        "api.example.com:443",
        "api.example.com/",
        "*.example.com",
        "*example.com",
        "**",
        "* ,api.example.com",
        ".example.com",
        ".",
        "",
        "api.example.com,other.example.com",
        "user@api.example.com",
    ] {
        let verdict = check("https://api.example.com/", &[entry]);
        assert_eq!(verdict, Err(code::DOMAIN_NOT_ALLOWED), "{entry:?}");
    }
    assert!(check("https://api.example.com/", &["*.example.com", "api.example.com"]).is_ok());
}

#[test]
fn urls_have_a_greatest_length() {
    let of_length = |length: usize| {
        let start = "https://api.example.com/";
        check(&format!("{start}{}", "x".repeat(length - start.len())), &["api.example.com"])
    };
    assert!(of_length(MAX_URL_BYTES).is_ok());
    assert_eq!(of_length(MAX_URL_BYTES + 1), Err(code::INVALID_URL));
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

    /// A name of letters is allowed by itself in any spelling, and by no other name.
    #[test]
    fn a_name_matches_itself_however_it_is_spelled(
        name in "[a-z]{1,8}(\\.[a-z]{1,8}){1,3}",
        other in "[a-z]{1,8}(\\.[a-z]{1,8}){1,3}",
        capitals in any::<u32>(),
        dots in proptest::collection::vec(prop::sample::select(vec!['.', '。', '．', '｡']), 4),
        trailing in prop::bool::ANY,
    ) {
        let mut dots = dots.into_iter();
        let mut spelled: String = name
            .chars()
            .enumerate()
            .map(|(index, c)| match c {
                '.' => dots.next().unwrap_or('.'),
                c if capitals >> (index % 32) & 1 == 1 => c.to_ascii_uppercase(),
                c => c,
            })
            .collect();
        if trailing {
            spelled.push('.');
        }
        let url = format!("https://{spelled}/");
        prop_assert_eq!(check(&url, &[&name]), Ok(format!("https://{name}/")));
        prop_assert_eq!(check(&format!("https://{name}/"), &[&spelled]), Ok(format!("https://{name}/")));
        if other != name {
            prop_assert_eq!(check(&url, &[&other]), Err(code::DOMAIN_NOT_ALLOWED));
        }
    }
}
