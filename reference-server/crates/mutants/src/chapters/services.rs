//! Key-value storage, cache and configuration.

use crate::catalogue::{Entry, value};

pub(super) const MUTANTS: &[Entry] = &[
    value("long-keys-stored", &["s-u7dn"], "a key of 2048 bytes is stored", |policy| {
        policy.limits.kv_key_bytes *= 2;
    }),
    value(
        "keys-one-byte-shorter",
        &["s-u7dn"],
        "a key of exactly 1024 bytes is refused",
        |policy| policy.limits.kv_key_bytes -= 1,
    ),
    value("large-values-stored", &["s-u7dn"], "a value of 2 MiB is stored", |policy| {
        policy.limits.kv_value_bytes *= 2;
    }),
    value(
        "values-one-byte-smaller",
        &["s-u7dn"],
        "a value of exactly 1 MiB is refused",
        |policy| policy.limits.kv_value_bytes -= 1,
    ),
    value("keys-without-number", &["s-qhdt"], "a plugin has as many keys as it likes", |policy| {
        policy.limits.kv_keys = 1_000_000;
    }),
    value("long-cache-keys-stored", &["s-4t49"], "a key of 2048 bytes is cached", |policy| {
        policy.limits.cache_key_bytes *= 2;
    }),
    value("large-cache-values-stored", &["s-4t49"], "a value of 2 MiB is cached", |policy| {
        policy.limits.cache_value_bytes *= 2;
    }),
];
