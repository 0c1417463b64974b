//! `hostproof explain`: a case or a sentence, with all there is to know of it.

use std::path::{Path, PathBuf};

use super::{Failed, SourceArgs, chain, json, print, read};
use crate::exit;
use crate::explain::explain as explained;
use crate::site::read_mutants;

/// Where `cargo xtask conformance --mutants` writes its findings.
const MUTANTS: &str = "hostproof-report/mutants.json";

/// Tell all there is to know of a case, a sentence or a mutant host.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id or slug of a case, id of a sentence, or name of a mutant; former names too.
    #[arg(value_name = "NAME")]
    name: String,
    /// A report.json: what happened in that run.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// A mutants.json: which mutant hosts a case caught; default: hostproof-report/mutants.json, if it
    /// is there.
    #[arg(long, value_name = "FILE")]
    mutants: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn explain(args: &Args) -> Result<u8, Failed> {
    let suite = args.sources.suite()?;
    let report = args.report.as_deref().map(read).transpose()?;
    let usual = Path::new(MUTANTS);
    let file = args.mutants.as_deref().or(usual.exists().then_some(usual));
    let mutants = file.map(read_mutants).transpose().map_err(|e| Failed::usage(chain(&e)))?;
    let mutants = mutants.unwrap_or_default();
    let explained =
        explained(&args.name, &suite, report.as_ref(), &mutants).map_err(Failed::usage)?;
    print(&if args.json { json(&explained)? } else { explained.readable() })?;
    Ok(exit::CONFORMANT)
}
