//! What is counted of events on their way to plugins.

use ::metrics::{counter, describe_counter};

/// Deliveries by `plugin` and `outcome`: `delivered`, or `failed`, which comes again.
pub const EVENTS: &str = "hostproof_plugin_events_total";

pub(super) fn describe() {
    describe_counter!(EVENTS, "Deliveries of events, by outcome.");
}

/// Counts one delivery. Events are few beside requests, so the counter is looked up each time.
pub(crate) fn record(plugin: &str, outcome: &'static str) {
    counter!(EVENTS, "plugin" => plugin.to_owned(), "outcome" => outcome).increment(1);
}
