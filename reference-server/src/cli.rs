//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::config::environment_help;

/// A plugin host: runs WebAssembly plugins behind an HTTP API, with Postgres underneath.
#[derive(Debug, Parser)]
#[command(version, after_help = environment_help())]
pub struct Cli {
    /// Configuration file (TOML). Unknown keys are refused. `--default-config` prints one to start from.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Write the base URL to this file once the server accepts requests.
    #[arg(long, value_name = "PATH")]
    pub ready_file: Option<PathBuf>,

    /// Print the settings in effect, secrets redacted, and exit.
    #[arg(long)]
    pub print_config: bool,

    /// Print the commented default configuration file and exit.
    #[arg(long)]
    pub default_config: bool,
}
