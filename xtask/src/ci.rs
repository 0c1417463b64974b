//! `cargo xtask ci`, what CI runs in CI's order, and `cargo xtask lint`, its first part.

use std::{
    env,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::tool::{self, announce};

/// What CI runs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave out the run in containers, for machines without a Docker engine.
    #[arg(long)]
    no_containers: bool,
}

/// A step: its name, and the command that is the step.
type Step = (&'static str, Command);

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut steps = lint_steps();
    steps.push(("test", xtask(["test"])));
    steps.push(("consumers", xtask(["consumers"])));
    steps.push(("authors", xtask(["authors"])));
    steps.push(("benches", xtask(["bench", "--quick"])));
    steps.push(("conformance", xtask(["conformance"])));
    steps.push(("mutants", xtask(["conformance", "--mutants"])));
    steps.push(("serve", xtask(["serve", "--check"])));
    steps.push(("replicas", xtask(["serve", "--check", "--replicas", "2"])));
    steps.push(("kills", xtask(["kills", "--count", "120"])));
    steps.push(("capacity", xtask(["capacity", "--quick"])));
    if !args.no_containers {
        steps.push(("conformance in containers", xtask(["conformance", "--services", "docker"])));
    }
    run_steps(steps)
}

/// What can be judged without running anything of ours.
pub(crate) fn lint() -> Result<ExitCode> {
    run_steps(lint_steps())
}

fn lint_steps() -> Vec<Step> {
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    let mut steps = vec![
        ("format", tool::cargo(["fmt", "--all", "--check"])),
        ("tidy", xtask(["tidy"])),
        ("clippy", tool::cargo(clippy)),
        ("fixtures", xtask(["fixtures", "--check"])),
    ];
    if has_deny() {
        steps.push(("licences and advisories", tool::cargo(["deny", "check"])));
    } else {
        eprintln!("cargo-deny is not installed; licences and advisories go unchecked");
    }
    steps
}

fn run_steps(steps: Vec<Step>) -> Result<ExitCode> {
    let mut timings: Vec<(&str, Duration)> = Vec::new();
    for (name, mut command) in steps {
        announce(&format!("{name}: {}", tool::shown(&command)));
        let began = Instant::now();
        let outcome = tool::run(&mut command);
        timings.push((name, began.elapsed()));
        if let Err(error) = outcome {
            report(&timings);
            bail!("{name} failed: {error:#}");
        }
    }
    report(&timings);
    Ok(ExitCode::SUCCESS)
}

/// Ourselves: this very program, so that nothing is built twice.
fn xtask<const N: usize>(arguments: [&str; N]) -> Command {
    let program = env::current_exe().unwrap_or_else(|_| "xtask".into());
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn has_deny() -> bool {
    let mut asked = tool::cargo(["deny", "--version"]);
    asked.stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

fn report(timings: &[(&str, Duration)]) {
    eprintln!();
    for (name, took) in timings {
        eprintln!("{:7.1} s  {name}", took.as_secs_f32());
    }
}
