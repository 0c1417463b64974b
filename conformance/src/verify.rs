//! Judging a recorded run again, offline: today's cases, the recorded exchanges, the same matchers. The
//! recorded verdict is not believed but followed; what does not follow was tampered with, or the case
//! changed since.
//!
//! Nothing here is evidence, and no verdict comes of it: a transcript can be made up as a whole, and the
//! digest is no signature. It tells that a report hangs together, down to each asserted value.

mod replay;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::replay::{Replay, replay};
use crate::case::Case;
use crate::evidence::{FailureKind, VerdictKind};
use crate::report::{CaseReport, FailureReport, Recorded, Report};
use crate::runner::{Selection, inapplicable, selected};
use crate::suite::Suite;
use crate::target::Claims;

/// What judging a case again says of its recorded verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It follows from what was recorded.
    Confirmed,
    /// What can be judged again agrees with it; some of what it rests on cannot.
    InPart,
    /// It rests on nothing that was recorded.
    NotJudged,
    /// It does not follow from what was recorded.
    Differs,
}

/// A case, judged again.
#[derive(Debug, Serialize)]
pub struct Judged {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// The recorded verdict.
    pub verdict: VerdictKind,
    /// What is to be said of it.
    pub standing: Standing,
    /// Why, for everything but a confirmation.
    pub why: Vec<String>,
}

/// A whole report, judged again.
#[derive(Debug, Serialize)]
pub struct Verification {
    /// What does not fit together in the document.
    pub problems: Vec<String>,
    /// What may explain differences: the suite changed since.
    pub remarks: Vec<String>,
    /// Every case of the report.
    pub cases: Vec<Judged>,
}

impl Verification {
    /// How many cases have this standing.
    pub fn count(&self, standing: Standing) -> usize {
        self.cases.iter().filter(|case| case.standing == standing).count()
    }

    /// Whether nothing contradicts the report.
    pub fn holds(&self) -> bool {
        self.problems.is_empty() && self.count(Standing::Differs) == 0
    }
}

/// Judges a report again.
pub fn verify(recorded: Recorded, suite: &Suite) -> Verification {
    let Recorded { report, mut problems } = recorded;
    let mut remarks = Vec::new();
    let header = &report.header.suite;
    let (ledger, cases) = (suite.ledger.digest(), &suite.digest);
    for (what, then, now) in
        [("specification", &header.ledger, &ledger), ("cases", &header.cases, cases)]
    {
        if then != now {
            remarks.push(format!(
                "the {what} of the report are of edition {then}, these of {now}: what differs may have changed since"
            ));
        }
    }
    let missing = missing(&report, suite);
    if header.cases == *cases {
        problems.extend(missing);
    } else {
        remarks.extend(missing);
    }
    let verdicts: BTreeMap<&str, VerdictKind> =
        report.cases.iter().map(|case| (case.id.as_str(), case.verdict)).collect();
    let judged = report.cases.iter().map(|recorded| {
        let (standing, why) = match suite.case(&recorded.id) {
            None => (Standing::NotJudged, vec!["the suite has no such case any more".to_owned()]),
            Some(case) => judge(&report, recorded, case, &verdicts),
        };
        let (id, slug) = (recorded.id.clone(), recorded.slug.clone());
        Judged { id, slug, verdict: recorded.verdict, standing, why }
    });
    let cases = judged.collect();
    Verification { problems, remarks, cases }
}

/// Cases that the run selected, and the report does not have.
fn missing(report: &Report, suite: &Suite) -> Vec<String> {
    let chosen = &report.header.selection;
    let selection = Selection {
        filters: chosen.filters.clone(),
        tiers: chosen.tiers.clone(),
        profiles: chosen.profiles.clone(),
        shard: chosen.shard,
    };
    let expected = match selected(suite, &selection) {
        Ok(expected) => expected,
        Err(error) => return vec![error.to_string()],
    };
    let merged: BTreeSet<_> = report.header.merged.iter().map(|run| run.shard).collect();
    let ids = report.cases.iter().map(|case| suite.aliases.resolve(&case.id));
    let ids: BTreeSet<&str> = ids.collect();
    let expected = expected
        .into_iter()
        .filter(|case| merged.is_empty() || merged.iter().any(|shard| shard.contains(case)));
    let missing = expected.filter(|case| !ids.contains(case.id.as_str()));
    missing
        .map(|case| format!("{} {} was selected, and is not in it", case.id, case.slug))
        .collect()
}

