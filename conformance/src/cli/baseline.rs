//! `hostproof baseline`: the first baseline, from a report.

use std::path::PathBuf;

use super::{Failed, chain, print};
use crate::baseline::draft;
use crate::exit;
use crate::report::Report;

/// Write the first baseline: a line for each failure of a report, whose reason is yours to write.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The report.json of a whole run.
    #[arg(long, value_name = "REPORT")]
    from: PathBuf,
    /// The file to write.
    #[arg(default_value = "baseline.toml")]
    file: PathBuf,
    /// Overwrite the file if it exists.
    #[arg(long)]
    force: bool,
}

pub(super) fn baseline(args: &Args) -> Result<u8, Failed> {
    let file = args.file.display();
    if args.file.exists() && !args.force {
        return Err(Failed::usage(format!("{file} exists; --force overwrites it")));
    }
    let report = Report::read(&args.from).map_err(|e| Failed::usage(chain(&e)))?;
    if let Some(why) = &report.footer.stopped {
        return Err(Failed::usage(format!(
            "the run of {} ended early ({why}): make the baseline of a whole run",
            args.from.display()
        )));
    }
    let (text, lines) = draft(&report);
    std::fs::write(&args.file, text)
        .map_err(|e| Failed::usage(format!("cannot write {file}: {e}")))?;
    print(&format!(
        "wrote {file}: {lines} known failures; write the reason of each, then: hostproof run --baseline {file}\n"
    ))?;
    Ok(exit::CONFORMANT)
}
