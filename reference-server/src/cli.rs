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

    /// Be a host with this one mistake, see `--list-mutants`.
    #[cfg(feature = "mutants")]
    #[arg(long, value_name = "NAME", env = "MUTANT")]
    pub mutant: Option<String>,

    /// Print the mistakes that this host can make, as JSON, and exit.
    #[cfg(feature = "mutants")]
    #[arg(long)]
    pub list_mutants: bool,
}

#[cfg(all(test, not(feature = "mutants")))]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_host_cannot_be_asked_to_be_wrong() {
        for flags in [&["--mutant", "control"][..], &["--list-mutants"]] {
            let asked = Cli::try_parse_from(["reference-server"].iter().chain(flags));
            assert!(asked.is_err(), "{flags:?}");
        }
    }
}
