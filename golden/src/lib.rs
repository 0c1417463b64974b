//! Golden tests of a built plugin: scenarios in, snapshots out, no host and no database needed.
//!
//! A plugin folder holds `plugin.json`, the wasm and `golden/*.toml`. Each of those files is a
//! [`Scenario`](scenario::Scenario): requests and events, and the world they happen in. The plugin
//! runs in the sandbox of the reference host, with that host's policy in front of it; what it
//! answered and every host call it made become a snapshot, which is compared with the accepted one.
//!
//! | module | question it answers |
//! |---|---|
//! | [`plugin`] | what is in a plugin folder |
//! | [`scenario`] | what a scenario file says, and where it is wrong |
//! | `stage` | what stands behind the host functions: the scenario's rows, values and stubs |
//! | [`cassette`] | which answers of the database were recorded |
//! | `front` | what a host does before and after the guest: routes, middlewares, envelope |
//! | `watcher`, `grants` | which host calls were made, and which the manifest does not grant |
//! | `transcript`, `normalise` | how all that reads as text, the same each time |
//! | [`snapshot`] | which text was accepted |
//! | [`run`], [`report`] | one scenario, all of them, and what is to be said about it |
//! | [`record`] | a live Postgres, for the recording |
//!
//! For `cargo test` there is [`assert_golden`].

pub mod cassette;
pub mod cost;
pub mod coverage;
mod diagnostic;
mod expectation;
mod front;
mod grants;
pub mod init;
mod json_text;
mod kit;
mod normalise;
pub mod plugin;
pub mod record;
pub mod report;
pub mod run;
pub mod scenario;
pub mod snapshot;
mod stage;
mod transcript;
mod watcher;

pub use diagnostic::Diagnostic;
pub use kit::{Kit, KitError, Options, Update, assert_golden};
