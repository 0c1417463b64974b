//! The report document. Its footer comes last and says `complete`, so that a truncated file shows.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::case::{Feature, Lane, Profile, Tier};
use crate::client::Exchange;
use crate::evidence::{Fact, Failure, VerdictKind};
use crate::exit;
use crate::ledger::{Ledger, Level};
use crate::runner::{Outcome, RunResult};
use crate::target::Target;

/// Version of the document's format.
const FORMAT: &str = "hostproof-report/1";

/// The whole report.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was run, against what.
    pub header: Header,
    /// The specification, as far as cases cite it or cannot.
    pub sentences: Vec<SentenceReport>,
    /// Every planned case with its verdict.
    pub cases: Vec<CaseReport>,
    /// Counts, and whether all of it happened.
    pub footer: Footer,
}

/// What was run, against what.
#[derive(Debug, Serialize)]
pub struct Header {
    /// Version of this document's format.
    pub format: &'static str,
    /// The suite.
    pub suite: SuiteReport,
    /// Four characters that were part of every name the run created.
    pub run: String,
    /// Seed of the cases' order.
    pub seed: u64,
    /// RFC 3339.
    pub started_at: String,
    /// The host.
    pub host: HostReport,
    /// Cases under way at once.
    pub jobs: usize,
    /// What the user selected.
    pub selection: SelectionReport,
}

/// The suite.
#[derive(Debug, Serialize)]
pub struct SuiteReport {
    /// `hostproof`
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Number of binding sentences.
    pub sentences: usize,
    /// Hash over all of them.
    pub ledger: String,
}

/// The host and its claims.
#[derive(Debug, Serialize)]
pub struct HostReport {
    /// Name in the target file.
    pub name: String,
    /// Base URL.
    pub url: String,
    /// Whether the target file says it is the user's own.
    pub owned: bool,
    /// Claimed profiles.
    pub profiles: BTreeSet<Profile>,
    /// Claimed features.
    pub features: BTreeSet<Feature>,
}

/// What the user selected; empty lists select all.
#[derive(Debug, Default, Serialize)]
pub struct SelectionReport {
    /// Globs.
    pub filters: Vec<String>,
    /// Tiers.
    pub tiers: BTreeSet<Tier>,
    /// Profiles.
    pub profiles: BTreeSet<Profile>,
}

/// One sentence of the specification.
#[derive(Debug, Serialize)]
pub struct SentenceReport {
    /// Its id.
    pub id: String,
    /// Its level.
    pub level: Level,
    /// Its profile.
    pub profile: Profile,
    /// Its text.
    pub text: String,
    /// `file:line` below the conformance folder.
    pub source: String,
    /// Why no case judges it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncased: Option<String>,
}

/// One case with its verdict.
#[derive(Debug, Serialize)]
pub struct CaseReport {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Its area.
    pub area: String,
    /// Sentences it judges.
    pub cites: Vec<String>,
    /// Its profile.
    pub profile: Profile,
    /// Its tier.
    pub tier: Tier,
    /// Its lane.
    pub lane: Lane,
    /// Whether the host must refuse something.
    pub negative: bool,
    /// Its positive twin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twin: Option<String>,
    /// `file:line` below the conformance folder.
    pub source: String,
    /// Its verdict.
    pub verdict: VerdictKind,
    /// Why, where the verdict is neither a pass nor a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The failure, also that of a flaky case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What a pass rests on.
    pub facts: Vec<Fact>,
    /// Duration of the attempt the verdict is about.
    pub elapsed_ms: u64,
    /// Every exchange of that attempt.
    pub exchanges: Vec<Exchange>,
}

/// Counts, and whether all of it happened.
#[derive(Debug, Serialize)]
pub struct Footer {
    /// Whether every planned case got its chance.
    pub complete: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// RFC 3339.
    pub finished_at: String,
    /// Duration of the run.
    pub elapsed_ms: u64,
    /// Cases per verdict; every verdict is listed.
    pub counts: BTreeMap<&'static str, usize>,
    /// Cases that apply to the host.
    pub applicable: usize,
    /// The exit code of the run.
    pub exit_code: u8,
    /// What could not be removed from the host.
    pub leftovers: Vec<String>,
}

