//! The command line of `hostproof`.

mod authorities;
mod baseline;
mod ca;
mod compare;
mod completions;
mod doctor;
mod explain;
mod init;
mod ledger;
mod list;
mod merge;
mod repeat;
mod report;
mod run;
mod spec;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::errors::chain;
use crate::exit;
use crate::report::Report;
use crate::sources::Sources;
use crate::suite::Suite;

/// Judges any plugin host at a URL by the specification it was built with.
#[derive(Debug, Parser)]
#[command(name = "hostproof", version, about, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  conformant: every applicable case passed, but for known failures
  1  not conformant: a case failed
  2  usage: the command line or the target file is wrong
  3  harness error: the suite itself is at fault
  4  unreachable or blocked: nothing failed, and not everything could be judged
  5  stale baseline: a line of the baseline is no longer true";

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a commented target file, by flags or by asking.
    Init(init::Args),
    /// Try what a target file says before a run: host, administrator, catalog, Valkey.
    Doctor(doctor::Args),
    /// Judge a host.
    Run(Box<run::Args>),
    /// Write the views of a recorded report.
    Report(report::Args),
    /// Make the certificate authority of the suite's servers, for a host to trust, and print it.
    #[command(alias = "outbound-ca")]
    Ca(ca::Args),
    /// Write the first baseline: what failed in a report, for a person to give reasons.
    Baseline(baseline::Args),
    /// Join the reports of the parts of a run.
    Merge(merge::Args),
    /// Compare two reports: regressions first.
    Compare(compare::Args),
    /// Tell all there is to know of a case or a sentence.
    Explain(explain::Args),
    /// Judge a report's transcripts again, offline.
    Verify(verify::Args),
    /// List the cases, or the sentences.
    List(list::Args),
    /// Print the specification's sentences with their cases, and lock their texts.
    Ledger(ledger::Args),
    /// Write the specification as pages, with each sentence's cases in the margin.
    Spec(spec::Args),
    /// Print what a shell completes the command line by.
    Completions(completions::Args),
    /// Print the manual page: `hostproof man | man -l -`.
    Man,
}

/// Where ledger and cases come from.
#[derive(Debug, clap::Args)]
struct SourceArgs {
    /// Read spec/ and cases/ from this folder instead of those built into the binary.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl SourceArgs {
    fn sources(&self) -> Result<Sources, Failed> {
        match &self.root {
            Some(root) => Sources::from_folder(root).map_err(|e| Failed::usage(chain(&e))),
            None => Ok(Sources::embedded()),
        }
    }

    /// Ledger and cases, with the gate open.
    fn suite(&self) -> Result<Suite, Failed> {
        Suite::load(&self.sources()?).map_err(|e| Failed::harness(chain(&e)))
    }
}

/// A command that could not do its work: what to print, and the exit code.
#[derive(Debug)]
struct Failed {
    code: u8,
    message: String,
}

impl Failed {
    fn usage(message: impl Into<String>) -> Self {
        Self { code: exit::USAGE, message: message.into() }
    }

    fn harness(message: impl Into<String>) -> Self {
        Self { code: exit::HARNESS, message: message.into() }
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Also prints help and version, which are no errors.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { exit::USAGE } else { exit::CONFORMANT });
        }
    };
    let result = match cli.command {
        Command::Init(args) => init::init(&args),
        Command::Run(args) => run::run(&args),
        Command::Ca(args) => ca::ca(&args),
        Command::Doctor(args) => doctor::doctor(&args),
        Command::Baseline(args) => baseline::baseline(&args),
        Command::Merge(args) => merge::merge(&args),
        Command::Compare(args) => compare::compare_reports(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::Verify(args) => verify::verify_report(&args),
        Command::Completions(args) => completions::completions(&args),
        Command::Man => completions::man(),
        Command::List(args) => list::list(&args),
        Command::Report(args) => report::report(&args),
        Command::Ledger(args) => ledger::ledger(&args),
        Command::Spec(args) => spec::spec(&args),
    };
    ExitCode::from(result.unwrap_or_else(|failed| {
        eprintln!("hostproof: {}", failed.message);
        failed.code
    }))
}

/// A report that fits together.
fn read(file: &Path) -> Result<Report, Failed> {
    Report::read(file).map_err(|e| Failed::usage(chain(&e)))
}

/// Data for programs.
fn json(data: &impl serde::Serialize) -> Result<String, Failed> {
    let text = serde_json::to_string_pretty(data).map_err(|e| Failed::harness(e.to_string()))?;
    Ok(format!("{text}\n"))
}

/// Prints to stdout. A reader that went away, as `head` does, is no error of ours.
fn print(text: &str) -> Result<(), Failed> {
    use std::io::{ErrorKind, Write as _};
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failed::harness(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}
