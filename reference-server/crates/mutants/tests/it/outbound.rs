//! Decisions about outbound requests.

use policy::Policy;

use super::differ;

const LISTED: &str = "allowed.example";

fn url(policy: &Policy, text: &str, allowed: &[&str]) -> String {
    let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
    match policy.outbound.check_url(text, &allowed, &[]) {
        Ok(_) => "allowed".to_owned(),
        Err(refusal) => refusal.code.to_owned(),
    }
}

#[test]
fn urls() {
    for (name, text, list, specification) in [
        ("every-host-allowed", "https://a.example/", &[LISTED][..], "domain_not_allowed"),
        ("subdomains-allowed", "https://x.allowed.example/", &[LISTED], "domain_not_allowed"),
        ("parents-allowed", "https://example/", &[LISTED], "domain_not_allowed"),
        ("no-list-allows-every-host", "https://a.example/", &[], "domain_not_allowed"),
        ("star-allows-plain-http", "http://a.example/", &["*"], "scheme_not_allowed"),
        ("plain-http-allowed", "http://allowed.example/", &[LISTED], "scheme_not_allowed"),
        (
            "user-information-stripped",
            "https://u:p@allowed.example/",
            &[LISTED],
            "userinfo_not_allowed",
        ),
        ("urls-tidied-up", "https://allowed.example/a b", &[LISTED], "invalid_url"),
        ("private-addresses-allowed", "https://127.0.0.1/", &["*"], "address_not_allowed"),
        (
            "odd-spellings-of-addresses-allowed",
            "https://2130706433/",
            &["*"],
            "address_not_allowed",
        ),
        ("carried-addresses-allowed", "https://[::ffff:10.0.0.1]/", &["*"], "address_not_allowed"),
    ] {
        differ(name, |policy| url(policy, text, list), specification, "allowed");
    }
    for (name, text, wrong) in [
        ("hosts-compared-as-written", "https://ALLOWED.example/", "domain_not_allowed"),
        ("ports-refused", "https://allowed.example:8443/", "domain_not_allowed"),
    ] {
        differ(name, |policy| url(policy, text, &[LISTED]), "allowed", wrong);
    }
    let plainly = |policy: &Policy| url(policy, "https://127.0.0.1/", &["*"]);
    assert_eq!(
        plainly(&super::mutant("odd-spellings-of-addresses-allowed")),
        "address_not_allowed"
    );
}

#[test]
fn addresses() {
    let home =
        |policy: &Policy| policy.outbound.check_addr([127, 0, 0, 1].into()).is_ok().to_string();
    differ("resolved-addresses-allowed", home, "false", "true");
}

#[test]
fn redirects() {
    let rewritten = |policy: &Policy, status, method: &str| {
        let next = (policy.outbound.redirect.rewrite)(status, method);
        format!("{} {}", next.method, next.keeps_body)
    };
    for (name, status, specification, wrong) in [
        ("post-stays-post-after-303", 303, "GET false", "POST true"),
        ("post-stays-post-after-302", 302, "GET false", "POST true"),
        ("every-redirect-becomes-a-get", 307, "POST true", "GET false"),
    ] {
        differ(name, |policy| rewritten(policy, status, "POST"), specification, wrong);
    }
    let crosses =
        |policy: &Policy, name: &str| (policy.outbound.redirect.crosses_origins)(name).to_string();
    differ("credentials-cross-origins", |it| crosses(it, "authorization"), "false", "true");
    differ("well-known-credentials-stay-behind", |it| crosses(it, "x-api-key"), "false", "true");
}

#[test]
fn methods_and_headers() {
    let method = |policy: &Policy| policy.outbound.check_method("trace").is_ok().to_string();
    differ("every-method-allowed", method, "false", "true");
    let header = |policy: &Policy, name: &str, value: &str| {
        (policy.outbound.header)(name, value).map_or("refused".to_owned(), |sent| sent.to_string())
    };
    differ("connection-headers-sent", |it| header(it, "expect", "x"), "false", "true");
    differ("malformed-headers-dropped", |it| header(it, "a", "b\nc"), "refused", "false");
    let given = |policy: &Policy, name: &str| {
        (policy.outbound.response_header)(name, &["x-hop"]).to_string()
    };
    differ("connection-headers-given", |it| given(it, "keep-alive"), "false", "true");
    differ("named-connection-headers-given", |it| given(it, "x-hop"), "false", "true");
    differ("content-encoding-not-told", |it| given(it, "content-encoding"), "true", "false");
}
