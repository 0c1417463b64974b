//! `hostproof list`: the cases.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::{Failed, SourceArgs, chain, print};
use crate::case::{Case, Profile, Tier};
use crate::evidence::Verdict;
use crate::runner::{self, Selection, Shard};
use crate::suite::Suite;
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
    /// Only cases of this profile. Repeatable.
    #[arg(long)]
    profile: Vec<Profile>,
    /// Only one part of the cases, `2/5` for the second of five.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Say of each case whether it can be judged on the host of this target file, and if not, why and
    /// what to provide. Nobody is asked: only a run finds out whether the host keeps what the file says.
    #[arg(long, value_name = "FILE", conflicts_with = "sentences")]
    target: Option<PathBuf>,
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
    let target = args.target.as_deref().map(Target::read).transpose();
    let target = target.map_err(|e| Failed::usage(chain(&e)))?;
    let decided: Vec<Option<Verdict>> =
        cases.iter().map(|case| target.as_ref().and_then(|at| runner::decided(case, at))).collect();
    if args.json {
        let list: Vec<_> = cases
            .iter()
            .zip(&decided)
            .map(|(case, decided)| {
                let mut entry = json!({
                    "id": case.id, "slug": case.slug, "title": case.title, "area": case.area(),
                    "cites": case.cites, "profile": case.profile, "tier": case.tier,
                    "lane": case.lane, "negative": case.negative, "twin": case.twin,
                    "features": case.features, "source": case.place(),
                });
                if let Some(verdict) = decided {
                    entry["verdict"] = json!(verdict.kind());
                    entry["reason"] = json!(verdict.reason());
                }
                entry
            })
            .collect();
        print(&super::json(&list)?)?;
    } else {
        let mut out = String::new();
        let mut reasons = BTreeMap::<_, usize>::new();
        for (case, decided) in cases.iter().zip(&decided) {
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
            if let Some(verdict) = decided {
                let reason = (verdict.kind().as_str(), verdict.reason().unwrap_or_default());
                let _ = writeln!(out, "       {}: {}", reason.0, reason.1);
                *reasons.entry(reason).or_default() += 1;
            }
        }
        let _ = writeln!(out, "{} cases", cases.len());
        for ((verdict, reason), count) in reasons {
            let _ = writeln!(out, "{count:>6} {verdict}: {reason}");
        }
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
