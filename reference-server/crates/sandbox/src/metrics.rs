//! What the sandbox measures: names, and the handles of one plugin.
//!
//! Handles are registered when a plugin is loaded and kept with it, so that a call adds to atomics
//! and looks no name up. Every label has few values: plugin names, exports, host functions, and
//! codes of fixed tables. Nothing a guest or a client says becomes one.

mod instruments;

use contract::abi;
use contract::name::PluginName;
use metrics::{
    Counter, Gauge, Histogram, Label, SharedString, counter, describe_counter, describe_gauge,
    describe_histogram, gauge, histogram,
};

use crate::error::{CallError, LoadError, Overload};
use crate::pool::Leaving;
use crate::pool::room::Fullness;
pub(crate) use instruments::{Counters, Level, Meter, Watch};

/// Calls into a guest by `plugin`, `export` and `outcome`: `ok`, the code a client would see, or
/// `CANCELLED`.
pub const CALLS: &str = "hostproof_plugin_calls_total";
/// Time of those calls by `plugin` and `export`, waiting for an instance included.
pub const CALL_SECONDS: &str = "hostproof_plugin_call_duration_seconds";
/// Guests that trapped, in a call or while an instance for one was made, by `plugin`.
pub const TRAPS: &str = "hostproof_plugin_traps_total";
/// Calls stopped at their deadline, by `plugin`.
pub const TIMEOUTS: &str = "hostproof_plugin_timeouts_total";
/// Calls that wait for an instance now, by `plugin`.
pub const WAITING: &str = "hostproof_plugin_calls_waiting";
/// Calls refused because there were too many, by `plugin` and `reason`: `queue_full`, `busy`,
/// `no_room`, or `no_thread`.
pub const REFUSALS: &str = "hostproof_plugin_refusals_total";
/// Idle instances that were ended, by `plugin` and `reason`: `evicted`, `idle`, or `surplus`.
pub const INSTANCES_ENDED: &str = "hostproof_plugin_instances_ended_total";
/// Live instances, by `plugin`.
pub const INSTANCES: &str = "hostproof_plugin_instances";
/// Instances that serve a call now, by `plugin`.
pub const BUSY: &str = "hostproof_plugin_instances_busy";
/// Linear memory of all live instances, by `plugin`.
pub const MEMORY: &str = "hostproof_plugin_memory_bytes";
/// Log lines dropped because a call had logged as much as it may, by `plugin`.
pub const LOG_LINES_DROPPED: &str = "hostproof_plugin_log_lines_dropped_total";
/// Statements by `plugin`, host `function` and `outcome`: `ok`, the code the guest reads, or
/// `CANCELLED`.
pub const DB_CALLS: &str = "hostproof_plugin_db_calls_total";
/// Time of those statements by `plugin`, waiting for a connection included.
pub const DB_SECONDS: &str = "hostproof_plugin_db_call_duration_seconds";
/// Outbound requests by `plugin` and `outcome`: `ok`, the code the guest reads, or `CANCELLED`.
pub const FETCHES: &str = "hostproof_plugin_fetches_total";
/// Time of those requests by `plugin`.
pub const FETCH_SECONDS: &str = "hostproof_plugin_fetch_duration_seconds";
/// Body bytes that came back, by `plugin`.
pub const FETCH_BYTES: &str = "hostproof_plugin_fetch_response_bytes_total";
/// Events emitted by `plugin` and `outcome`: `ok` or `refused`.
pub const EVENTS_EMITTED: &str = "hostproof_plugin_events_emitted_total";
/// Slots that instances of all plugins have.
pub const SLOTS: &str = "hostproof_instance_slots";
/// Slots there are.
pub const SLOTS_MAX: &str = "hostproof_instance_slots_max";
/// Linear memory of all guests together.
pub const GUEST_MEMORY: &str = "hostproof_guest_memory_bytes";
/// Linear memory beyond which no further instance is made.
pub const GUEST_MEMORY_MAX: &str = "hostproof_guest_memory_max_bytes";
/// Calls that wait for a slot or for memory.
pub const WAITING_FOR_ROOM: &str = "hostproof_calls_waiting_for_room";
/// Modules loaded, by `source`: `memory`, `disk`, or `compiled`.
pub const MODULES: &str = "hostproof_module_loads_total";

