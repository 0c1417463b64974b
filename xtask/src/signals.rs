//! Being asked to end: Ctrl-C, SIGTERM, SIGHUP.
//!
//! A command that has something to take down must not die of the first signal. [`watch`] collects
//! signals on a thread of its own and hands them to whoever waits in between. Programs started
//! later inherit that the signals are blocked, unless they are started by [`crate::tool::tied`],
//! as everything is that we have to end.

use std::{
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};
use nix::sys::signal::{SigSet, Signal};

/// The signals received so far.
#[derive(Debug)]
pub(crate) struct Signals(Receiver<Signal>);

/// Collects signals that ask us to end, from now on. To be called before any other thread starts.
pub(crate) fn watch() -> Result<Signals> {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        set.add(signal);
    }
    set.thread_block().context("cannot block signals")?;
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        while let Ok(signal) = set.wait() {
            if sender.send(signal).is_err() {
                return;
            }
        }
    })?;
    Ok(Signals(receiver))
}

impl Signals {
    /// The next signal, if one comes within `time`.
    pub(crate) fn within(&self, time: Duration) -> Option<Signal> {
        self.0.recv_timeout(time).ok()
    }
}
