//! `services`: run a command with a Postgres and a Valkey, or say what this machine offers.

mod doctor;
mod exec;
mod query;
mod remote;
mod tied;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use services::{Choice, Want};

/// Postgres and Valkey for a command: found, or started and taken away again.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a command with the servers' URLs in its environment
    /// (`HOSTPROOF_DATABASE_URL`, `HOSTPROOF_VALKEY_URL`), and exit with its code. Where the servers can
    /// be stopped and brought back, `HOSTPROOF_SERVICES_CONTROL` says so to `services control`.
    Exec(ExecArgs),
    /// Say which ways to a server this machine offers, and try the one that would be taken.
    Doctor(Which),
    /// Stop, start, pause or resume a server that a `services exec` started: for its command, while it
    /// runs. Ends when it is done.
    Control(ControlArgs),
    /// Ask a database: a query per line of the input, the rows as a line of JSON for each.
    #[command(hide = true)]
    Query(QueryArgs),
    /// Become a command that ends with process `--to`.
    #[command(hide = true)]
    Tied(TiedArgs),
}

/// Which servers, by which ways.
#[derive(Debug, Args)]
struct Which {
    /// The ways to a server: `auto` (an explicit URL in the environment, Docker, binaries on this
    /// machine, a fetched Postgres; the first that works), `local`, `docker`, or URLs of running
    /// servers with a comma between.
    #[arg(long, value_name = "auto|local|docker|URL", default_value_t)]
    services: Choice,
    /// Do without Valkey.
    #[arg(long)]
    no_valkey: bool,
    /// Do without Valkey if there is none to be had.
    #[arg(long, conflicts_with = "no_valkey")]
    optional_valkey: bool,
}

#[derive(Debug, Args)]
struct ExecArgs {
    #[command(flatten)]
    which: Which,
    /// Also make an empty database, named by `HOSTPROOF_OWN_DATABASE_URL` and dropped afterwards; or
    /// several, of which the second is named by `HOSTPROOF_OWN_DATABASE_URL_2` and so on.
    #[arg(long, value_name = "COUNT", num_args = 0..=1, require_equals = true,
          default_value_t = 0, default_missing_value = "1")]
    own_database: usize,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
struct ControlArgs {
    /// Where orders are taken: `exec` tells its command.
    #[arg(long, value_name = "SOCKET", env = remote::SOCKET)]
    socket: std::path::PathBuf,
    /// What to change: `postgres` or `valkey`.
    name: String,
    /// What becomes of it: `stop`, `start`, `pause`, `resume`.
    change: String,
}

#[derive(Debug, Args)]
struct QueryArgs {
    /// The database.
    #[arg(long)]
    url: String,
}

#[derive(Debug, Args)]
struct TiedArgs {
    /// The process to end with.
    #[arg(long, value_name = "PROCESS")]
    to: i32,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<std::ffi::OsString>,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Exec(args) => exec::run(&args),
        Command::Doctor(which) => doctor::run(&which),
        Command::Control(args) => remote::ask(&args),
        Command::Query(args) => query::run(&args),
        Command::Tied(args) => tied::run(&args),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("services: {error:#}");
        ExitCode::from(CANNOT_START)
    })
}

/// The command was not started. Shells use this number for "cannot execute".
const CANNOT_START: u8 = 126;

impl Which {
    fn request(&self) -> services::Request {
        let valkey = match self {
            Self { no_valkey: true, .. } => Want::No,
            Self { optional_valkey: true, .. } => Want::IfPossible,
            Self { .. } => Want::Required,
        };
        services::Request { choice: self.services.clone(), postgres: true, valkey }
    }
}
