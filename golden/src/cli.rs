//! The command line.

mod init;
mod record;
mod review;
mod test;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

/// Golden tests of a built plugin: run its wasm on scenarios, without a host, and compare what it does
/// with what was accepted.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  every scenario passed
  1  a scenario failed, or its snapshot is not accepted yet
  2  usage: the command line, the plugin folder or a scenario file is wrong
  4  no Postgres to record with";

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a first scenario from the manifest, one step per route
    Init(init::Init),
    /// Run scenarios and show what differs from what was accepted
    Test(test::Test),
    /// Have a live Postgres answer what scenarios ask, and keep the answers
    Record(record::Record),
    /// Look at snapshots that wait, one by one, and accept or reject them
    Review(review::Review),
    /// Accept snapshots that wait
    Accept(review::All),
    /// Remove snapshots that wait
    Reject(review::All),
    /// Print the JSON schema of scenario files
    Schema,
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// What every command about a plugin takes.
#[derive(Debug, Args)]
struct Which {
    /// Plugin folders, or scenario files below their golden/
    #[arg(default_value = ".")]
    paths: Vec<PathBuf>,
    /// Only scenarios whose name contains this; repeatable
    #[arg(long = "filter", short, value_name = "TEXT")]
    filters: Vec<String>,
}

/// The plugin's wasm, where it is not in the usual place.
#[derive(Debug, Args)]
struct Wasm {
    /// The wasm; default: plugin.wasm beside plugin.json, or what golden/golden.toml names
    #[arg(long, value_name = "FILE")]
    wasm: Option<PathBuf>,
}

/// What a command ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Passed = 0,
    Failed = 1,
    Usage = 2,
    Unavailable = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_env("GOLDEN_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    let exit = match cli.command {
        Command::Init(init) => init.run(),
        Command::Test(test) => test.run(),
        Command::Record(record) => record.run(),
        Command::Review(review) => review.run(),
        Command::Accept(all) => all.accept(),
        Command::Reject(all) => all.reject(),
        Command::Schema => schema(),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "golden", &mut io::stdout());
            Ok(Exit::Passed)
        }
    };
    exit.unwrap_or_else(|error| {
        eprintln!("golden: {error:#}");
        Exit::Usage
    })
    .into()
}

fn schema() -> anyhow::Result<Exit> {
    println!("{}", serde_json::to_string_pretty(&golden::scenario::schema())?);
    Ok(Exit::Passed)
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
