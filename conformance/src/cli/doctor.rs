//! `hostproof doctor`: is everything there that a run would need?

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::{Failed, SourceArgs, chain, print};
use crate::case::Feature;
use crate::client::Client;
use crate::exit;
use crate::peers::Outbound;
use crate::runner::{self, Selection};
use crate::target::Target;
use crate::vars::Vars;
use crate::world::{Naming, PluginState, Trouble, World};

/// Try what the target file says, without judging anything. On a host of yours a plugin is installed that
/// fetches once, and removed again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The target file.
    #[arg(long, value_name = "FILE")]
    target: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: SourceArgs,
}

/// What was tried, and what is wrong with it.
type Finding = (&'static str, Result<String, String>);

pub(super) fn doctor(args: &Args) -> Result<u8, Failed> {
    let suite = args.sources.suite()?;
    let target = Target::read(&args.target).map_err(|e| Failed::usage(chain(&e)))?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|e| Failed::harness(format!("cannot start: {e}")))?;
    let findings = runtime.block_on(async {
        let client =
            Client::new(target.host.url.clone(), None).map_err(|e| Failed::usage(chain(&e)))?;
        Ok(examine(&World::start(target.clone(), client, Naming::fresh(0)).await).await)
    })?;
    let plans = runner::plan(&suite, &Selection::default(), &target)
        .map_err(|e| Failed::usage(e.to_string()))?;
    let mut counts: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for plan in &plans {
        let key = format!("{} {}", plan.case.profile, plan.case.tier);
        counts.entry(key).or_default()[usize::from(plan.decided.is_some())] += 1;
    }
    let healthy = findings.iter().all(|(_, result)| result.is_ok());
    if args.json {
        let findings: Vec<_> = findings
            .iter()
            .map(|(what, result)| {
                let (Ok(text) | Err(text)) = result;
                json!({ "what": what, "ok": result.is_ok(), "text": text })
            })
            .collect();
        print(&format!("{}\n", json!({ "findings": findings, "cases": counts })))?;
    } else {
        let mut out = String::new();
        for (what, result) in &findings {
            let (mark, text) = match result {
                Ok(text) => ("✓", text),
                Err(text) => ("✗", text),
            };
            let _ = writeln!(out, "{mark} {what}: {text}");
        }
        let _ = writeln!(out, "\n{:<28} {:>10} {:>14}", "cases", "applicable", "not applicable");
        for (key, [applicable, not]) in &counts {
            let _ = writeln!(out, "{key:<28} {applicable:>10} {not:>14}");
        }
        print(&out)?;
    }
    Ok(if healthy { exit::CONFORMANT } else { exit::UNREACHABLE_OR_BLOCKED })
}

/// Tries one thing after the other. What the target file does not claim is not tried.
async fn examine(world: &World) -> Vec<Finding> {
    let mut findings = Vec::new();
    let health = world.health().await;
    let answers = health.is_ok();
    findings.push((
        "host",
        health
            .map(|answer| format!("{} answers {}", world.client.base(), answer.status))
            .map_err(|e| e.to_string()),
    ));
    let claims = |feature| world.target.claims.features.contains(&feature);
    if answers && (world.target.host.owned || world.target.admin.is_some()) {
        let admin = world.admin().await;
        let admitted = admin.is_ok();
        let admin =
            admin.map(|user| format!("signed in, user {}", user.id)).map_err(Trouble::describe);
        findings.push(("administrator", admin));
        if claims(Feature::Catalog) && admitted {
            findings.push(("catalog", catalog(world).await));
        }
    } else if claims(Feature::Catalog) {
        let listens =
            world.catalog.as_ref().map(|catalog| format!("listens on {}", catalog.address()));
        findings.push(("catalog", listens.map_err(Clone::clone)));
    }
    if claims(Feature::Outbound) {
        // Whether plugins reach it shows when one is installed, for which the rest has to be right.
        let fit = world.target.host.owned && findings.iter().all(|(_, result)| result.is_ok());
        let listens = |outbound: &Outbound| {
            let address = outbound.address();
            format!(
                "listens on {address}; plugins were not tried, for which the host is yours, and administrator and catalog are right"
            )
        };
        let outbound = if fit && claims(Feature::Catalog) {
            world.try_outbound().await
        } else {
            world.outbound.as_ref().map(listens).map_err(Clone::clone)
        };
        findings.push(("outbound", outbound));
    }
    if claims(Feature::Valkey) {
        let bus = world.bus.as_ref().map(|_| "answers".to_owned());
        findings.push(("valkey", bus.map_err(Clone::clone)));
    }
    findings
}

/// Publishes a plugin and asks the host for its marketplace: it has to be listed there.
async fn catalog(world: &World) -> Result<String, String> {
    let catalog = world.catalog.as_ref().map_err(Clone::clone)?;
    let name = format!("com.hostproof.{}.doctor", world.run);
    let state = PluginState::new(
        name.clone(),
        crate::case::PluginSpec::default(),
        crate::peers::Gate::default(),
    );
    let bundle = state.first(&Vars::default()).map_err(Trouble::describe)?;
    catalog.publish(bundle).await.map_err(|e| e.to_string())?;
    let answer = world.marketplace().await.map_err(Trouble::describe)?;
    let entries = answer.pointer("/data/plugins").unwrap_or_default();
    if entries.as_array().into_iter().flatten().any(|entry| entry["name"] == *name) {
        return Ok(format!("the host reads it on {}", catalog.address()));
    }
    Err(world.unread_catalog(&answer).unwrap_or_else(|| {
        format!(
            "the host's marketplace ({}) does not list what the suite serves on {}",
            answer.status,
            catalog.address()
        )
    }))
}
