//! Routing a request to a plugin.

use crate::catalogue::{Entry, value};
use policy::Policy;

fn let_through(policy: &mut Policy, name: &str) {
    policy.headers.stripped_request_headers.retain(|stripped| *stripped != name);
}

pub(super) const MUTANTS: &[Entry] = &[
    value(
        "cookie-reaches-the-guest",
        &["s-xxek"],
        "the guest reads the caller's Cookie",
        |policy| let_through(policy, "cookie"),
    ),
    value(
        "authorization-reaches-the-guest",
        &["s-xxek"],
        "the guest reads the caller's Authorization",
        |policy| let_through(policy, "authorization"),
    ),
    value(
        "api-key-reaches-the-guest",
        &["s-xxek"],
        "the guest reads the caller's X-API-Key",
        |policy| let_through(policy, "x-api-key"),
    ),
];