/// Nothing went wrong.
pub(crate) const OK: &str = "ok";
/// The work was dropped before it ended: at the call's deadline, or because nobody waited any more.
pub(crate) const CANCELLED: &str = "CANCELLED";

/// Tells the process's recorder what the names mean. Once, before the first sandbox is built.
pub fn describe() {
    describe_counter!(CALLS, "Calls into a guest, by export and outcome.");
    describe_histogram!(CALL_SECONDS, "Time of a call, waiting for an instance included.");
    describe_counter!(TRAPS, "Guests that trapped.");
    describe_counter!(TIMEOUTS, "Calls stopped at their deadline.");
    describe_gauge!(WAITING, "Calls that wait for an instance.");
    describe_counter!(REFUSALS, "Calls refused because there were too many, by reason.");
    describe_counter!(INSTANCES_ENDED, "Idle instances that were ended, by reason.");
    describe_gauge!(INSTANCES, "Live instances.");
    describe_gauge!(BUSY, "Instances that serve a call.");
    describe_gauge!(MEMORY, "Linear memory of all live instances.");
    describe_counter!(LOG_LINES_DROPPED, "Log lines dropped beyond what a call may log.");
    describe_counter!(DB_CALLS, "Statements, by host function and outcome.");
    describe_histogram!(DB_SECONDS, "Time of a statement, waiting for a connection included.");
    describe_counter!(FETCHES, "Outbound requests, by outcome.");
    describe_histogram!(FETCH_SECONDS, "Time of an outbound request.");
    describe_counter!(FETCH_BYTES, "Body bytes of the responses to outbound requests.");
    describe_counter!(EVENTS_EMITTED, "Events emitted, by outcome.");
    describe_gauge!(SLOTS, "Slots that instances of all plugins have.");
    describe_gauge!(SLOTS_MAX, "Slots there are.");
    describe_gauge!(GUEST_MEMORY, "Linear memory of all guests together.");
    describe_gauge!(GUEST_MEMORY_MAX, "Memory beyond which no further instance is made.");
    describe_gauge!(WAITING_FOR_ROOM, "Calls that wait for a slot or for memory.");
    describe_counter!(MODULES, "Modules loaded, by where their code came from.");
}

/// The counter of modules from one source.
pub(crate) fn modules(source: &'static str) -> Counter {
    counter!(MODULES, "source" => source)
}

/// Brings the gauges of what all plugins share up to date.
#[expect(clippy::cast_precision_loss, reason = "slots and memory sizes stay far below 2^53")]
pub(crate) fn record_room(room: Fullness) {
    gauge!(SLOTS).set(room.slots as f64);
    // As many as there is address space for, where instances are not pooled.
    gauge!(SLOTS_MAX).set(if room.most_slots == usize::MAX {
        f64::INFINITY
    } else {
        room.most_slots as f64
    });
    gauge!(GUEST_MEMORY).set(room.bytes as f64);
    gauge!(GUEST_MEMORY_MAX).set(room.most_bytes as f64);
    gauge!(WAITING_FOR_ROOM).set(room.waiting as f64);
}

/// The export a call goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Export {
    /// `HandleRequest`.
    Request,
    /// `HandleEvent`.
    Event,
}

impl Export {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Request => abi::HANDLE_REQUEST,
            Self::Event => abi::HANDLE_EVENT,
        }
    }
}

/// The instruments of one plugin.
#[derive(Debug)]
pub(crate) struct PluginMetrics {
    calls: Counters<2>,
    request_seconds: Histogram,
    event_seconds: Histogram,
    traps: Counter,
    timeouts: Counter,
    pub(crate) waiting: Gauge,
    refusals: Counters<1>,
    pub(crate) evicted: Counter,
    left: Counters<1>,
    pub(crate) instances: Gauge,
    pub(crate) busy: Gauge,
    pub(crate) memory: Gauge,
    pub(crate) log_lines_dropped: Counter,
    db_calls: Counters<2>,
    db_seconds: Histogram,
    fetches: Counters<1>,
    fetch_seconds: Histogram,
    pub(crate) fetch_bytes: Counter,
    events_emitted: Counters<1>,
}

