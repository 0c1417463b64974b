//! Events: what is told, and how it is given.

use crate::catalogue::{Entry, decision, value};
use mutant_switch::mistake;

pub(super) const MUTANTS: &[Entry] = &[
    value(
        "events-given-once",
        &["s-zgh2"],
        "an event whose handler failed is set aside at once",
        |policy| policy.events.deliveries = 1,
    ),
    value(
        "events-given-six-times",
        &["s-zgh2"],
        "an event is given once more than it should",
        |policy| policy.events.deliveries = 6,
    ),
    decision(
        "pauses-do-not-grow",
        &["s-zgh2"],
        "an event is given again after the same short pause each time",
        |policy| policy.events.pause = |first_pause, _| mistake(first_pause / 4),
    ),
    value("long-topics-emitted", &["s-ccdd"], "a topic of 64 KiB is published", |policy| {
        policy.limits.event_topic_bytes = 64 * 1024;
    }),
    value("large-payloads-emitted", &["s-zwg5"], "a payload of 8 MiB is published", |policy| {
        policy.limits.event_payload_bytes = 8 * 1024 * 1024;
    }),
];