impl Header {
    /// The header of a run that begins now.
    pub fn new(
        ledger: &Ledger,
        target: &Target,
        run: &str,
        seed: u64,
        jobs: usize,
        selection: SelectionReport,
    ) -> Self {
        Self {
            format: FORMAT,
            suite: SuiteReport {
                name: env!("CARGO_PKG_NAME"),
                version: env!("CARGO_PKG_VERSION"),
                sentences: ledger.sentences().count(),
                ledger: ledger.digest(),
            },
            run: run.to_owned(),
            seed,
            started_at: now(),
            host: HostReport {
                name: target.host.name.clone(),
                url: target.host.url.to_string(),
                owned: target.host.owned,
                profiles: target.claims.profiles.clone(),
                features: target.claims.features.clone(),
            },
            jobs,
            selection,
        }
    }
}

impl Report {
    /// The report of a run.
    pub fn new(header: Header, ledger: &Ledger, result: &RunResult<'_>) -> Self {
        let sentences = ledger.sentences().map(|sentence| SentenceReport {
            id: sentence.id.clone(),
            level: sentence.level,
            profile: sentence.profile,
            text: sentence.text.clone(),
            source: format!("{}:{}", sentence.path, sentence.line),
            uncased: ledger.lock.entries.get(&sentence.id).and_then(|entry| entry.uncased.clone()),
        });
        let mut counts: BTreeMap<_, _> =
            VerdictKind::ALL.iter().map(|kind| (kind.as_str(), 0)).collect();
        for outcome in &result.outcomes {
            *counts.entry(outcome.verdict.kind().as_str()).or_default() += 1;
        }
        let inapplicable = counts[VerdictKind::NotApplicable.as_str()];
        let footer = Footer {
            complete: result.stopped.is_none(),
            stopped: result.stopped.as_ref().map(ToString::to_string),
            finished_at: now(),
            elapsed_ms: crate::client::millis(result.elapsed),
            applicable: result.outcomes.len() - inapplicable,
            exit_code: exit_code(result, &counts),
            counts,
            leftovers: result.leftovers.clone(),
        };
        Self {
            header,
            sentences: sentences.collect(),
            cases: result.outcomes.iter().map(case_report).collect(),
            footer,
        }
    }

    /// The document as JSON.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// How many cases have this verdict.
    pub fn count(&self, kind: VerdictKind) -> usize {
        self.footer.counts.get(kind.as_str()).copied().unwrap_or_default()
    }

    /// The sentence with this id.
    pub fn sentence(&self, id: &str) -> Option<&SentenceReport> {
        self.sentences.iter().find(|sentence| sentence.id == id)
    }
}

impl SentenceReport {
    /// Where its page is, below the folder that `hostproof spec` writes.
    pub(crate) fn page(&self) -> String {
        let file = self.source.rsplit('/').next().unwrap_or_default();
        let chapter = file.split('.').next().unwrap_or_default();
        format!("{chapter}.html#{}", self.id)
    }
}

impl CaseReport {
    /// The exchange that tells most: the one the failure is about, or the last one.
    pub(super) fn telling_exchange(&self) -> Option<&Exchange> {
        let about = self.failure.as_ref().and_then(|failure| failure.exchange);
        self.exchanges.get(about.or_else(|| self.exchanges.len().checked_sub(1))?)
    }
}

fn case_report(outcome: &Outcome<'_>) -> CaseReport {
    let case = outcome.case;
    CaseReport {
        id: case.id.clone(),
        slug: case.slug.clone(),
        title: case.title.clone(),
        area: case.area().to_owned(),
        cites: case.cites.clone(),
        profile: case.profile,
        tier: case.tier,
        lane: case.lane,
        negative: case.negative,
        twin: case.twin.clone(),
        source: case.place(),
        verdict: outcome.verdict.kind(),
        reason: outcome.verdict.reason().map(str::to_owned),
        failure: outcome.verdict.failure().cloned(),
        facts: outcome.verdict.pass().map(|pass| pass.facts().to_vec()).unwrap_or_default(),
        elapsed_ms: crate::client::millis(outcome.elapsed),
        exchanges: outcome.exchanges.clone(),
    }
}

/// See [`crate::exit`] for the order in which codes win.
fn exit_code(result: &RunResult<'_>, counts: &BTreeMap<&'static str, usize>) -> u8 {
    use VerdictKind as V;
    let some = |kinds: &[VerdictKind]| kinds.iter().any(|kind| counts[kind.as_str()] > 0);
    if some(&[V::HarnessError]) {
        exit::HARNESS
    } else if some(&[V::Fail]) {
        exit::NOT_CONFORMANT
    } else if some(&[V::Blocked, V::Inconclusive, V::NotRun])
        || result.stopped.is_some()
        || !some(&[V::Pass, V::Flaky])
    {
        exit::UNREACHABLE_OR_BLOCKED
    } else {
        exit::CONFORMANT
    }
}

fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}
