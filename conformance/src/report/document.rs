//! The report document: plain data that can be written and read back ([`super::recorded`]). Its footer comes
//! last and says `complete`, so that a truncated file shows.
//!
//! Nothing in here is evidence. A fact of a report is a text about one; there is no way back from it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{digest, names};
use crate::baseline::{Baseline, Known, Stale};
use crate::case::{Feature, Lane, Profile, Tier};
use crate::client::{Exchange, Redactor};
use crate::evidence::{Fact, Failure, FailureKind, Origin, VerdictKind};
use crate::exit;
use crate::ledger::{Ledger, Level};
use crate::runner::{Outcome, RunResult, Shard, Variable};
use crate::sighting::Sighting;
use crate::suite::Suite;
use crate::target::Target;

/// Version of the document's format.
pub const FORMAT: &str = "hostproof-report/3";

/// The whole report.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of this document's format.
    pub format: String,
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
    /// The command that repeats the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
    /// The command that runs a case alone, when its id is put behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat_case: Option<String>,
    /// The runs of which this is the union; empty for one run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<MergedReport>,
    /// The baseline, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineReport>,
}

/// The baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaselineReport {
    /// Its file.
    pub path: String,
    /// How many lines it has.
    pub lines: usize,
}

impl From<&Baseline> for BaselineReport {
    fn from(baseline: &Baseline) -> Self {
        Self { path: baseline.path.clone(), lines: baseline.lines.len() }
    }
}

/// One of the runs that were merged.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergedReport {
    /// Its part of the cases.
    pub shard: Shard,
    /// Its run.
    pub run: String,
    /// Its seed.
    pub seed: u64,
    /// Where its host was.
    pub url: String,
    /// RFC 3339.
    pub started_at: String,
    /// Its duration.
    pub elapsed_ms: u64,
    /// The command that repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
}

/// The suite.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteReport {
    /// `hostproof`
    pub name: String,
    /// Its version.
    pub version: String,
    /// Number of binding sentences.
    pub sentences: usize,
    /// Hash over all of them.
    pub ledger: String,
    /// Hash over all case files.
    pub cases: String,
}

/// The host and its claims.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelectionReport {
    /// Globs.
    pub filters: Vec<String>,
    /// Tiers.
    pub tiers: BTreeSet<Tier>,
    /// Profiles.
    pub profiles: BTreeSet<Profile>,
    /// Which part of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// One sentence of the specification.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncased: Option<String>,
}

/// One case with its verdict.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<String>,
    /// `file:line` below the conformance folder.
    pub source: String,
    /// Its verdict.
    #[serde(deserialize_with = "names::verdict")]
    pub verdict: VerdictKind,
    /// Why, where the verdict is neither a pass nor a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the baseline says of it, where it is known to fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Known>,
    /// The failure, also that of a flaky case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureReport>,
    /// What a pass rests on.
    pub facts: Vec<FactReport>,
    /// Duration of the attempt the verdict is about.
    pub elapsed_ms: u64,
    /// Every exchange of that attempt.
    pub exchanges: Vec<Exchange>,
    /// What its steps found where no answer of the host tells of it.
    pub sightings: Vec<Sighting>,
    /// The variables that its expectations mention: with them the rest can be judged again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<VariableReport>,
}

/// A value that a variable of a case had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariableReport {
    /// Its name.
    pub name: String,
    /// Its value, without secrets.
    pub value: Value,
    /// The step that gave it this value, from 1; 0 before the first.
    pub step: usize,
}

/// What held of something the host sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactReport {
    /// The assertion in words: `status: 404`.
    pub statement: String,
    /// How that came to the suite.
    #[serde(deserialize_with = "names::origin")]
    pub origin: Origin,
    /// Number of the exchange in the case's transcript.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<usize>,
}

/// Why a case failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureReport {
    /// What kind of failure.
    #[serde(deserialize_with = "names::failure")]
    pub kind: FailureKind,
    /// The step's number from 1, and its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Every expectation that did not hold.
    pub messages: Vec<String>,
    /// Number of the exchange in the transcript.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<usize>,
}

/// Counts, and whether all of it happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Footer {
    /// Whether every planned case got its chance.
    pub complete: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// RFC 3339.
    pub finished_at: String,
    /// Duration of the run.
    pub elapsed_ms: u64,
    /// Cases per verdict; every verdict is listed.
    pub counts: BTreeMap<String, usize>,
    /// Cases that apply to the host.
    pub applicable: usize,
    /// The exit code of the run.
    pub exit_code: u8,
    /// What could not be removed from the host.
    pub leftovers: Vec<String>,
    /// Lines of the baseline that are not true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale_baseline: Vec<Stale>,
    /// SHA-256 over the rest of the document in its canonical form: shows damage, and vouches for nobody.
    pub digest: String,
}