fn judge(
    report: &Report,
    recorded: &CaseReport,
    case: &Case,
    verdicts: &BTreeMap<&str, VerdictKind>,
) -> (Standing, Vec<String>) {
    use VerdictKind as V;
    let host = &report.header.host;
    let claims = Claims { profiles: host.profiles.clone(), features: host.features.clone() };
    let not_claimed = inapplicable(case, &claims, host.owned);
    if recorded.verdict == V::NotApplicable {
        return match not_claimed {
            Some(_) => (Standing::Confirmed, Vec::new()),
            None => differs("the host claims everything that the case needs".to_owned()),
        };
    }
    if let Some(reason) = not_claimed {
        return differs(format!("the case does not apply: {reason}"));
    }
    let twin_passed = || {
        let twin = recorded.twin.as_deref().unwrap_or_default();
        matches!(verdicts.get(twin), Some(V::Pass | V::Flaky | V::UnexpectedPass))
    };
    match recorded.verdict {
        V::Pass | V::UnexpectedPass if recorded.negative && !twin_passed() => {
            differs("its positive twin did not pass, so that it says nothing".to_owned())
        }
        V::Pass | V::UnexpectedPass => passed(recorded, replay(recorded, case)),
        V::KnownFailing if recorded.failure.is_some() => failed(recorded, case),
        V::Inconclusive | V::KnownFailing if twin_passed() => {
            differs("its positive twin passed".to_owned())
        }
        V::Inconclusive | V::KnownFailing => follows(replay(recorded, case)),
        V::Fail | V::Flaky => failed(recorded, case),
        V::Blocked | V::HarnessError | V::NotRun | V::NotApplicable => {
            let why = "the verdict is about something that is in no answer of the host";
            (Standing::NotJudged, vec![why.to_owned()])
        }
    }
}

fn differs(why: String) -> (Standing, Vec<String>) {
    (Standing::Differs, vec![why])
}

/// Whether a replay agrees that everything holds.
fn follows(replay: Replay) -> (Standing, Vec<String>) {
    if let Some((step, differences)) = replay.differs {
        return (Standing::Differs, vec![format!("step {step}: {}", differences.join("; "))]);
    }
    match (replay.unjudged.is_empty(), replay.statements.is_empty()) {
        (true, false) => (Standing::Confirmed, Vec::new()),
        (true, true) => differs("nothing was asserted of anything that is in it".to_owned()),
        (false, false) => (Standing::InPart, replay.unjudged),
        (false, true) => (Standing::NotJudged, replay.unjudged),
    }
}

/// A pass follows when everything holds, and rests on the facts that follow from it.
fn passed(recorded: &CaseReport, replay: Replay) -> (Standing, Vec<String>) {
    let mut unexplained: Vec<&str> =
        recorded.facts.iter().map(|fact| fact.statement.as_str()).collect();
    for statement in &replay.statements {
        match unexplained.iter().position(|other| other == statement) {
            Some(index) => drop(unexplained.swap_remove(index)),
            None if replay.unjudged.is_empty() => {
                return differs(format!("the fact `{statement}` follows, and is not recorded"));
            }
            None => {}
        }
    }
    if replay.differs.is_none()
        && replay.unjudged.is_empty()
        && let Some(statement) = unexplained.first()
    {
        return differs(format!("the fact `{statement}` does not follow"));
    }
    follows(replay)
}

/// A failure follows when the step it names fails in the same way.
fn failed(recorded: &CaseReport, case: &Case) -> (Standing, Vec<String>) {
    let Some(failure) = &recorded.failure else {
        return differs("there is no failure".to_owned());
    };
    let (mut standing, mut why) = match failure.kind {
        FailureKind::Assertion => assertion(failure, replay(recorded, case)),
        FailureKind::Transport => broken(recorded, failure),
        FailureKind::Preparation => preparation(recorded, failure),
        FailureKind::Deadline => {
            (Standing::NotJudged, vec!["how long it took to fail is not in it".to_owned()])
        }
    };
    if recorded.verdict == VerdictKind::Flaky && standing != Standing::Differs {
        why.push("the exchanges of the attempt that passed are not kept".to_owned());
        standing = standing.max(Standing::InPart);
    }
    (standing, why)
}

fn assertion(failure: &FailureReport, replay: Replay) -> (Standing, Vec<String>) {
    let named = failure.step.as_deref().unwrap_or_default();
    match replay.differs {
        Some((step, messages)) if step == named => {
            let same = messages == failure.messages;
            // Values that the transcript cuts or hides make other words, and the same failure.
            if same || !replay.unjudged.is_empty() || messages.len() == failure.messages.len() {
                return (Standing::Confirmed, Vec::new());
            }
            differs(format!("what differs in step {step} is: {}", messages.join("; ")))
        }
        Some((step, messages)) => {
            differs(format!("it fails in step {step} already: {}", messages.join("; ")))
        }
        None if replay.unjudged.iter().any(|why| why.starts_with(named)) => {
            (Standing::NotJudged, replay.unjudged)
        }
        None => differs("nothing differs in what was recorded".to_owned()),
    }
}

fn broken(recorded: &CaseReport, failure: &FailureReport) -> (Standing, Vec<String>) {
    let step = failure.step.as_deref().unwrap_or_default();
    let mut of_step = recorded.exchanges.iter().filter(|exchange| exchange.step == step);
    match of_step.next_back() {
        Some(exchange) if exchange.response.is_some() => {
            differs(format!("step {step} was answered"))
        }
        _ => (Standing::Confirmed, Vec::new()),
    }
}

fn preparation(recorded: &CaseReport, failure: &FailureReport) -> (Standing, Vec<String>) {
    let exchange = failure.exchange.and_then(|number| recorded.exchanges.get(number));
    match exchange.and_then(|exchange| exchange.response.as_ref()) {
        Some(response) if response.status == 201 => differs("the plugin was installed".to_owned()),
        Some(_) => (Standing::Confirmed, Vec::new()),
        None => {
            let why = "how a fixture was made is not in it";
            (Standing::NotJudged, vec![why.to_owned()])
        }
    }
}
