//! Outbound HTTP: what is sent, and what comes back.

use std::net::IpAddr;

use url::{Host, Url};

use crate::catalogue::{Entry, decision};
use mutant_switch::mistake;
use policy::outbound::{OutboundRefusal, RedirectPolicy, Rewritten, code};
use policy::{OutboundPolicy, Policy};

/// Takes refused addresses all the same, where they are written as `taken` says.
fn take_addresses(policy: &mut Policy, url: policy::outbound::CheckUrl) {
    policy.outbound.url = url;
    policy.outbound.addr = |_| mistake(Ok(()));
}

/// The judgement of a URL, but for addresses of which `taken` holds.
fn unless_address(
    text: &str,
    allowed: &[String],
    test_hosts: &[String],
    taken: impl FnOnce(&Url) -> bool,
) -> Result<Url, OutboundRefusal> {
    match (OutboundPolicy::default().url)(text, allowed, test_hosts) {
        Err(refusal) if refusal.code == code::ADDRESS_NOT_ALLOWED => {
            Url::parse(text).ok().filter(taken).map(mistake).ok_or(refusal)
        }
        judged => judged,
    }
}

/// The specification's rewriting, save for some.
fn rewritten(status: u16, method: &str, kept: bool) -> Rewritten {
    if kept {
        return mistake(Rewritten { method: method.to_owned(), keeps_body: true });
    }
    (RedirectPolicy::default().rewrite)(status, method)
}

pub(super) const MUTANTS: &[Entry] = &[
    decision(
        "private-addresses-allowed",
        &["s-7vgr"],
        "where a host leads to is not judged",
        |policy| {
            take_addresses(policy, |text, allowed, tests| {
                unless_address(text, allowed, tests, |_| true)
            });
        },
    ),
    decision(
        "odd-spellings-of-addresses-allowed",
        &["s-7vgr"],
        "addresses are judged by their text, which has more than one spelling",
        |policy| {
            take_addresses(policy, |text, allowed, tests| {
                unless_address(text, allowed, tests, |url| {
                    !url.host_str().is_some_and(|host| text.contains(host))
                })
            });
        },
    ),
    decision(
        "resolved-addresses-allowed",
        &["s-7vgr"],
        "an address is judged where it is written, and not where a name leads to it",
        |policy| policy.outbound.addr = |_| mistake(Ok(())),
    ),
    decision(
        "carried-addresses-allowed",
        &["s-8w6x"],
        "of an IPv6 address that carries one of IPv4 only the first is judged",
        |policy| {
            policy.outbound.addr = |addr| match addr {
                IpAddr::V6(_) => mistake(Ok(())),
                IpAddr::V4(_) => OutboundPolicy::default().check_addr(addr),
            };
            policy.outbound.url = |text, allowed, tests| {
                unless_address(
                    text,
                    allowed,
                    tests,
                    |url| matches!(url.host(), Some(Host::Ipv6(addr)) if !addr.is_loopback()),
                )
            };
        },
    ),
    decision("post-stays-post-after-303", &["s-q2gk"], "a POST is repeated after 303", |policy| {
        policy.outbound.redirect.rewrite =
            |status, method| rewritten(status, method, status == 303);
    }),
    decision(
        "post-stays-post-after-302",
        &["s-q2gk"],
        "a POST is repeated after 301 and 302",
        |policy| {
            policy.outbound.redirect.rewrite =
                |status, method| rewritten(status, method, matches!(status, 301 | 302));
        },
    ),
    decision(
        "every-redirect-becomes-a-get",
        &["s-q2gk"],
        "after 307 and 308 the next request is a GET too",
        |policy| {
            policy.outbound.redirect.rewrite = |status, method| match status {
                307 | 308 => mistake(Rewritten { method: "GET".to_owned(), keeps_body: false }),
                _ => rewritten(status, method, false),
            };
        },
    ),
    decision(
        "credentials-cross-origins",
        &["s-kf5q"],
        "a redirect to another origin takes all headers along",
        |policy| policy.outbound.redirect.crosses_origins = |_| mistake(true),
    ),
    decision(
        "well-known-credentials-stay-behind",
        &["s-kf5q"],
        "a redirect to another origin leaves Authorization and Cookie, and takes X-Api-Key along",
        |policy| {
            policy.outbound.redirect.crosses_origins =
                |name| mistake(!matches!(name, "authorization" | "cookie"));
        },
    ),
    decision(
        "every-method-allowed",
        &["s-795a"],
        "the method is whatever the guest writes",
        |policy| {
            policy.outbound.method = |method| {
                OutboundPolicy::default()
                    .check_method(method)
                    .or_else(|_| mistake(Ok(method.trim().to_ascii_uppercase())))
            };
        },
    ),
    decision(
        "connection-headers-sent",
        &["s-5mhb"],
        "Expect and the headers of the connection are taken from the guest",
        |policy| {
            policy.outbound.header = |name, value| {
                let sent = (OutboundPolicy::default().header)(name, value)?;
                let dangerous = ["host", "content-length", "transfer-encoding"];
                let other = dangerous.iter().all(|one| !one.eq_ignore_ascii_case(name));
                Ok(sent || other && mistake(true))
            };
        },
    ),
    decision(
        "malformed-headers-dropped",
        &["s-jhzx"],
        "a malformed header is left out, and the request is sent",
        |policy| {
            policy.outbound.header = |name, value| {
                (OutboundPolicy::default().header)(name, value).or_else(|_| mistake(Ok(false)))
            };
        },
    ),
    decision(
        "connection-headers-given",
        &["s-9gd4"],
        "the guest gets the headers of the connection",
        |policy| policy.outbound.response_header = |_, _| mistake(true),
    ),
    decision(
        "named-connection-headers-given",
        &["s-9gd4"],
        "headers that Connection names are given to the guest",
        |policy| {
            policy.outbound.response_header =
                |name, _| mistake((OutboundPolicy::default().response_header)(name, &[]));
        },
    ),
    decision(
        "content-encoding-not-told",
        &["s-3dj4"],
        "the body is given as it came, and nobody says how it is encoded",
        |policy| {
            policy.outbound.response_header = |name, connection| {
                let seen = (OutboundPolicy::default().response_header)(name, connection);
                if name == "content-encoding" { mistake(false) } else { seen }
            };
        },
    ),
];
