//! One report of the parts that several runs made with `--shard`.

use std::collections::BTreeMap;

use super::document::{MergedReport, Report};
use crate::runner::Shard;

/// Reports that are no parts of one whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("no report to merge")]
    Nothing,
    /// A report is of a whole run, or merged already.
    #[error("{0} is no part: it was not made with --shard")]
    NoPart(String),
    /// Two reports are of one part.
    #[error("{first} and {second} are both of part {shard}")]
    Twice {
        /// The part.
        shard: Shard,
        /// A report of it.
        first: String,
        /// Another.
        second: String,
    },
    /// Two reports are about different things.
    #[error("{second} is about {what} `{theirs}`, {first} about `{ours}`")]
    Different {
        /// What differs.
        what: &'static str,
        /// The first report.
        first: String,
        /// What it says.
        ours: String,
        /// The report that differs from it.
        second: String,
        /// What that says.
        theirs: String,
    },
    /// Parts are missing.
    #[error("missing: {}; --partial merges what is there", list(.0))]
    Missing(Vec<Shard>),
}

fn list(shards: &[Shard]) -> String {
    shards.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Joins reports, each with the name of its file. `partial` allows parts to be missing: the union then
/// says that it is not complete.
pub fn merge(parts: Vec<(String, Report)>, partial: bool) -> Result<Report, MergeError> {
    let mut by_shard: BTreeMap<Shard, (String, Report)> = BTreeMap::new();
    let mut first: Option<(String, Report)> = None;
    for (name, report) in parts {
        let Some(shard) = report.header.selection.shard else {
            return Err(MergeError::NoPart(name));
        };
        match &first {
            Some((other, model)) => same(other, model, &name, &report)?,
            None => first = Some((name.clone(), report.clone())),
        }
        if let Some((earlier, _)) = by_shard.get(&shard) {
            let (first, second) = (earlier.clone(), name);
            return Err(MergeError::Twice { shard, first, second });
        }
        by_shard.insert(shard, (name, report));
    }
    let Some((_, mut whole)) = first else { return Err(MergeError::Nothing) };
    let missing: Vec<Shard> = whole
        .header
        .selection
        .shard
        .into_iter()
        .flat_map(Shard::siblings)
        .filter(|shard| !by_shard.contains_key(shard))
        .collect();
    if !missing.is_empty() && !partial {
        return Err(MergeError::Missing(missing));
    }
    whole.cases.clear();
    whole.footer.leftovers.clear();
    whole.footer.stale_baseline.clear();
    whole.header.selection.shard = None;
    whole.header.repeat = None;
    let mut stopped = Vec::new();
    for (shard, (_, part)) in by_shard {
        let (header, footer) = (part.header, part.footer);
        whole.header.started_at = whole.header.started_at.min(header.started_at.clone());
        whole.footer.finished_at = whole.footer.finished_at.max(footer.finished_at);
        whole.footer.elapsed_ms = whole.footer.elapsed_ms.max(footer.elapsed_ms);
        whole.footer.leftovers.extend(footer.leftovers);
        for stale in footer.stale_baseline {
            if !whole.footer.stale_baseline.contains(&stale) {
                whole.footer.stale_baseline.push(stale);
            }
        }
        stopped.extend(footer.stopped.map(|why| format!("part {shard}: {why}")));
        whole.cases.extend(part.cases);
        whole.header.merged.push(MergedReport {
            shard,
            run: header.run,
            seed: header.seed,
            url: header.host.url,
            started_at: header.started_at,
            elapsed_ms: footer.elapsed_ms,
            repeat: header.repeat,
        });
    }
    if !missing.is_empty() {
        stopped.push(format!("missing: {}", list(&missing)));
    }
    whole.footer.complete = stopped.is_empty();
    whole.footer.stopped = (!stopped.is_empty()).then(|| stopped.join("; "));
    whole.cases.sort_by(|a, b| place(&a.source).cmp(&place(&b.source)));
    whole.seal();
    Ok(whole)
}

/// In the order of the case files.
fn place(source: &str) -> (&str, usize) {
    let (path, line) = source.rsplit_once(':').unwrap_or((source, ""));
    (path, line.parse().unwrap_or_default())
}

/// Whether two reports are about one host, one suite, one selection. Where the host is may differ:
/// every part may have started its own.
fn same(first: &str, a: &Report, second: &str, b: &Report) -> Result<(), MergeError> {
    let (ours, theirs) = (aspects(a), aspects(b));
    match ours.into_iter().zip(theirs).find(|((_, ours), (_, theirs))| ours != theirs) {
        None => Ok(()),
        Some(((what, ours), (_, theirs))) => Err(MergeError::Different {
            what,
            first: first.to_owned(),
            ours,
            second: second.to_owned(),
            theirs,
        }),
    }
}

fn aspects(report: &Report) -> [(&'static str, String); 9] {
    let header = &report.header;
    let selection = &header.selection;
    [
        ("the host", header.host.name.clone()),
        ("a host that is yours", header.host.owned.to_string()),
        ("the profiles", json(&header.host.profiles)),
        ("the features", json(&header.host.features)),
        ("the suite", header.suite.version.clone()),
        ("the specification", header.suite.ledger.clone()),
        ("the cases", header.suite.cases.clone()),
        ("the selection", json(&(&selection.filters, &selection.tiers, &selection.profiles))),
        ("a number of parts", selection.shard.map_or(0, Shard::count).to_string()),
    ]
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
