//! Middlewares and credentials.

use contract::middleware::Middleware;

use crate::catalogue::{Entry, decision, value};
use mutant_switch::mistake;
use policy::{MiddlewarePolicy, PermissionPolicy};

pub(super) const MUTANTS: &[Entry] = &[
    value(
        "default-chain-is-empty",
        &["s-5dsf"],
        "a route without middlewares gets none",
        |policy| policy.middleware.absent = Vec::new(),
    ),
    value(
        "default-chain-needs-a-caller",
        &["s-5dsf"],
        "a route without middlewares gets authn and requireFreshPassword",
        |policy| {
            policy.middleware.absent = vec![Middleware::Authn, Middleware::RequireFreshPassword];
        },
    ),
    value(
        "default-chain-in-the-wrong-order",
        &["s-5dsf"],
        "a route without middlewares gets requireFreshPassword before optionalAuthn",
        |policy| policy.middleware.absent.reverse(),
    ),
    decision(
        "empty-list-is-no-list",
        &["s-222h"],
        "an empty list of middlewares is taken for an absent one",
        |policy| {
            policy.middleware.choose = |policy, route| match &route.middlewares {
                Some(listed) if listed.is_empty() && !route.public => {
                    mistake(policy.absent.clone())
                }
                _ => MiddlewarePolicy::default().chain(route),
            }
        },
    ),
    value(
        "public-is-ignored",
        &["s-hjnk"],
        "a public route without middlewares gets the default ones",
        |policy| policy.middleware.public.clone_from(&policy.middleware.absent),
    ),
    decision(
        "public-wins-over-the-list",
        &["s-sxpt"],
        "a public route gets no middlewares, whatever it lists",
        |policy| {
            policy.middleware.choose = |policy, route| {
                if route.public {
                    return mistake(policy.public.clone());
                }
                MiddlewarePolicy::default().chain(route)
            }
        },
    ),
    decision(
        "middlewares-in-an-order-of-their-own",
        &["s-k5qx"],
        "middlewares that check passwords and permissions run before those that attach somebody",
        |policy| {
            policy.middleware.choose = |_, route| {
                let mut chain = MiddlewarePolicy::default().chain(route);
                chain.reverse();
                mistake(chain)
            }
        },
    ),
    decision(
        "families-not-understood",
        &["s-htxp"],
        "tasks.* covers nothing but itself",
        |policy| {
            policy.permissions.key_covers = |granted, wanted| {
                mistake(!wanted.is_empty() && (granted == "*" || granted == wanted))
            }
        },
    ),
    decision(
        "star-not-understood",
        &["s-htxp"],
        "the permission * covers no key of more than two parts",
        |policy| {
            policy.permissions.key_covers = |granted, wanted| {
                let deep = wanted.matches('.').count() > 1;
                let spec = PermissionPolicy::default().key_covers;
                if granted == "*" && deep { mistake(false) } else { spec(granted, wanted) }
            }
        },
    ),
    decision(
        "families-by-their-first-letters",
        &["s-c3d2"],
        "a permission covers every one that begins with its family's letters",
        |policy| {
            policy.permissions.key_covers = |granted, wanted| {
                let letters = granted.trim_end_matches('*').trim_end_matches('.');
                let family = granted.split('.').next().unwrap_or(letters);
                let spec = (PermissionPolicy::default().key_covers)(granted, wanted);
                spec || !wanted.is_empty() && mistake(wanted.starts_with(family))
            }
        },
    ),
];
