//! Every limit of the host by name, each with the abuse or accident it stops.
//!
//! They are defaults: the configuration may override each of them by its name. Sizes are bytes,
//! durations are written like "5s".

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One mebibyte.
const MIB: usize = 1024 * 1024;

/// All limits of one host.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    // Time.
    /// One call into a guest, its host calls included (A5). A person waits for the answer; more
    /// than this and a spinning guest holds a worker that others need.
    #[serde(with = "humantime_serde")]
    pub call_duration: Duration,
    /// How often the epoch advances, hence how late an interruption may come and how long a guest
    /// keeps a thread before it must yield.
    #[serde(with = "humantime_serde")]
    pub epoch_tick: Duration,
    /// Computing that a call may do on the threads that serve everybody; one that needs more goes on
    /// in a thread of its own, with low priority. Most calls are done within a tenth of this.
    #[serde(with = "humantime_serde")]
    pub prompt_duration: Duration,
    /// Calls of all plugins that may compute at length at the same time. Each has a thread; beyond
    /// this they only slow each other down.
    pub slow_calls: usize,
    /// Time for a connection of `fetch` to come up; one that takes longer will not serve within the
    /// call's time either.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,

    // Guest.
    /// Linear memory in 64 KiB pages (A7): 64 MiB, room for a Go runtime, and a hundred busy
    /// instances still fit a small machine.
    pub memory_pages: u32,
    /// Entries of all tables together; compilers need thousands, an attacker millions.
    pub table_elements: usize,
    /// The guest's stack: ends unbounded recursion as a trap long before the host's own stack.
    pub wasm_stack_bytes: usize,
    /// A module: a language runtime compiled in is some megabytes; time and memory of compilation
    /// grow with size.
    pub wasm_bytes: usize,
    /// Instances of one plugin at the same time: bounds what one plugin can take from the others.
    pub instances_per_plugin: usize,
    /// Calls of one plugin that run or wait for their turn: five times those that run. A longer queue
    /// answers later and not more, and holds the requests of those who wait in memory.
    pub calls_per_plugin: usize,
    /// Waiting for one's turn. Whoever has waited for this long is better told to come again.
    #[serde(with = "humantime_serde")]
    pub queue_duration: Duration,
    /// Linear memory of all guests together, busy and idle. Beyond it idle instances end, and new ones
    /// wait; each plugin gets one all the same. Of it only what a guest touches is real memory.
    pub guest_memory_bytes: usize,

    // HTTP.
    /// The request envelope and an event's payload as written to the guest. SDKs receive it into a
    /// fixed buffer of 10 MiB.
    pub request_bytes: usize,
    /// The response envelope as read from the guest, before base64 is undone: the host holds
    /// envelope and body at once for every concurrent request.
    pub response_bytes: usize,

    // SQL.
    /// Text of one statement: parsing costs memory and time in proportion, and values belong in
    /// parameters.
    pub sql_statement_bytes: usize,
    /// One statement's run. Shorter than a call, so that a guest whose query was too expensive is
    /// told, and has time left to say so.
    #[serde(with = "humantime_serde")]
    pub sql_statement_duration: Duration,
    /// The undoing of what a guest left open. The database has nothing to wait for then; a store
    /// that does not answer by now is left to notice the closed connection.
    #[serde(with = "humantime_serde")]
    pub sql_rollback_duration: Duration,
    /// Parameters of one statement: a bulk insert of a thousand rows with ten columns. Each costs
    /// a conversion and its place in the plan.
    pub sql_params: usize,
    /// JSON text of one statement's parameters.
    pub sql_params_bytes: usize,
    /// Rows of one result; a missing WHERE clause shows here first.
    pub sql_rows: usize,
    /// JSON text of one result; it must fit a guest's buffer of 10 MiB with room to spare.
    pub sql_result_bytes: usize,

    // Key-value store.
    /// One key. Postgres cannot index much longer ones.
    pub kv_key_bytes: usize,
    /// One value; a value is read whole into the guest.
    pub kv_value_bytes: usize,
    /// Keys of one plugin: a key made from something that grows, such as a date or an id, fills
    /// the database unseen. Whoever needs more has tables.
    pub kv_keys: usize,

    // Cache.
    /// One key.
    pub cache_key_bytes: usize,
    /// One value; the cache is memory that all plugins share.
    pub cache_value_bytes: usize,

    // Core reads.
    /// Tasks of one `tasks_list`, the newest ones: what its original gave.
    pub core_read_tasks: usize,
    /// Members of one `members_list`.
    pub core_read_members: usize,

    // Log and events.
    /// One log message; longer ones are cut, with a mark.
    pub log_message_bytes: usize,
    /// Log messages of one call; further ones are counted and dropped, so that a loop around `log`
    /// fills no disk.
    pub log_messages_per_call: usize,
    /// One topic, emitted or subscribed.
    pub event_topic_bytes: usize,
    /// One emitted payload: each goes to every listener of the channel.
    pub event_payload_bytes: usize,
    /// What one `activity_record` says, whole: a line of a task's history, not a document.
    pub activity_bytes: usize,
    /// Entries the event stream is trimmed to, roughly, whenever one is added: handled ones are not
    /// removed singly, and a stream nobody trims fills the store. A subscriber that is further
    /// behind than this loses its oldest events.
    pub event_stream_entries: usize,
    /// Entries the stream of events set aside is trimmed to, roughly: enough to see what went wrong
    /// over days, and a plugin that fails at everything fills no store.
    pub event_dead_entries: usize,
    /// Payloads of events that wait for their subscribers, kept in memory; of those beyond only the
    /// place in the stream is kept, so that a subscriber that is behind costs next to nothing.
    pub event_backlog_bytes: usize,
    /// Core events that a host without a store of its own for events takes from the database at a
    /// time; the others wait there.
    pub event_backlog_entries: usize,

    // Outbound. The longest URL is [`crate::outbound::MAX_URL_BYTES`].
    /// One response of `fetch`, counted while it streams (F1): the host holds it whole.
    pub fetch_response_bytes: usize,
    /// One request body of `fetch`.
    pub fetch_request_bytes: usize,
    /// The headers of one request or response of `fetch`, name and value and what is between. No
    /// server sends more in good faith, and the guest gets them all at once.
    pub fetch_header_bytes: usize,
    /// Headers of one response of `fetch`: each costs more than the bytes it came in.
    pub fetch_headers: usize,
    /// Hops of one `fetch`, each checked like the first; a loop ends here.
    pub fetch_redirects: usize,

    // Lifecycle.
    /// `plugin.json`.
    pub manifest_bytes: usize,
    /// The whole catalog.
    pub catalog_bytes: usize,
    /// One downloaded artifact (L5).
    pub artifact_bytes: usize,
    /// All files of one archive, unpacked: ends decompression bombs (L5).
    pub unpacked_bytes: u64,
    /// One unpacked file.
    pub unpacked_file_bytes: u64,
    /// Entries of one archive (L5): empty files cost no bytes, but inodes.
    pub archive_entries: usize,
    /// Length of one entry's path; the shortest limit of common file systems, less the host's own
    /// prefix.
    pub archive_path_bytes: usize,
    /// One migration file.
    pub migration_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call_duration: Duration::from_secs(5),
            epoch_tick: Duration::from_millis(10),
            prompt_duration: Duration::from_millis(10),
            slow_calls: 128,
            connect_timeout: Duration::from_secs(5),
            memory_pages: 1024,
            table_elements: 100_000,
            wasm_stack_bytes: 512 * 1024,
            wasm_bytes: 50 * MIB,
            instances_per_plugin: 16,
            calls_per_plugin: 80,
            queue_duration: Duration::from_secs(2),
            guest_memory_bytes: 2048 * MIB,
            request_bytes: 10 * MIB,
            response_bytes: 10 * MIB,
            sql_statement_bytes: 256 * 1024,
            sql_statement_duration: Duration::from_secs(3),
            sql_rollback_duration: Duration::from_secs(1),
            sql_params: 10_000,
            sql_params_bytes: 4 * MIB,
            sql_rows: 10_000,
            sql_result_bytes: 8 * MIB,
            kv_key_bytes: 1024,
            kv_value_bytes: MIB,
            kv_keys: 10_000,
            cache_key_bytes: 1024,
            cache_value_bytes: MIB,
            core_read_tasks: 100,
            core_read_members: 1_000,
            log_message_bytes: 8 * 1024,
            log_messages_per_call: 1_000,
            event_topic_bytes: 256,
            event_payload_bytes: MIB,
            activity_bytes: 64 * 1024,
            event_stream_entries: 100_000,
            event_dead_entries: 10_000,
            event_backlog_bytes: 32 * MIB,
            event_backlog_entries: 10_000,
            fetch_response_bytes: 50 * MIB,
            fetch_request_bytes: 10 * MIB,
            fetch_header_bytes: 64 * 1024,
            fetch_headers: 1_000,
            fetch_redirects: 10,
            manifest_bytes: MIB,
            catalog_bytes: 10 * MIB,
            artifact_bytes: 100 * MIB,
            unpacked_bytes: 100 * MIB as u64,
            unpacked_file_bytes: 50 * MIB as u64,
            archive_entries: 10_000,
            archive_path_bytes: 512,
            migration_bytes: MIB,
        }
    }
}

impl Limits {
    /// When a caller who was refused for too many calls may come again, in seconds: when those that wait
    /// now have had their turn or were refused. At least one.
    pub fn retry_after_seconds(&self) -> u64 {
        whole_seconds(self.queue_duration)
    }

    /// The largest raw body whose envelope still fits [`Self::request_bytes`], given the size of
    /// the envelope without body: base64 turns three bytes into four.
    pub const fn raw_body_bytes(&self, envelope_without_body: usize) -> usize {
        self.request_bytes.saturating_sub(envelope_without_body) / 4 * 3
    }
}

/// A duration as `Retry-After` says it: in whole seconds, not less than it is, and at least one.
pub fn whole_seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_again_comes_after_the_wait_and_not_at_once() {
        let after = |queue_duration| Limits { queue_duration, ..Limits::default() };
        assert_eq!(after(Duration::from_secs(2)).retry_after_seconds(), 2);
        assert_eq!(after(Duration::from_millis(2001)).retry_after_seconds(), 3);
        assert_eq!(after(Duration::from_millis(1)).retry_after_seconds(), 1);
        assert_eq!(after(Duration::ZERO).retry_after_seconds(), 1);
    }
}