/// The commands that repeat a run, and one case of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// The run.
    pub run: String,
    /// A case, when its id is put behind it.
    pub case: String,
}

impl Header {
    /// The header of a run that begins now.
    pub fn new(
        suite: &Suite,
        target: &Target,
        run: &str,
        seed: u64,
        jobs: usize,
        selection: SelectionReport,
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            suite: SuiteReport {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                sentences: suite.ledger.sentences().count(),
                ledger: suite.ledger.digest(),
                cases: suite.digest.clone(),
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
            repeat: None,
            repeat_case: None,
            merged: Vec::new(),
            baseline: None,
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
        let cases = result.outcomes.iter().map(|outcome| case_report(outcome, &result.redactor));
        let mut report = Self {
            header,
            sentences: sentences.collect(),
            cases: cases.collect(),
            footer: Footer {
                complete: result.stopped.is_none(),
                stopped: result.stopped.as_ref().map(ToString::to_string),
                finished_at: now(),
                elapsed_ms: crate::client::millis(result.elapsed),
                counts: BTreeMap::new(),
                applicable: 0,
                exit_code: exit::CONFORMANT,
                leftovers: result.leftovers.clone(),
                stale_baseline: result.stale.clone(),
                digest: String::new(),
            },
        };
        report.seal();
        report
    }

    /// Makes the footer say what follows from the cases: counts, exit code, digest.
    pub(super) fn seal(&mut self) {
        let counts = count(&self.cases);
        let inapplicable = counts[VerdictKind::NotApplicable.as_str()];
        self.footer.applicable = self.cases.len() - inapplicable;
        self.footer.exit_code =
            exit_code(&counts, self.footer.complete, !self.footer.stale_baseline.is_empty());
        self.footer.counts = counts;
        self.footer.digest = digest::of(self);
    }

    /// The command that runs a case alone.
    pub fn command_for(&self, case: &CaseReport) -> Option<String> {
        self.header.repeat_case.as_ref().map(|command| format!("{command} {}", case.id))
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

/// Cases per verdict, with every verdict listed.
pub(super) fn count(cases: &[CaseReport]) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<_, _> =
        VerdictKind::ALL.iter().map(|kind| (kind.as_str().to_owned(), 0)).collect();
    for case in cases {
        *counts.entry(case.verdict.as_str().to_owned()).or_default() += 1;
    }
    counts
}

fn case_report(outcome: &Outcome<'_>, redactor: &Redactor) -> CaseReport {
    let case = outcome.case;
    let facts = outcome.verdict.pass().into_iter().flat_map(crate::evidence::Pass::facts);
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
        reason: outcome.verdict.reason().map(|reason| redactor.redact(reason)),
        baseline: outcome.verdict.known().cloned(),
        failure: outcome.verdict.failure().map(|failure| FailureReport::new(failure, redactor)),
        facts: facts.map(|fact| FactReport::new(fact, redactor)).collect(),
        elapsed_ms: crate::client::millis(outcome.elapsed),
        exchanges: outcome.exchanges.clone(),
        sightings: outcome.sightings.clone(),
        variables: outcome.variables.iter().map(VariableReport::new).collect(),
    }
}

impl FactReport {
    fn new(fact: &Fact, redactor: &Redactor) -> Self {
        Self {
            statement: redactor.redact(fact.statement()),
            origin: fact.origin(),
            exchange: fact.exchange(),
        }
    }
}

impl VariableReport {
    fn new(variable: &Variable) -> Self {
        let Variable { name, value, step } = variable.clone();
        Self { name, value, step }
    }
}

impl FailureReport {
    fn new(failure: &Failure, redactor: &Redactor) -> Self {
        let messages = failure.messages.iter().map(|message| redactor.redact(message));
        Self {
            kind: failure.kind,
            step: failure.step.clone(),
            messages: messages.collect(),
            exchange: failure.exchange,
        }
    }
}

/// See [`crate::exit`] for the order in which codes win.
pub(super) fn exit_code(counts: &BTreeMap<String, usize>, complete: bool, stale: bool) -> u8 {
    use VerdictKind as V;
    let some = |kinds: &[VerdictKind]| kinds.iter().any(|kind| counts[kind.as_str()] > 0);
    if some(&[V::HarnessError]) {
        exit::HARNESS
    } else if some(&[V::Fail]) {
        exit::NOT_CONFORMANT
    } else if some(&[V::Blocked, V::Inconclusive, V::NotRun])
        || !complete
        || !some(&[V::Pass, V::Flaky, V::UnexpectedPass])
    {
        exit::UNREACHABLE_OR_BLOCKED
    } else if stale {
        exit::STALE_BASELINE
    } else {
        exit::CONFORMANT
    }
}

fn now() -> String {
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}
