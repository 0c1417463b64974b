//! `hostproof outbound-ca`: make the authority before the host starts, which has to trust it.

use std::path::PathBuf;

use super::{Failed, chain, print};
use crate::exit;
use crate::peers::Authority;

/// Make the certificate authority of the suite's outbound server. Does nothing if the file is there.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The certificate's file, as in `[outbound] ca_file`; its key gets the ending `.key`.
    file: PathBuf,
    /// A name it may vouch for: each of those in `[outbound]`. Repeatable.
    #[arg(long = "host", value_name = "NAME", required = true)]
    hosts: Vec<String>,
}

pub(super) fn outbound_ca(args: &Args) -> Result<u8, Failed> {
    let hosts: Vec<&str> = args.hosts.iter().map(String::as_str).collect();
    let (_, made) =
        Authority::at(&args.file, &hosts).map_err(|error| Failed::usage(chain(&error)))?;
    let file = args.file.display();
    print(&if made { format!("made {file}\n") } else { format!("{file} is there already\n") })?;
    Ok(exit::CONFORMANT)
}
