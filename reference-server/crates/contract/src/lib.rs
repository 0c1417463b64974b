//! The wire of the plugin host as pure data: what plugins, guests and clients may rely on.
//!
//! Everything that crosses a boundary is spelled here once: the manifest a plugin ships, the
//! functions and messages of the guest ABI, the HTTP envelope with its error codes, the catalog.
//! The crate does no input or output and knows no runtime; the host, the author kit and the
//! benches share it, so that a change of the wire is one change.
//!
//! | module | boundary |
//! |---|---|
//! | [`name`], [`version`] | identity of a plugin |
//! | [`manifest`], [`route`], [`middleware`], [`permissions`] | what a plugin declares in `plugin.json` |
//! | [`abi`], [`envelope`], [`event`], [`db`], [`fetch`], [`header`], [`core_reads`], [`activity`] | what passes between host and guest |
//! | [`api`] | what an HTTP client sees |
//! | [`catalog`] | what the marketplace publishes |
//!
//! The conformance suite deliberately does *not* use this crate: it states the same contract in
//! its own words, so that it cannot agree with a mistake made here.

pub mod abi;
pub mod activity;
pub mod api;
pub mod catalog;
pub mod core_reads;
pub mod db;
pub mod envelope;
pub mod event;
pub mod fetch;
pub mod header;
pub mod manifest;
pub mod middleware;
pub mod name;
pub mod permissions;
pub mod route;
pub mod version;

mod base64_text;
mod percent;
