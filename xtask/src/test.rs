//! `cargo xtask test`: every test of the workspace, with the servers they need.

use std::{
    ffi::OsString,
    process::{Command, ExitCode, Stdio},
};

use anyhow::Result;

use crate::{
    preflight, tidy,
    tool::{self, announce},
    workspace,
};

/// Run every test.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where Postgres and Valkey come from, see `services exec --help`.
    #[arg(long, value_name = "auto|local|docker|URL", default_value = "auto")]
    services: String,
    /// Arguments for the test runner, say `-- --package storage`.
    #[arg(last = true, value_name = "RUNNER ARGUMENTS")]
    runner: Vec<OsString>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    announce("tidy");
    tidy::run()?;
    preflight::libclang()?;
    let programs = tool::build(&["services"], false)?;

    // First, because nextest does not run them, and so that its summary is what one sees last.
    let chosen = !args.runner.is_empty();
    if !chosen {
        announce("documentation tests");
        tool::run(&mut tool::cargo(["test", "--workspace", "--doc", "--quiet"]))?;
    }
    announce("tests");
    let mut command = Command::new(programs.path("services")?);
    tool::own_name_removed(&mut command)
        .current_dir(workspace::root())
        .args(["exec", "--services", &args.services, "--"])
        .arg(workspace::cargo());
    if has_nextest() {
        command.args(["nextest", "run"]);
    } else {
        eprintln!("    cargo-nextest is not installed; `cargo test` does it as well");
        command.args(["test", "--lib", "--bins", "--tests"]);
    }
    if !chosen {
        command.arg("--workspace");
    }
    command.args(&args.runner);
    Ok(tool::exit_code(tool::status(&mut command)?))
}

fn has_nextest() -> bool {
    let mut asked = tool::cargo(["nextest", "--version"]);
    asked.stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}
