//! The `hostproof` binary; see `hostproof --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    hostproof::cli::main()
}
