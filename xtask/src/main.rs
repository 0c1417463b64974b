//! `cargo xtask`: the project's own commands, one module each.

mod api;
mod authors;
mod bench;
mod capacity;
mod catalog;
mod ci;
mod conformance;
mod consumers;
mod curves;
mod database;
mod fixtures;
mod host;
mod hosted;
mod interference;
mod kills;
mod load;
mod mutants;
mod preflight;
mod process;
mod random;
mod replicas;
mod sample;
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
    #[command(flatten)]
    Hosted(hosted::Command),
    /// Run every test, with the servers they need.
    Test(test::Args),
    /// Open the reports in a browser, and read them with parsers of others; needs Node.js and Chromium.
    Consumers,
    /// Follow the pages for authors of plugins, as a newcomer would: every file, every command.
    Authors(authors::Args),
    /// Build the guests and write `fixtures-plugins/artifacts`, or compare with what is there.
    Fixtures(fixtures::Args),
    /// Check the rules of the house: arrows between crates, inherited settings, module docs.
    Tidy,
    /// Format, tidy, clippy, fixtures: what can be judged without running anything.
    Lint,
    /// What CI runs, in CI's order, each step timed.
    Ci(ci::Args),
    /// The second half of the commands that run hosts, inside `services exec`.
    #[command(hide = true)]
    WithServices(hosted::WithServices),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Hosted(command) => command.first_half(),
        Command::Test(args) => test::run(&args),
        Command::Consumers => consumers::run(),
        Command::Authors(args) => authors::run(&args),
        Command::Fixtures(args) => fixtures::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Tidy => tidy::run().map(|()| ExitCode::SUCCESS),
        Command::Lint => ci::lint(),
        Command::Ci(args) => ci::run(&args),
        Command::WithServices(half) => half.second_half(),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}
