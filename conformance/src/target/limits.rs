//! The host's limits, as the target file states them.

use std::time::Duration;

use serde::Deserialize;

use crate::case::Span;

/// `[limits]`; the defaults are the specification's.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Longest call.
    pub call_duration: Span,
    /// Calls of one plugin that run at a time.
    pub instances_per_plugin: u64,
    /// Calls of one plugin that run or wait.
    pub calls_per_plugin: u64,
    /// Longest wait of a call for its turn.
    pub queue_duration: Span,
    /// Pages of 64 KiB of guest memory.
    pub memory_pages: u64,
    /// Longest plugin response.
    pub response_bytes: u64,
    /// Longest request body to a plugin.
    pub request_bytes: u64,
    /// Longest request body of `fetch`.
    pub fetch_request_bytes: u64,
    /// Longest response body of `fetch`.
    pub fetch_response_bytes: u64,
    /// Longest run of one statement.
    pub sql_statement_duration: Span,
    /// Longest text of one statement.
    pub sql_statement_bytes: u64,
    /// Most parameters of one statement.
    pub sql_params: u64,
    /// Longest JSON of one statement's parameters.
    pub sql_params_bytes: u64,
    /// Most rows of one result.
    pub sql_rows: u64,
    /// Longest JSON of one result.
    pub sql_result_bytes: u64,
    /// Longest download of an archive.
    pub download_duration: Span,
    /// Longest download of the catalog; absent: as that of an archive.
    pub catalog_duration: Option<Span>,
    /// Longest catalog.
    pub catalog_bytes: u64,
    /// Longest archive, as it is downloaded.
    pub artifact_bytes: u64,
    /// Most entries of one archive.
    pub archive_entries: u64,
    /// Contents of one archive, unpacked.
    pub unpacked_bytes: u64,
}

impl Limits {
    /// Those that are numbers, with the names of their variables.
    pub fn numbers(&self) -> [(&'static str, u64); 16] {
        [
            ("instances_per_plugin", self.instances_per_plugin),
            ("calls_per_plugin", self.calls_per_plugin),
            ("memory_pages", self.memory_pages),
            ("response_bytes", self.response_bytes),
            ("request_bytes", self.request_bytes),
            ("fetch_request_bytes", self.fetch_request_bytes),
            ("fetch_response_bytes", self.fetch_response_bytes),
            ("sql_statement_bytes", self.sql_statement_bytes),
            ("sql_params", self.sql_params),
            ("sql_params_bytes", self.sql_params_bytes),
            ("sql_rows", self.sql_rows),
            ("sql_result_bytes", self.sql_result_bytes),
            ("catalog_bytes", self.catalog_bytes),
            ("artifact_bytes", self.artifact_bytes),
            ("archive_entries", self.archive_entries),
            ("unpacked_bytes", self.unpacked_bytes),
        ]
    }

    /// Those that are spans of time, with the names of their variables.
    pub fn spans(&self) -> [(&'static str, Duration); 5] {
        [
            ("call_duration", self.call_duration.0),
            ("queue_duration", self.queue_duration.0),
            ("sql_statement_duration", self.sql_statement_duration.0),
            ("download_duration", self.download_duration.0),
            ("catalog_duration", self.catalog_duration.unwrap_or(self.download_duration).0),
        ]
    }
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            call_duration: Span(Duration::from_secs(5)),
            instances_per_plugin: 16,
            calls_per_plugin: 80,
            queue_duration: Span(Duration::from_secs(2)),
            memory_pages: 1024,
            response_bytes: 10 * MIB,
            request_bytes: 10 * MIB,
            fetch_request_bytes: 10 * MIB,
            fetch_response_bytes: 50 * MIB,
            sql_statement_duration: Span(Duration::from_secs(3)),
            sql_statement_bytes: MIB / 4,
            sql_params: 10_000,
            sql_params_bytes: 4 * MIB,
            sql_rows: 10_000,
            sql_result_bytes: 8 * MIB,
            download_duration: Span(Duration::from_secs(20)),
            catalog_duration: None,
            catalog_bytes: 10 * MIB,
            artifact_bytes: 100 * MIB,
            archive_entries: 10_000,
            unpacked_bytes: 100 * MIB,
        }
    }
}
