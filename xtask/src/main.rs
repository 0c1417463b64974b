//! `cargo xtask`: the project's own commands, one module each.

mod api;
mod catalog;
mod ci;
mod conformance;
mod fixtures;
mod host;
mod interference;
mod preflight;
mod serve;
mod signals;
mod test;
mod tidy;
mod tool;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own commands.
///
/// They find or start the servers they need, build what they run, show what they do, and leave
/// nothing running.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge the reference host: servers, host, the whole suite, reports.
    Conformance(conformance::Args),
    /// Run every test, with the servers they need.
    Test(test::Args),
    /// Run the reference host with the demo plugin installed, and print what to try.
    Serve(serve::Args),
    /// Measure what a misbehaving plugin costs the requests of another one.
    Interference(interference::Args),
    /// Build the guests and write `fixtures-plugins/artifacts`, or compare with what is there.
    Fixtures(fixtures::Args),
    /// Check the rules of the house: arrows between crates, inherited settings, module docs.
    Tidy,
    /// Format, tidy, clippy, fixtures: what can be judged without running anything.
    Lint,
    /// What CI runs, in CI's order, each step timed.
    Ci(ci::Args),
    /// The part of `conformance` that runs inside `services exec`.
    #[command(hide = true)]
    ConformanceWithServices(conformance::Inner),
    /// The part of `interference` that runs inside `services exec`.
    #[command(hide = true)]
    InterferenceWithServices(interference::Inner),
    /// The part of `serve` that runs inside `services exec`.
    #[command(hide = true)]
    ServeWithServices(serve::Inner),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Conformance(args) => conformance::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Interference(args) => interference::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Fixtures(args) => fixtures::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Tidy => tidy::run().map(|()| ExitCode::SUCCESS),
        Command::Lint => ci::lint(),
        Command::Ci(args) => ci::run(&args),
        Command::ConformanceWithServices(inner) => conformance::run_with_services(&inner),
        Command::InterferenceWithServices(inner) => interference::run_with_services(&inner),
        Command::ServeWithServices(inner) => serve::run_with_services(&inner),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
