//! Why there is no server to talk to.
//!
//! A single way that does not work is a [`WayFailed`]: ordinary, and followed by the next way.
//! Only when every permitted way failed is there a [`ServicesError`], which then tells them all.

use std::{error::Error, fmt};

/// Nothing to run against.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// Every permitted way to one of the servers failed.
    #[error("{}", no_way(.server, .tried))]
    NoWay {
        /// `Postgres` or `Valkey`.
        server: &'static str,
        /// The ways tried, in order, each with its reason.
        tried: Vec<WayFailed>,
    },
    /// The process that removes what we start could not be started, so nothing else was.
    #[error("cannot start the guard process (`/bin/sh`) that removes the servers afterwards")]
    Guard(#[source] std::io::Error),
    /// The thread that owns the servers ended before it had an answer.
    #[error("the thread that starts the servers panicked")]
    Supervisor,
    /// A test database could not be made.
    #[error("cannot prepare a test database: {step}")]
    TestDatabase {
        /// What was being done.
        step: String,
        /// What the database or the migration said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

/// One way to a server, and why it was not taken.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{way}: {reason}")]
pub struct WayFailed {
    /// The way, as a person would name it.
    pub way: &'static str,
    /// Why it did not work, with its causes.
    pub reason: String,
    /// There was nothing to try, as opposed to something that was tried and failed.
    pub absent: bool,
}

impl WayFailed {
    /// Notes why `way` was not taken, with the whole chain of causes.
    pub(crate) fn new(way: &'static str, reason: &dyn fmt::Display) -> Self {
        Self { way, reason: reason.to_string(), absent: false }
    }

    /// Notes that there is nothing on this machine that `way` could use.
    pub(crate) fn absent(way: &'static str, reason: &dyn fmt::Display) -> Self {
        Self { absent: true, ..Self::new(way, reason) }
    }
}

fn no_way(server: &str, tried: &[WayFailed]) -> String {
    let ways: Vec<String> = tried.iter().map(|failed| format!("\n  - {failed}")).collect();
    let ways = ways.concat();
    let (variable, package) = match server {
        "Postgres" => (crate::DATABASE_URL_VARIABLE, "postgresql"),
        _ => (crate::VALKEY_URL_VARIABLE, "valkey-server, or redis-server on older releases"),
    };
    format!(
        "no {server} to be had:{ways}\n\
         Any one of these is enough:\n  \
         - set {variable} to a server of yours\n  \
         - start a Docker engine (Debian: apt-get install docker.io)\n  \
         - install the server (Debian: apt-get install {package})"
    )
}
