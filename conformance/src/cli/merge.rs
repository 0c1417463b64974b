//! `hostproof merge`: one report of the parts.

use std::path::PathBuf;

use super::{Failed, chain, print, read};
use crate::report::{self, Format, Style};

/// Join the reports of runs with --shard into one, with all its views and its exit code.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The report.json of each part.
    #[arg(value_name = "REPORT", required = true)]
    files: Vec<PathBuf>,
    /// Allow parts to be missing; the report says that it is not complete.
    #[arg(long)]
    partial: bool,
    /// Folder for the joined report.
    #[arg(long, value_name = "DIR", default_value = "hostproof-report")]
    out: PathBuf,
    /// Only these views. Repeatable; default: all.
    #[arg(long, value_name = "FORMAT")]
    format: Vec<Format>,
    /// Print the JSON report instead of the summary.
    #[arg(long)]
    json: bool,
}

pub(super) fn merge(args: &Args) -> Result<u8, Failed> {
    let read = args.files.iter().map(|file| Ok((file.display().to_string(), read(file)?)));
    let parts = read.collect::<Result<Vec<_>, Failed>>()?;
    let whole = report::merge(parts, args.partial).map_err(|e| Failed::usage(chain(&e)))?;
    std::fs::create_dir_all(&args.out)
        .map_err(|e| Failed::usage(format!("cannot create {}: {e}", args.out.display())))?;
    let written = report::write(&whole, &args.format, &args.out, None)
        .map_err(|e| Failed::harness(chain(&e)))?;
    if args.json {
        let json = whole.to_json().map_err(|e| Failed::harness(e.to_string()))?;
        print(&format!("{json}\n"))?;
    } else {
        use std::io::IsTerminal as _;
        let style = Style::detect(std::io::stdout().is_terminal());
        print(&format!("{}{}", report::summary(&whole, style), report::places(&written)))?;
    }
    Ok(whole.footer.exit_code)
}
