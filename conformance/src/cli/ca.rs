//! `hostproof ca`: make the authority before the host starts, which has to trust it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::authorities::{Provided, provide};
use super::{Failed, chain, json as to_json, print};
use crate::exit;
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
    let wanted: BTreeMap<PathBuf, Vec<String>> = match (&args.target, &args.file) {
        (Some(path), _) => {
            Target::read(path).map_err(|error| Failed::usage(chain(&error)))?.authorities()
        }
        (None, Some(file)) => BTreeMap::from([(file.clone(), args.hosts.clone())]),
        (None, None) => return Err(Failed::usage("either FILE or --target is needed")),
    };
    if wanted.is_empty() {
        return Err(Failed::usage("the target file names no `ca_file`"));
    }
    let (mut text, mut list) = (String::new(), Vec::new());
    for Provided { path, hosts, made, pem, der } in provide(wanted)? {
        let file = path.display().to_string();
        let fingerprint = fingerprint(&der);
        let what = if made { "made" } else { "is there already:" };
        let _ = writeln!(
            text,
            "{what} {file}\nvouches for {}\nSHA-256 fingerprint {fingerprint}\n{}",
            hosts.join(", "),
            pem.trim_end()
        );
        list.push(json!({
            "file": file, "made": made, "hosts": hosts, "sha256": fingerprint,
            "certificate": pem,
        }));
    }
    if args.json {
        text = to_json(&list)?;
    }
    print(&text)?;
    Ok(exit::CONFORMANT)
}

/// As other tools print it, to compare with.
fn fingerprint(der: &[u8]) -> String {
    let digest = Sha256::digest(der);
    digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
