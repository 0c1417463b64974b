//! What a baseline makes of verdicts, and what verdicts say of a baseline.

use time::Date;

use super::{Baseline, Line, Stale};
use crate::case::Case;
use crate::evidence::{Verdict, VerdictKind};
use crate::runner::Outcome;
use crate::suite::Suite;

impl Baseline {
    /// Marks what fails as known, and what does not fail any more as unexpected. Whatever could not be
    /// judged stays what it is: a baseline is no excuse for that. The run may have been
    /// about some of the suite's cases; `today` decides what has expired.
    pub fn apply(&self, suite: &Suite, outcomes: &mut [Outcome<'_>], today: Date) -> Vec<Stale> {
        for outcome in outcomes.iter_mut() {
            if let Some(line) = self.line(outcome.case, &suite.aliases) {
                let known = self.known(line);
                outcome.verdict = match outcome.verdict.clone() {
                    Verdict::Fail(failure) => {
                        Verdict::KnownFailing { failure: Some(failure), why: None, known }
                    }
                    // Its twin fails, so that it says nothing until the twin passes.
                    Verdict::Inconclusive(why) => {
                        Verdict::KnownFailing { failure: None, why: Some(why), known }
                    }
                    Verdict::Pass(pass) => Verdict::UnexpectedPass { pass, known },
                    other => other,
                };
            }
        }
        let stale = self.lines.iter().filter_map(|line| {
            let problem = self.problem(line, suite, outcomes, today)?;
            Some(Stale { source: self.place(line), cases: line.cases.clone(), problem })
        });
        stale.collect()
    }

    /// Why a line is stale, if it is.
    fn problem(
        &self,
        line: &Line,
        suite: &Suite,
        outcomes: &[Outcome<'_>],
        today: Date,
    ) -> Option<String> {
        let aliases = &suite.aliases;
        let covered: Vec<&Case> =
            suite.cases.iter().filter(|case| line.covers(case, aliases)).collect();
        if covered.is_empty() {
            return Some(
                "no case has this id, slug, area or sentence: correct it, or remove the line"
                    .to_owned(),
            );
        }
        if let Some(until) = line.until.filter(|until| *until < today) {
            return Some(format!(
                "it was meant to stand here until {until}: mend the host, or decide anew and write a later day"
            ));
        }
        if covered
            .iter()
            .all(|case| self.line(case, aliases).is_some_and(|first| first.number != line.number))
        {
            return Some("lines above cover the same cases: remove one of them".to_owned());
        }
        let of_line = || outcomes.iter().filter(|outcome| line.covers(outcome.case, aliases));
        let passed: Vec<&str> = of_line()
            .filter(|outcome| outcome.verdict.kind() == VerdictKind::UnexpectedPass)
            .map(|outcome| outcome.case.id.as_str())
            .collect();
        if !passed.is_empty() {
            let failing: Vec<&str> = of_line()
                .filter(|outcome| outcome.verdict.kind() == VerdictKind::KnownFailing)
                .map(|outcome| outcome.case.id.as_str())
                .collect();
            let advice = if failing.is_empty() {
                "remove the line".to_owned()
            } else {
                format!("let it name what still fails: {}", failing.join(", "))
            };
            return Some(format!("passed: {}; {advice}", passed.join(", ")));
        }
        let begun = of_line().count() == covered.len();
        let inapplicable =
            of_line().all(|outcome| outcome.verdict.kind() == VerdictKind::NotApplicable);
        (begun && inapplicable).then(|| {
            "the host does not claim what its cases need: remove the line, or claim it".to_owned()
        })
    }
}
