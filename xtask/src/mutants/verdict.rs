//! What became of a mutant, read off the suite's report.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use super::{catalogue::Mutant, report::Judged};

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// A case said what is wrong with it.
    Killed {
        /// Ids of the cases, the first of them; the run ends there.
        killed_by: BTreeSet<String>,
    },
    /// All cases that cite its sentences passed.
    Survived {
        /// How many there are.
        cases: usize,
    },
    /// The suite stumbled over it, and no assertion failed.
    Stumbled {
        /// What it said, by the ids of cases.
        over: BTreeMap<String, String>,
    },
    /// As `Survived`, but for cases that failed beside others and passed alone. For the control that is
    /// enough; a mutant that this happens to is judged again.
    Unsteady {
        /// Their ids.
        flaky: BTreeSet<String>,
    },
    /// Cases failed, and the code with the mistake never ran.
    NotReached {
        /// Their ids.
        failed: BTreeSet<String>,
    },
    /// It does not even serve.
    Stillborn {
        /// Why.
        why: String,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |ids: &BTreeSet<String>| ids.iter().cloned().collect::<Vec<_>>().join(" ");
        match self {
            Self::Killed { killed_by } => write!(f, "killed by {}", list(killed_by)),
            Self::Survived { cases } => write!(f, "survived {cases} cases"),
            Self::Stumbled { over } => {
                write!(f, "no assertion failed")?;
                over.iter().try_for_each(|(case, said)| write!(f, "; {case}: {said}"))
            }
            Self::Unsteady { flaky } => write!(f, "passed alone only: {}", list(flaky)),
            Self::NotReached { failed } => {
                write!(f, "its code never ran, and yet there failed {}", list(failed))
            }
            Self::Stillborn { why } => write!(f, "does not serve: {why}"),
        }
    }
}

/// What of the suite's report matters here.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    slug: String,
    cites: BTreeSet<String>,
    tier: String,
    verdict: String,
    reason: Option<String>,
    failure: Option<Failure>,
}

#[derive(Debug, Deserialize)]
struct Failure {
    kind: String,
    messages: Vec<String>,
}

impl Report {
    /// A mutant with what the report says of it, and how long it took.
    pub(crate) fn judge(
        &self,
        mutant: &Mutant,
        reached: bool,
        start_ms: u64,
        suite_ms: u64,
    ) -> Judged {
        let outcome = self.outcome(mutant, reached);
        let faults = self.about(mutant).filter(|case| case.tier == "fault").count();
        Judged { mutant: mutant.clone(), outcome, fault_cases: faults, start_ms, suite_ms }
    }

    fn about<'r>(&'r self, mutant: &'r Mutant) -> impl Iterator<Item = &'r Case> {
        self.cases.iter().filter(|case| !case.cites.is_disjoint(&mutant.sentences))
    }

    /// What the report says of a mutant, whose code with the mistake ran or did not.
    fn outcome(&self, mutant: &Mutant, reached: bool) -> Outcome {
        let cases: Vec<&Case> = self.about(mutant).collect();
        let asserted = |case: &&&Case| {
            let failure = case.failure.as_ref();
            case.verdict == "fail" && failure.is_some_and(|failure| failure.kind == "assertion")
        };
        let failed: BTreeSet<String> =
            cases.iter().filter(asserted).map(|case| case.id.clone()).collect();
        if !failed.is_empty() {
            return if reached {
                Outcome::Killed { killed_by: failed }
            } else {
                Outcome::NotReached { failed }
            };
        }
        let unsteady = |case: &&Case| case.verdict == "flaky";
        let fine = |case: &Case| matches!(&*case.verdict, "pass" | "not-applicable" | "flaky");
        let flaky: BTreeSet<String> =
            cases.iter().copied().filter(unsteady).map(|case| case.id.clone()).collect();
        if !flaky.is_empty() && cases.iter().all(|case| fine(case)) {
            return Outcome::Unsteady { flaky };
        }
        // The run ends with a failure, and only with one that was found above.
        let over: BTreeMap<String, String> = cases
            .iter()
            .filter(|case| case.verdict != "pass" && case.verdict != "not-applicable")
            .map(|case| (format!("{} {} ({})", case.id, case.slug, case.verdict), case.said()))
            .collect();
        if over.is_empty() {
            Outcome::Survived { cases: cases.len() }
        } else {
            Outcome::Stumbled { over }
        }
    }
}

impl Case {
    fn said(&self) -> String {
        let failure = self.failure.as_ref().map(|failure| failure.messages.join("; "));
        failure.or_else(|| self.reason.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(cases: &serde_json::Value, reached: bool) -> Outcome {
        let mutant = json!({
            "name": "m", "kind": "wiring", "area": "a", "what": "w", "sentences": ["s-1"]
        });
        let mutant: Mutant = serde_json::from_value(mutant).expect("a mutant");
        let report: Report = serde_json::from_value(json!({"cases": cases})).expect("a report");
        report.outcome(&mutant, reached)
    }

    fn case(id: &str, cites: &str, verdict: &str, failure: Option<&str>) -> serde_json::Value {
        let failure = failure.map(|kind| json!({"kind": kind, "messages": ["no"]}));
        json!({"id": id, "slug": "a/b", "cites": [cites], "tier": "driven", "verdict": verdict, "failure": failure})
    }

    #[test]
    fn only_an_assertion_about_its_sentence_kills() {
        let fail = |cites, kind| case("c-1", cites, "fail", Some(kind));
        let killed = Outcome::Killed { killed_by: BTreeSet::from(["c-1".to_owned()]) };
        assert_eq!(judged(&json!([fail("s-1", "assertion")]), true), killed);
        let other = json!([fail("s-2", "assertion"), case("c-2", "s-1", "pass", None)]);
        assert_eq!(judged(&other, true), Outcome::Survived { cases: 1 });
        let hang = json!([fail("s-1", "deadline")]);
        assert!(matches!(judged(&hang, true), Outcome::Stumbled { .. }));
        let unreached = json!([fail("s-1", "assertion")]);
        assert!(matches!(judged(&unreached, false), Outcome::NotReached { .. }));
    }

    #[test]
    fn what_could_not_be_judged_is_no_survival() {
        for verdict in ["blocked", "inconclusive", "not-run", "harness-error"] {
            let cases = json!([case("c-1", "s-1", verdict, None)]);
            assert!(matches!(judged(&cases, true), Outcome::Stumbled { .. }), "{verdict}");
        }
        let cases = json!([case("c-1", "s-1", "flaky", None), case("c-2", "s-1", "pass", None)]);
        assert!(matches!(judged(&cases, true), Outcome::Unsteady { .. }));
        let cases = json!([case("c-1", "s-1", "flaky", None), case("c-2", "s-1", "blocked", None)]);
        assert!(matches!(judged(&cases, true), Outcome::Stumbled { .. }));
    }
}
