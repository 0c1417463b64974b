//! `hostproof compare`: two reports side by side.

use std::path::PathBuf;

use super::{Failed, SourceArgs, json, print, read};
use crate::compare::compare;
use crate::exit;

/// Compare two reports: regressions, fixes, new and gone cases, other verdicts, flakiness.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 no regression, 1 at least one, 2 a report cannot be used.")]
pub(super) struct Args {
    /// The earlier report.json.
    #[arg(value_name = "BEFORE")]
    before: PathBuf,
    /// The later one.
    #[arg(value_name = "AFTER")]
    after: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Print Markdown, for a comment on a pull request.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn compare_reports(args: &Args) -> Result<u8, Failed> {
    let suite = args.sources.suite()?;
    let comparison = compare(&read(&args.before)?, &read(&args.after)?, &suite.aliases);
    if args.json {
        print(&json(&comparison)?)?;
    } else if args.markdown {
        print(&comparison.markdown())?;
    } else {
        print(&comparison.readable())?;
    }
    Ok(if comparison.regressed() { exit::NOT_CONFORMANT } else { exit::CONFORMANT })
}
