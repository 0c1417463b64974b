//! `hostproof ca`: make the authority before the host starts, which has to trust it.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Failed, chain, print};
use crate::exit;
use crate::peers::Authority;
use crate::target::Target;

/// Make the certificate authority of the suite's servers, if it is not there yet, and print it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The certificate's file, a `ca_file` of the target file; its key gets the ending `.key`.
    #[arg(required_unless_present = "target", requires = "hosts")]
    file: Option<PathBuf>,
    /// A name or address it may vouch for: it can vouch for no other. Repeatable.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Make those of this target file, for the names in it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "hosts"])]
    target: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn ca(args: &Args) -> Result<u8, Failed> {
    let wanted: Vec<(PathBuf, Vec<String>)> = match (&args.target, &args.file) {
        (Some(path), _) => {
            let target = Target::read(path).map_err(|error| Failed::usage(chain(&error)))?;
            target.authorities().into_iter().collect()
        }
        (None, Some(file)) => vec![(file.clone(), args.hosts.clone())],
        (None, None) => return Err(Failed::usage("either FILE or --target is needed")),
    };
    if wanted.is_empty() {
        return Err(Failed::usage("the target file names no `ca_file`"));
    }
    let (mut text, mut list) = (String::new(), Vec::new());
    for (path, hosts) in wanted {
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        let (authority, made) =
            Authority::at(&path, &hosts).map_err(|error| Failed::usage(chain(&error)))?;
        let file = path.display().to_string();
        let fingerprint = fingerprint(&authority);
        let what = if made { "made" } else { "is there already:" };
        let _ = writeln!(
            text,
            "{what} {file}\nvouches for {}\nSHA-256 fingerprint {fingerprint}\n{}",
            hosts.join(", "),
            authority.certificate().trim_end()
        );
        list.push(json!({
            "file": file, "made": made, "hosts": hosts, "sha256": fingerprint,
            "certificate": authority.certificate(),
        }));
    }
    if args.json {
        let list = serde_json::to_string_pretty(&list);
        text = format!("{}\n", list.map_err(|error| Failed::harness(error.to_string()))?);
    }
    print(&text)?;
    Ok(exit::CONFORMANT)
}

/// As other tools print it, to compare with.
fn fingerprint(authority: &Authority) -> String {
    let digest = Sha256::digest(authority.der());
    digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
