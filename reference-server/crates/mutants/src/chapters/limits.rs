//! Limits of a call.

use std::time::Duration;

use crate::catalogue::{Entry, value};

const MIB: usize = 1024 * 1024;

pub(super) const MUTANTS: &[Entry] = &[
    value("calls-end-early", &["s-9ny9"], "a call is ended after half of its time", |policy| {
        policy.limits.call_duration /= 2;
    }),
    value("calls-end-late", &["s-9ny9"], "a call is ended after thrice its time", |policy| {
        policy.limits.call_duration *= 3;
    }),
    value(
        "twice-the-memory",
        &["s-s5qa", "s-sre9"],
        "a guest's memory grows to 2048 pages",
        |policy| policy.limits.memory_pages *= 2,
    ),
    value("half-the-memory", &["s-s5qa"], "a guest's memory grows to 512 pages", |policy| {
        policy.limits.memory_pages /= 2;
    }),
    value(
        "tables-of-any-size",
        &["s-7jrz"],
        "a guest's tables hold ten million elements",
        |policy| policy.limits.table_elements = 10_000_000,
    ),
    value(
        "requests-of-any-size",
        &["s-rkye"],
        "a request of a hundred megabytes is given to the guest",
        |policy| policy.limits.request_bytes = 128 * MIB,
    ),
    value(
        "responses-of-any-size",
        &["s-d4q7"],
        "a response of a hundred megabytes is delivered",
        |policy| policy.limits.response_bytes = 128 * MIB,
    ),
    value("small-responses-only", &["s-9anj"], "a response of a megabyte is too large", |policy| {
        policy.limits.response_bytes = MIB / 2;
    }),
    value(
        "guests-never-yield",
        &["s-fqux"],
        "a guest that computes keeps the thread it is on, which others wait for",
        |policy| {
            policy.limits.epoch_tick = Duration::from_secs(4);
            policy.limits.prompt_duration = Duration::from_hours(1);
        },
    ),
];
