//! `hostproof verify`: a recorded run, judged again.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::{Failed, SourceArgs, chain, json as to_json, print};
use crate::exit;
use crate::report::Recorded;
use crate::verify::{Standing, Verification, verify};

/// Judge a report's transcripts again, offline, by today's cases.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 nothing contradicts the report, 1 something does, 2 it cannot be read, 4 nothing in it could be judged again.

It shows damage, mistakes and verdicts that do not follow. It is no signature: who makes up a whole transcript can make up a report.")]
pub(super) struct Args {
    /// The report.json of a run.
    #[arg(value_name = "REPORT")]
    file: PathBuf,
    /// List every case that could not be judged again, or only in part, with the reason.
    #[arg(long, short)]
    verbose: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn verify_report(args: &Args) -> Result<u8, Failed> {
    let suite = args.sources.suite()?;
    let recorded = Recorded::read(&args.file).map_err(|e| Failed::usage(chain(&e)))?;
    let verification = verify(recorded, &suite);
    if args.json {
        let counts = STANDINGS.map(|(standing, _)| (standing, verification.count(standing)));
        let document = json!({
            "holds": verification.holds(),
            "counts": counts.iter().map(|(standing, count)| json!({ "standing": standing, "cases": count })).collect::<Vec<_>>(),
            "problems": verification.problems,
            "remarks": verification.remarks,
            "cases": verification.cases,
        });
        print(&to_json(&document)?)?;
    } else {
        print(&readable(&verification, args.verbose))?;
    }
    let judged = verification.count(Standing::Confirmed) + verification.count(Standing::InPart);
    Ok(match (verification.holds(), judged) {
        (false, _) => exit::NOT_CONFORMANT,
        (true, 0) => exit::UNREACHABLE_OR_BLOCKED,
        (true, _) => exit::CONFORMANT,
    })
}

const STANDINGS: [(Standing, &str); 4] = [
    (Standing::Confirmed, "confirmed"),
    (Standing::InPart, "confirmed in part"),
    (Standing::NotJudged, "not judged again"),
    (Standing::Differs, "do not follow"),
];

fn readable(verification: &Verification, verbose: bool) -> String {
    let mut out = String::new();
    for problem in &verification.problems {
        let _ = writeln!(out, "✗ {problem}");
    }
    for remark in &verification.remarks {
        let _ = writeln!(out, "note: {remark}");
    }
    for case in &verification.cases {
        let show = match case.standing {
            Standing::Confirmed => false,
            Standing::InPart | Standing::NotJudged => verbose,
            Standing::Differs => true,
        };
        if show {
            let mark = if case.standing == Standing::Differs { "✗" } else { "·" };
            let verdict = case.verdict.as_str();
            let _ = writeln!(out, "{mark} {} {} ({verdict})", case.id, case.slug);
            for why in &case.why {
                let _ = writeln!(out, "    {why}");
            }
        }
    }
    let total = verification.cases.len();
    for (standing, name) in STANDINGS {
        let count = verification.count(standing);
        let share = (count * 1000).checked_div(total).unwrap_or_default();
        let _ = writeln!(out, "{count:>6} {name} ({}.{} %)", share / 10, share % 10);
    }
    let end = if verification.holds() {
        "nothing contradicts the report"
    } else {
        "the report does not hold"
    };
    let _ = writeln!(out, "{total:>6} verdicts: {end}");
    out
}
