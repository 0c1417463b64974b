//! `services tied`: a command that ends when the process that wanted it does, even by `kill -9`.
//!
//! For commands that start helpers in the background and cannot link this crate's library.

use std::{
    os::unix::process::{CommandExt as _, parent_id},
    process::{Command, ExitCode},
};

use anyhow::Context as _;
use nix::sys::signal::{SigSet, Signal};

use crate::TiedArgs;

pub(crate) fn run(args: &TiedArgs) -> anyhow::Result<ExitCode> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(Signal::SIGTERM)?;
    // The wish only counts from now on, so look whether it came too late.
    if i32::try_from(parent_id()) != Ok(args.to) {
        return Ok(ExitCode::SUCCESS);
    }
    // A parent that collects its signals on a thread has them blocked, and we inherit that.
    SigSet::all().thread_unblock()?;
    let (program, arguments) = args.command.split_first().context("no command")?;
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot run {}", program.display()))
}
