//! A process that outlives us for a moment and takes away what we started.
//!
//! Destructors do not run when a process is killed, and tests are killed: by a time-out, by
//! Ctrl-C, by a machine short of memory. So every server is announced to a guard, a tiny shell
//! script in a process group of its own that does nothing but wait for the end of its standard
//! input. The only writer of that pipe is us; however we end, the kernel closes it, and the guard
//! stops the servers, removes the containers and deletes the directories. An orderly shutdown
//! takes the same path: it closes the pipe and waits.
//!
//! It is a script and not a second Rust program because a library cannot know of a program it may
//! start: inside a test, the running executable is the test harness.

use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use nix::sys::signal::Signal;

/// Directories are deleted by the guard only when their name starts with this, so that a garbled
/// order cannot delete anything else.
pub(crate) const DIRECTORY_PREFIX: &str = "hostproof-services-";

const SCRIPT: &str = include_str!("guard.sh");

/// The guard of one [`Running`](crate::Running). Dropping it carries out every order.
#[derive(Debug)]
pub struct Guard {
    orders: Option<ChildStdin>,
    process: Child,
}

impl Guard {
    pub(crate) fn start() -> io::Result<Self> {
        let mut process = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "hostproof-guard"])
            .current_dir("/")
            .stdin(Stdio::piped())
            // Test runners wait for the end of a test's output; the guard must not hold it open.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C goes to the whole foreground group; the guard has work to do after it.
            .process_group(0)
            .spawn()?;
        Ok(Self { orders: process.stdin.take(), process })
    }

    /// Orders that `directory` be deleted.
    pub(crate) fn directory(&mut self, directory: &Path) -> io::Result<()> {
        self.order(&format!("directory {}", directory.display()))
    }

    /// Orders that process `id`, which works inside `directory`, be stopped with `signal`.
    pub(crate) fn process(&mut self, id: u32, signal: Signal, directory: &Path) -> io::Result<()> {
        let signal = signal.as_str().trim_start_matches("SIG");
        self.order(&format!("process {id} {signal} {}", directory.display()))
    }

    /// Orders that a container be removed with its volumes.
    pub(crate) fn container(&mut self, id: &str) -> io::Result<()> {
        self.order(&format!("container {id}"))
    }

    fn order(&mut self, line: &str) -> io::Result<()> {
        let orders = self.orders.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(orders, "{line}")
    }

    /// Closes the pipe, upon which the guard begins.
    pub(crate) fn release(&mut self) {
        self.orders = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.release();
        // A guard that cannot be waited for is gone already.
        let _ = self.process.wait();
    }
}
