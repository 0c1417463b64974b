//! `hostproof doctor`: is everything there that a run would need?

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::{Failed, SourceArgs, chain, print};
use crate::case::Feature;
use crate::client::{Client, Outgoing};
use crate::exit;
use crate::runner::{self, Selection};
use crate::target::Target;
use crate::vars::Vars;
use crate::world::{Naming, PluginState, Trouble, World};

/// Try what the target file says, without judging anything: nothing is installed or changed.
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
        let admin = admin.map(|user| format!("signed in, user {}", user.id)).map_err(words);
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
        let listens = world.outbound.as_ref().map(|outbound| {
            format!(
                "listens on {}; whether plugins reach it shows when one is installed",
                outbound.address()
            )
        });
        findings.push(("outbound", listens.map_err(Clone::clone)));
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
    let bundle = state.first(&Vars::default()).map_err(words)?;
    catalog.publish(bundle).await.map_err(|e| e.to_string())?;
    let credentials = world.credentials(crate::case::Identity::Admin).await.map_err(words)?;
    let request = Outgoing::plain("GET", "/api/v1/admin/plugins/marketplace").with(&credentials);
    let answer = world
        .client
        .send(&crate::client::Transcript::default(), &request)
        .await
        .map_err(|e| e.to_string())?;
    let entries = answer.pointer("/data/plugins").unwrap_or_default();
    let listed = entries.as_array().into_iter().flatten().any(|entry| entry["name"] == *name);
    if listed {
        return Ok(format!("the host reads it on {}", catalog.address()));
    }
    let url = world.target.catalog.as_ref().map(|at| at.url.to_string()).unwrap_or_default();
    let url = url.trim_end_matches('/');
    Err(format!(
        "it listens on {}, and the host's marketplace ({}) does not list what it serves: point the host's \
         catalog setting at {url}/catalog.json, and see that the host can reach that address",
        catalog.address(),
        answer.status
    ))
}

fn words(trouble: Trouble) -> String {
    match trouble {
        Trouble::Failed(failure) => failure.messages.join("; "),
        Trouble::Blocked(text) | Trouble::Harness(text) => text,
    }
}
