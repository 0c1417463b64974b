//! `hostproof completions` and `hostproof man`: made of the command line itself.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, Failed, print};
use crate::exit;

/// Print what a shell completes the command line by.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For instance: hostproof completions bash > ~/.local/share/bash-completion/completions/hostproof")]
pub(super) struct Args {
    /// The shell.
    shell: Shell,
}

pub(super) fn completions(args: &Args) -> Result<u8, Failed> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "hostproof", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(exit::CONFORMANT)
}

/// The manual page, for `man -l -`.
pub(super) fn man() -> Result<u8, Failed> {
    let mut page = Vec::new();
    let mut pages = vec![clap_mangen::Man::new(Cli::command())];
    let commands = Cli::command();
    pages.extend(commands.get_subcommands().map(|command| {
        let name = format!("hostproof {}", command.get_name());
        clap_mangen::Man::new(command.clone().display_name(name.clone()).bin_name(name))
    }));
    for one in pages {
        one.render(&mut page).map_err(|e| Failed::harness(e.to_string()))?;
    }
    print(&String::from_utf8_lossy(&page))?;
    Ok(exit::CONFORMANT)
}
