//! What the host keeps: core tables and plugin data in Postgres, plugins' files in folders or in S3,
//! events and the plugins' cache in Valkey.
//!
//! ```text
//! Database ── core pool ──────── registry, plugin_operations, users, roles, projects, members, tasks, api_keys,
//!    │                           core_reads (for guests), outbox
//!    │                           plugin_schemas (provisioning)
//!    └────── plugin sessions ─── plugin_sql, plugin_kv        as the plugin's runtime role
//!                                migrations                   as the plugin's migration role
//! ArtifactStore ─ folders | S3     plugins' files
//! EventBus ─ ValkeyBus | InProcessBus      PluginCache, Activities: in Valkey or in this process
//! ```
//!
//! **Isolation is the database's.** A plugin's statement never runs in a session that could do
//! more than the plugin may: every session logs in as one of the plugin's own two roles, which
//! belong to nobody else. There is no stronger role to return to, so `RESET ROLE`,
//! `set_config('role', …)` or a function that switches roles lead nowhere, whatever the SQL guard in
//! front missed. In the other direction the host's own session never reads or writes anything a
//! plugin could have defined.
//!
//! Deliberately absent: what statements are admissible (`policy`), password hashing and tokens
//! (the server), files and archives (`lifecycle`).

pub mod activities;
pub mod api_keys;
pub mod cache;
pub mod config;
pub mod core_reads;
pub mod error;
pub mod events;
pub mod members;
pub mod metrics;
pub mod migrations;
pub mod outbox;
pub mod page;
pub mod plugin_artifacts;
pub mod plugin_kv;
pub mod plugin_operations;
pub mod plugin_schema;
pub mod plugin_sql;
pub mod projects;
pub mod registry;
pub mod registry_changes;
pub mod roles;
pub mod sessions;
pub mod tasks;
pub mod users;

mod core_pool;
mod database;
mod plugin_session;
mod valkey;

pub use config::DatabaseConfig;
pub use database::{Database, core_schema_fingerprint};
pub use error::StorageError;
pub use page::{Page, Paged};
