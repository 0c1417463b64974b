//! Being asked to end: Ctrl-C, SIGTERM, SIGHUP.
//!
//! A command that has something to take down must not die of the first signal. [`watch`] collects
//! signals on a thread of its own and hands them to whoever waits in between. Programs started
//! later inherit that the signals are blocked, unless they are started by [`crate::tool::tied`],
//! as everything is that we have to end.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI32, Ordering},
        mpsc::{self, Receiver},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{SigSet, Signal};

/// The signals received so far.
#[derive(Debug)]
pub(crate) struct Signals {
    queue: Mutex<Receiver<Signal>>,
    /// The first one's number, for everybody who only wants to know whether there was one.
    first: Arc<AtomicI32>,
}

/// Collects signals that ask us to end, from now on. To be called before any other thread starts.
pub(crate) fn watch() -> Result<Signals> {
    let mut set = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        set.add(signal);
    }
    set.thread_block().context("cannot block signals")?;
    let (sender, receiver) = mpsc::channel();
    let first = Arc::new(AtomicI32::new(0));
    let seen = Arc::clone(&first);
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        while let Ok(signal) = set.wait() {
            let _ = seen.compare_exchange(0, signal as i32, Ordering::SeqCst, Ordering::SeqCst);
            if sender.send(signal).is_err() {
                return;
            }
        }
    })?;
    Ok(Signals { queue: Mutex::new(receiver), first })
}

impl Signals {
    /// The next signal, if one comes within `time`. For one thread.
    pub(crate) fn within(&self, time: Duration) -> Option<Signal> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.recv_timeout(time).ok()
    }

    /// Fails once a signal has come. For any number of threads.
    pub(crate) fn none_came(&self) -> Result<()> {
        match Signal::try_from(self.first.load(Ordering::SeqCst)) {
            Ok(signal) => bail!("stopped by {signal}"),
            Err(_) => Ok(()),
        }
    }
}