impl PluginMetrics {
    /// Registers the instruments of a plugin. A second version of it shares those of the first.
    pub(crate) fn new(plugin: &PluginName) -> Self {
        let plugin = SharedString::from(plugin.as_str().to_owned());
        let labels = || vec![Label::new("plugin", plugin.clone())];
        let with = |name, value: &'static str| {
            let mut labels = labels();
            labels.push(Label::new(name, value));
            labels
        };
        Self {
            calls: Counters::new(CALLS, labels(), ["export", "outcome"]),
            request_seconds: histogram!(CALL_SECONDS, with("export", Export::Request.name())),
            event_seconds: histogram!(CALL_SECONDS, with("export", Export::Event.name())),
            traps: counter!(TRAPS, labels()),
            timeouts: counter!(TIMEOUTS, labels()),
            waiting: gauge!(WAITING, labels()),
            // A flood is nothing to be learnt of by a series that was not there before.
            refusals: Counters::new(REFUSALS, labels(), ["reason"]).with([
                ["queue_full"],
                ["busy"],
                ["no_room"],
                ["no_thread"],
            ]),
            evicted: counter!(INSTANCES_ENDED, with("reason", "evicted")),
            left: Counters::new(INSTANCES_ENDED, labels(), ["reason"]),
            instances: gauge!(INSTANCES, labels()),
            busy: gauge!(BUSY, labels()),
            memory: gauge!(MEMORY, labels()),
            log_lines_dropped: counter!(LOG_LINES_DROPPED, labels()),
            db_calls: Counters::new(DB_CALLS, labels(), ["function", "outcome"]),
            db_seconds: histogram!(DB_SECONDS, labels()),
            fetches: Counters::new(FETCHES, labels(), ["outcome"]),
            fetch_seconds: histogram!(FETCH_SECONDS, labels()),
            fetch_bytes: counter!(FETCH_BYTES, labels()),
            events_emitted: Counters::new(EVENTS_EMITTED, labels(), ["outcome"]),
        }
    }

    /// Watches a call into the guest.
    pub(crate) fn call(&self, export: Export) -> Watch<'_, 2> {
        let seconds = match export {
            Export::Request => &self.request_seconds,
            Export::Event => &self.event_seconds,
        };
        Watch::new(&self.calls, seconds, [export.name(), CANCELLED])
    }

    /// Watches a statement.
    pub(crate) fn db(&self, function: &'static str) -> Watch<'_, 2> {
        Watch::new(&self.db_calls, &self.db_seconds, [function, CANCELLED])
    }

    /// Watches an outbound request.
    pub(crate) fn fetch(&self) -> Watch<'_, 1> {
        Watch::new(&self.fetches, &self.fetch_seconds, [CANCELLED])
    }

    /// Counts an emitted event.
    pub(crate) fn emitted(&self, published: bool) {
        self.events_emitted.increment([if published { OK } else { "refused" }]);
    }

    /// Counts a call that met a bound.
    pub(crate) fn refused(&self, overload: &Overload) {
        self.refusals.increment([match overload {
            Overload::QueueFull { .. } => "queue_full",
            Overload::Busy { .. } => "busy",
            Overload::NoRoom { .. } => "no_room",
            Overload::NoThread { .. } => "no_thread",
        }]);
    }

    /// Counts an instance that ended while it was idle.
    pub(crate) fn left(&self, why: Leaving) {
        self.left.increment([match why {
            Leaving::Idle => "idle",
            Leaving::Surplus => "surplus",
        }]);
    }

    /// Counts a failure that has a counter of its own.
    pub(crate) fn failed(&self, error: &CallError) {
        match error {
            CallError::Trapped(_) => self.traps.increment(1),
            CallError::Timeout { .. } => self.timeouts.increment(1),
            CallError::NewInstance(load) => {
                if let LoadError::Initialise { source, .. } = &**load {
                    self.failed(source);
                }
            }
            _ => {}
        }
    }
}
