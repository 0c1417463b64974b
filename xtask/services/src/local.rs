//! Servers from binaries on this machine, each in a directory that lives as long as it does.

mod find;
mod postgres;
mod process;
mod valkey;

pub use find::{PostgresBinaries, find_postgres, find_valkey, program_version};
pub(crate) use postgres::{SETTINGS as POSTGRES_SETTINGS, connect, postgres};
pub use process::end_with_parent;
pub(crate) use process::{POLL_INTERVAL, START_DEADLINE, Unprivileged, spawn};
pub(crate) use valkey::{SETTINGS as VALKEY_SETTINGS, ping, ping_url, valkey};
