//! `hostproof report`: the views of a report that was written earlier.

use std::path::PathBuf;

use url::Url;

use super::{Failed, chain, print};
use crate::exit;
use crate::report::{self, Format, Report};

/// Write the views of a recorded report.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The report.json of a run.
    #[arg(value_name = "REPORT")]
    file: PathBuf,
    /// Folder for the views; default: where the report is.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only these views. Repeatable; default: all.
    #[arg(long, value_name = "FORMAT")]
    format: Vec<Format>,
    /// Print the view instead of writing a file; takes one --format.
    #[arg(long, conflicts_with = "out")]
    stdout: bool,
    /// Where the pages of `hostproof spec` are served: the rules of SARIF link to their sentences.
    #[arg(long, value_name = "URL")]
    spec_url: Option<Url>,
}

pub(super) fn report(args: &Args) -> Result<u8, Failed> {
    let report = Report::read(&args.file).map_err(|e| Failed::usage(chain(&e)))?;
    let spec_url = args.spec_url.as_ref();
    if args.stdout {
        let [format] = args.format.as_slice() else {
            return Err(Failed::usage("--stdout prints one view: name it with --format"));
        };
        let views =
            report::render(&report, *format, spec_url).map_err(|e| Failed::harness(chain(&e)))?;
        // Of the badge, the document; its picture is for files.
        print(views.first().map(|(_, text)| text.as_str()).unwrap_or_default())?;
        return Ok(exit::CONFORMANT);
    }
    let beside = args.file.parent().map(PathBuf::from).unwrap_or_default();
    let folder = args.out.clone().unwrap_or(beside);
    std::fs::create_dir_all(&folder)
        .map_err(|e| Failed::usage(format!("cannot create {}: {e}", folder.display())))?;
    let written = report::write(&report, &args.format, &folder, spec_url)
        .map_err(|e| Failed::harness(chain(&e)))?;
    print(&report::places(&written))?;
    Ok(exit::CONFORMANT)
}
