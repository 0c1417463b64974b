//! `golden`: golden tests of a built plugin.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
