//! `hostproof spec`: the specification as pages.

use std::path::PathBuf;

use super::{Failed, SourceArgs, chain, print};
use crate::exit;
use crate::report::{self, Format, Report};
use crate::site::{self, Findings, Site};

/// Write the specification as pages to read, with each sentence's cases in the margin.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder for the pages; `index.html` is the first.
    #[arg(long, value_name = "DIR", default_value = "hostproof-spec")]
    out: PathBuf,
    /// The report.json of a run: margins show its verdicts and lead to its page, written beside them.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The `mutants.json` that `cargo xtask conformance --mutants` wrote: margins show the mutants too.
    #[arg(long, value_name = "FILE")]
    mutants: Option<PathBuf>,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn spec(args: &Args) -> Result<u8, Failed> {
    let sources = args.sources.sources()?;
    let suite = args.sources.suite()?;
    let mutants = args.mutants.as_deref().map(site::read_mutants).transpose();
    let mutants = mutants.map_err(|e| Failed::usage(chain(&e)))?;
    let report = args.report.as_deref().map(Report::read).transpose();
    let report = report.map_err(|e| Failed::usage(chain(&e)))?;
    let findings = report.as_ref().map(Findings::new);
    let pages = Site { sources: &sources, suite: &suite, findings, mutants };
    let first = pages.write(&args.out).map_err(|e| Failed::usage(chain(&e)))?;
    if let Some(report) = &report {
        report::write(report, &[Format::Html], &args.out, None)
            .map_err(|e| Failed::harness(chain(&e)))?;
    }
    print(&format!("{}\n", first.display()))?;
    Ok(exit::CONFORMANT)
}
