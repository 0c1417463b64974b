//! The storage crate against real servers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod activities;
mod artifacts;
mod cache;
mod core_reads;
mod corpus;
mod events;
mod hostile;
mod isolation;
mod kv;
mod migrations;
mod operations;
mod params;
mod provision;
mod sessions;
mod stores;
mod support;
mod transactions;
mod values;
