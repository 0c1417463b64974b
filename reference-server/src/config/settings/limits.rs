//! The settings of the limits: each is a field of [`policy::Limits`], which says why it is what it is.

use super::{Setting, setting};

/// In the order of the struct.
pub(super) const LIMITS: &[Setting] = &[
    setting(
        "PLUGINS_MAX_CALL_DURATION",
        "limits.call_duration",
        "one call into a guest, its host calls included",
    ),
    setting(
        "PLUGINS_LIMIT_EPOCH_TICK",
        "limits.epoch_tick",
        "how often the epoch advances, hence how late an interruption may come and how long a guest keeps a thread before it must yield",
    ),
    setting(
        "PLUGINS_LIMIT_PROMPT_DURATION",
        "limits.prompt_duration",
        "computing that a call may do on the threads that serve everybody",
    ),
    setting(
        "PLUGINS_LIMIT_SLOW_CALLS",
        "limits.slow_calls",
        "calls of all plugins that may compute at length at the same time",
    ),
    setting(
        "PLUGINS_LIMIT_CONNECT_TIMEOUT",
        "limits.connect_timeout",
        "time for a connection of fetch to come up",
    ),
    setting("PLUGINS_MAX_MEMORY_PAGES", "limits.memory_pages", "linear memory in 64 KiB pages"),
    setting(
        "PLUGINS_LIMIT_TABLE_ELEMENTS",
        "limits.table_elements",
        "entries of all tables together",
    ),
    setting("PLUGINS_LIMIT_WASM_STACK_BYTES", "limits.wasm_stack_bytes", "the guest's stack"),
    setting("PLUGINS_LIMIT_WASM_BYTES", "limits.wasm_bytes", "A module"),
    setting(
        "PLUGINS_LIMIT_INSTANCES_PER_PLUGIN",
        "limits.instances_per_plugin",
        "instances of one plugin at the same time",
    ),
    setting(
        "PLUGINS_LIMIT_CALLS_PER_PLUGIN",
        "limits.calls_per_plugin",
        "calls of one plugin that run or wait for their turn",
    ),
    setting("PLUGINS_LIMIT_QUEUE_DURATION", "limits.queue_duration", "waiting for one's turn"),
    setting(
        "PLUGINS_LIMIT_GUEST_MEMORY_BYTES",
        "limits.guest_memory_bytes",
        "linear memory of all guests together, busy and idle",
    ),
    setting(
        "PLUGINS_MAX_REQUEST_BODY_BYTES",
        "limits.request_bytes",
        "the request envelope and an event's payload as written to the guest",
    ),
    setting(
        "PLUGINS_MAX_RESPONSE_BYTES",
        "limits.response_bytes",
        "the response envelope as read from the guest, before base64 is undone",
    ),
    setting(
        "PLUGINS_LIMIT_SQL_STATEMENT_BYTES",
        "limits.sql_statement_bytes",
        "text of one statement",
    ),
    setting(
        "PLUGINS_LIMIT_SQL_STATEMENT_DURATION",
        "limits.sql_statement_duration",
        "one statement's run",
    ),
    setting(
        "PLUGINS_LIMIT_SQL_ROLLBACK_DURATION",
        "limits.sql_rollback_duration",
        "the undoing of what a guest left open",
    ),
    setting("PLUGINS_LIMIT_SQL_PARAMS", "limits.sql_params", "parameters of one statement"),
    setting(
        "PLUGINS_LIMIT_SQL_PARAMS_BYTES",
        "limits.sql_params_bytes",
        "JSON text of one statement's parameters",
    ),
    setting("PLUGINS_LIMIT_SQL_ROWS", "limits.sql_rows", "rows of one result"),
    setting("PLUGINS_LIMIT_SQL_RESULT_BYTES", "limits.sql_result_bytes", "JSON text of one result"),
    setting("PLUGINS_LIMIT_KV_KEY_BYTES", "limits.kv_key_bytes", "one key"),
    setting("PLUGINS_LIMIT_KV_VALUE_BYTES", "limits.kv_value_bytes", "one value"),
    setting("PLUGINS_LIMIT_KV_KEYS", "limits.kv_keys", "keys of one plugin"),
    setting("PLUGINS_LIMIT_CACHE_KEY_BYTES", "limits.cache_key_bytes", "one key"),
    setting("PLUGINS_LIMIT_CACHE_VALUE_BYTES", "limits.cache_value_bytes", "one value"),
    setting(
        "PLUGINS_LIMIT_CORE_READ_TASKS",
        "limits.core_read_tasks",
        "tasks of one tasks_list, the newest ones",
    ),
    setting(
        "PLUGINS_LIMIT_CORE_READ_MEMBERS",
        "limits.core_read_members",
        "members of one members_list",
    ),
    setting("PLUGINS_LIMIT_LOG_MESSAGE_BYTES", "limits.log_message_bytes", "one log message"),
    setting(
        "PLUGINS_LIMIT_LOG_MESSAGES_PER_CALL",
        "limits.log_messages_per_call",
        "log messages of one call",
    ),
    setting(
        "PLUGINS_LIMIT_EVENT_TOPIC_BYTES",
        "limits.event_topic_bytes",
        "one topic, emitted or subscribed",
    ),
    setting(
        "PLUGINS_LIMIT_EVENT_PAYLOAD_BYTES",
        "limits.event_payload_bytes",
        "one emitted payload",
    ),
    setting(
        "PLUGINS_LIMIT_ACTIVITY_BYTES",
        "limits.activity_bytes",
        "what one activity_record says, whole",
    ),
    setting(
        "PLUGINS_LIMIT_EVENT_STREAM_ENTRIES",
        "limits.event_stream_entries",
        "entries the event stream is trimmed to, roughly, whenever one is added",
    ),
    setting(
        "PLUGINS_LIMIT_EVENT_DEAD_ENTRIES",
        "limits.event_dead_entries",
        "entries the stream of events set aside is trimmed to, roughly",
    ),
    setting(
        "PLUGINS_LIMIT_EVENT_BACKLOG_BYTES",
        "limits.event_backlog_bytes",
        "payloads of events that wait for their subscribers, kept in memory",
    ),
    setting(
        "PLUGINS_LIMIT_EVENT_BACKLOG_ENTRIES",
        "limits.event_backlog_entries",
        "core events that a host without a store of its own for events takes from the database at a time",
    ),
    setting(
        "PLUGINS_LIMIT_FETCH_RESPONSE_BYTES",
        "limits.fetch_response_bytes",
        "one response of fetch, counted while it streams",
    ),
    setting(
        "PLUGINS_LIMIT_FETCH_REQUEST_BYTES",
        "limits.fetch_request_bytes",
        "one request body of fetch",
    ),
    setting(
        "PLUGINS_LIMIT_FETCH_HEADER_BYTES",
        "limits.fetch_header_bytes",
        "the headers of one request or response of fetch, name and value and what is between",
    ),
    setting(
        "PLUGINS_LIMIT_FETCH_HEADERS",
        "limits.fetch_headers",
        "headers of one response of fetch",
    ),
    setting(
        "PLUGINS_LIMIT_FETCH_REDIRECTS",
        "limits.fetch_redirects",
        "hops of one fetch, each checked like the first",
    ),
    setting("PLUGINS_LIMIT_MANIFEST_BYTES", "limits.manifest_bytes", "plugin.json"),
    setting("PLUGINS_LIMIT_CATALOG_BYTES", "limits.catalog_bytes", "the whole catalog"),
    setting("PLUGINS_LIMIT_ARTIFACT_BYTES", "limits.artifact_bytes", "one downloaded artifact"),
    setting(
        "PLUGINS_LIMIT_UNPACKED_BYTES",
        "limits.unpacked_bytes",
        "all files of one archive, unpacked",
    ),
    setting("PLUGINS_LIMIT_UNPACKED_FILE_BYTES", "limits.unpacked_file_bytes", "one unpacked file"),
    setting("PLUGINS_LIMIT_ARCHIVE_ENTRIES", "limits.archive_entries", "entries of one archive"),
    setting(
        "PLUGINS_LIMIT_ARCHIVE_PATH_BYTES",
        "limits.archive_path_bytes",
        "length of one entry's path",
    ),
    setting("PLUGINS_LIMIT_MIGRATION_BYTES", "limits.migration_bytes", "one migration file"),
];
