//! `hostproof list`: the cases.

use std::fmt::Write as _;

use serde_json::json;

use super::{Failed, SourceArgs, print};
use crate::case::Tier;
use crate::runner::{self, Selection};
use crate::target::Target;

/// List the cases.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only cases whose id, slug, area or cited sentence matches, with `*` and `?`. Repeatable.
    #[arg(long, value_name = "GLOB")]
    filter: Vec<String>,
    /// Only cases of this tier. Repeatable.
    #[arg(long)]
    tier: Vec<Tier>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

pub(super) fn list(args: &Args) -> Result<u8, Failed> {
    let suite = args.sources.suite()?;
    let selection = Selection {
        filters: args.filter.clone(),
        tiers: args.tier.iter().copied().collect(),
        ..Selection::default()
    };
    let nowhere = "http://localhost/".parse().map_err(|_| Failed::harness("no URL"))?;
    let plans = runner::plan(&suite.cases, &selection, &Target::stranger(nowhere))
        .map_err(|e| Failed::usage(e.to_string()))?;
    let cases: Vec<_> = plans.into_iter().map(|plan| plan.case).collect();
    if args.json {
        let list: Vec<_> = cases
            .iter()
            .map(|case| {
                json!({
                    "id": case.id, "slug": case.slug, "title": case.title, "area": case.area(),
                    "cites": case.cites, "profile": case.profile, "tier": case.tier,
                    "lane": case.lane, "negative": case.negative, "twin": case.twin,
                    "features": case.features, "source": case.place(),
                })
            })
            .collect();
        let text =
            serde_json::to_string_pretty(&list).map_err(|e| Failed::harness(e.to_string()))?;
        print(&format!("{text}\n"))?;
    } else {
        let mut out = String::new();
        for case in &cases {
            let _ = writeln!(
                out,
                "{} {:<12} {:<13} {}\n       {} [{}]",
                case.id,
                case.profile,
                case.tier,
                case.slug,
                case.title,
                case.cites.join(" ")
            );
        }
        let _ = writeln!(out, "{} cases", cases.len());
        print(&out)?;
    }
    Ok(crate::exit::CONFORMANT)
}
