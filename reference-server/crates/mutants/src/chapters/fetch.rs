//! Outbound HTTP: which requests are made.

use url::Url;

use crate::catalogue::{Entry, decision, value};
use mutant_switch::mistake;
use policy::OutboundPolicy;
use policy::outbound::{OutboundRefusal, code};

type Judged = Result<Url, OutboundRefusal>;

/// The specification's judgement.
fn check(text: &str, allowed: &[String], test_hosts: &[String]) -> Judged {
    (OutboundPolicy::default().url)(text, allowed, test_hosts)
}

/// The judgement where one refusal leads to a second try.
fn or_else(
    text: &str,
    allowed: &[String],
    test_hosts: &[String],
    code: &str,
    again: impl FnOnce() -> Judged,
) -> Judged {
    match check(text, allowed, test_hosts) {
        Err(refusal) if refusal.code == code => mistake(again()),
        judged => judged,
    }
}

/// A list that allows every host.
fn any_host() -> [String; 1] {
    ["*".to_owned()]
}

fn unjudged(text: &str) -> Judged {
    Url::parse(text).map_err(|error| OutboundRefusal::new(code::INVALID_URL, error.to_string()))
}

fn host_of(text: &str) -> String {
    unjudged(text).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

pub(super) const MUTANTS: &[Entry] = &[
    decision(
        "every-host-allowed",
        &["s-yxdg"],
        "allowedOutboundDomains is not looked at",
        |policy| {
            policy.outbound.url = |text, allowed, tests| {
                or_else(text, allowed, tests, code::DOMAIN_NOT_ALLOWED, || {
                    check(text, &any_host(), tests)
                })
            }
        },
    ),
    decision(
        "subdomains-allowed",
        &["s-9mus"],
        "a listed name allows what ends with it",
        |policy| {
            policy.outbound.url = |text, allowed, tests| {
                let host = host_of(text);
                let below = |entry: &String| host.ends_with(entry.as_str());
                let all = any_host();
                let list = if allowed.iter().any(below) { &all } else { allowed };
                or_else(text, allowed, tests, code::DOMAIN_NOT_ALLOWED, || check(text, list, tests))
            }
        },
    ),
    decision(
        "parents-allowed",
        &["s-9mus"],
        "a listed name allows the domain it lies in",
        |policy| {
            policy.outbound.url = |text, allowed, tests| {
                let host = format!(".{}", host_of(text));
                let above = |entry: &String| entry.ends_with(host.as_str());
                let all = any_host();
                let list = if allowed.iter().any(above) { &all } else { allowed };
                or_else(text, allowed, tests, code::DOMAIN_NOT_ALLOWED, || check(text, list, tests))
            }
        },
    ),
    decision(
        "hosts-compared-as-written",
        &["s-e26m"],
        "host names are compared letter by letter",
        |policy| {
            policy.outbound.url = |text, allowed, tests| {
                let as_written = |entry: &&String| *entry == "*" || text.contains(entry.as_str());
                let list: Vec<String> = allowed.iter().filter(as_written).cloned().collect();
                if list.len() < allowed.len() {
                    return mistake(check(text, &list, tests));
                }
                check(text, &list, tests)
            }
        },
    ),
    decision("ports-refused", &["s-j9cr"], "a URL with a port of its own is refused", |policy| {
        policy.outbound.url = |text, allowed, tests| match check(text, allowed, tests)? {
            url if url.port().is_some() => mistake(Err(OutboundRefusal::new(
                code::DOMAIN_NOT_ALLOWED,
                "this port is not among the plugin's allowedOutboundDomains",
            ))),
            url => Ok(url),
        }
    }),
    decision(
        "no-list-allows-every-host",
        &["s-yrfy"],
        "without allowedOutboundDomains every request is made",
        |policy| {
            policy.outbound.url = |text, allowed, tests| {
                if allowed.is_empty() {
                    return mistake(check(text, &any_host(), tests));
                }
                check(text, allowed, tests)
            }
        },
    ),
    decision("star-allows-plain-http", &["s-9wcd"], "the entry * stands for every URL", |policy| {
        policy.outbound.url = |text, allowed, tests| {
            or_else(text, allowed, tests, code::SCHEME_NOT_ALLOWED, || {
                let any = allowed.iter().any(|entry| entry == "*");
                if any { unjudged(text) } else { check(text, allowed, tests) }
            })
        }
    }),
    decision("plain-http-allowed", &["s-247t"], "http is as good as https", |policy| {
        policy.outbound.url = |text, allowed, tests| {
            or_else(text, allowed, tests, code::SCHEME_NOT_ALLOWED, || {
                check(text, allowed, &[host_of(text)])
            })
        }
    }),
    decision(
        "user-information-stripped",
        &["s-b8pm"],
        "user information in a URL is dropped without a word",
        |policy| {
            policy.outbound.url = |text, allowed, tests| {
                or_else(text, allowed, tests, code::USERINFO_NOT_ALLOWED, || {
                    let mut url = unjudged(text)?;
                    let _ = (url.set_username(""), url.set_password(None));
                    check(url.as_str(), allowed, tests)
                })
            }
        },
    ),
    decision(
        "urls-tidied-up",
        &["s-hs3n"],
        "blanks and control characters are taken out of a URL before it is judged",
        |policy| {
            policy.outbound.url = |text, allowed, tests| {
                let tidy = |c: &char| !c.is_control() && !c.is_whitespace();
                let tidied: String = text.chars().filter(tidy).collect();
                if tidied.len() < text.len() {
                    return mistake(check(&tidied, allowed, tests));
                }
                check(text, allowed, tests)
            }
        },
    ),
    value("nine-redirects", &["s-zzfm"], "the tenth redirect is refused", |policy| {
        policy.limits.fetch_redirects = 9;
    }),
    value("twenty-redirects", &["s-zzfm"], "twenty redirects are followed", |policy| {
        policy.limits.fetch_redirects = 20;
    }),
    value("308-is-an-answer", &["s-yqbf"], "the status 308 is not followed", |policy| {
        policy.outbound.redirect.statuses = &[301, 302, 303, 307];
    }),
    value(
        "307-and-308-are-answers",
        &["s-yqbf"],
        "the statuses 307 and 308 are not followed",
        |policy| policy.outbound.redirect.statuses = &[301, 302, 303],
    ),
    value(
        "https-may-lead-to-http",
        &["s-278n"],
        "a redirect from https to http is followed",
        |policy| policy.outbound.redirect.may_downgrade = true,
    ),
    value(
        "request-bodies-of-any-size",
        &["s-qs2j"],
        "a request body is never too large",
        |policy| policy.limits.fetch_request_bytes = usize::MAX,
    ),
    value("response-bodies-of-any-size", &["s-uckn"], "a response is never too large", |policy| {
        policy.limits.fetch_response_bytes = usize::MAX;
    }),
    value("headers-of-any-size", &["s-sx8u"], "headers are never too large", |policy| {
        policy.limits.fetch_header_bytes = usize::MAX;
    }),
];
