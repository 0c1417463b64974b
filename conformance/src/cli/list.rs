//! `hostproof list`: the cases.

use std::fmt::Write as _;

use serde_json::json;

use super::{Failed, SourceArgs, print};
use crate::case::{Case, Profile, Tier};
use crate::runner::{self, Selection, Shard};
use crate::suite::Suite;

/// List the cases.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only cases whose id, slug, area or cited sentence matches, with `*` and `?`. Repeatable.
    #[arg(long, value_name = "GLOB")]
    filter: Vec<String>,
    /// Only cases of this tier. Repeatable.
    #[arg(long)]
    tier: Vec<Tier>,
    /// Only cases of this profile. Repeatable.
    #[arg(long)]
    profile: Vec<Profile>,
    /// Only one part of the cases, `2/5` for the second of five.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// List the sentences that these cases judge instead.
    #[arg(long)]
    sentences: bool,
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
        profiles: args.profile.iter().copied().collect(),
        shard: args.shard,
    };
    let cases = runner::selected(&suite, &selection).map_err(|e| Failed::usage(e.to_string()))?;
    if args.sentences {
        return sentences(args, &suite, &cases);
    }
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

/// The sentences that some of the cases judge.
fn sentences(args: &Args, suite: &Suite, cases: &[&Case]) -> Result<u8, Failed> {
    let cited = |id: &String| cases.iter().any(|case| case.cites.contains(id));
    let sentences: Vec<_> = suite.ledger.sentences().filter(|s| cited(&s.id)).collect();
    if args.json {
        let list: Vec<_> = sentences
            .iter()
            .map(|sentence| {
                json!({
                    "id": sentence.id, "level": sentence.level, "profile": sentence.profile,
                    "text": sentence.text, "source": format!("{}:{}", sentence.path, sentence.line),
                })
            })
            .collect();
        print(&super::json(&list)?)?;
    } else {
        let mut out = String::new();
        for sentence in &sentences {
            let _ = writeln!(
                out,
                "{} {:<6} {}",
                sentence.id,
                sentence.level.to_string(),
                sentence.text
            );
        }
        let _ = writeln!(out, "{} sentences", sentences.len());
        print(&out)?;
    }
    Ok(crate::exit::CONFORMANT)
}
