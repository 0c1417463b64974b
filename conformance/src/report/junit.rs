//! `JUnit`, with real `<failure>`, `<error>` and `<skipped>` elements: a suite per area.

use std::collections::BTreeMap;
use std::time::Duration;

use quick_junit::{NonSuccessKind, SerializeError, TestCase, TestCaseStatus, TestRerun, TestSuite};

use super::curl::curl;
use super::document::{CaseReport, FailureReport, Report};
use super::standing::explanation;
use crate::evidence::VerdictKind;

/// The report as `JUnit` XML.
pub fn junit(report: &Report) -> Result<String, SerializeError> {
    let mut document = quick_junit::Report::new(format!("hostproof {}", report.header.host.name));
    document.set_time(Duration::from_millis(report.footer.elapsed_ms));
    let mut areas: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for case in &report.cases {
        let suite = areas.entry(&case.area).or_insert_with(|| TestSuite::new(&*case.area));
        suite.add_test_case(test_case(report, case));
    }
    document.add_test_suites(areas.into_values());
    document.to_string()
}

fn test_case(report: &Report, case: &CaseReport) -> TestCase {
    let mut test = TestCase::new(format!("{} {}", case.id, case.slug), status(report, case));
    test.set_classname(format!("hostproof.{}", case.area));
    test.set_time(Duration::from_millis(case.elapsed_ms));
    test.set_assertions(case.facts.len());
    test
}

fn status(report: &Report, case: &CaseReport) -> TestCaseStatus {
    use VerdictKind as V;
    let unsuccessful = |kind| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(case.verdict.as_str());
        status.set_message(explanation(case));
        status.set_description(description(report, case));
        status
    };
    match case.verdict {
        V::Pass => TestCaseStatus::success(),
        V::Flaky => {
            let mut rerun = TestRerun::new(NonSuccessKind::Failure);
            let messages = case.failure.as_ref().map(|failure| failure.messages.join("; "));
            rerun.set_message(messages.unwrap_or_default());
            rerun.set_description(description(report, case));
            let mut status = TestCaseStatus::success();
            status.add_rerun(rerun);
            status
        }
        // A known failure is not red, and it is not silent; a pass against the baseline asks for a change.
        V::Fail | V::UnexpectedPass => unsuccessful(NonSuccessKind::Failure),
        // Not judged is not passed: it has to be as red as a failure in whatever reads this.
        V::Blocked | V::Inconclusive | V::HarnessError | V::NotRun => {
            unsuccessful(NonSuccessKind::Error)
        }
        V::NotApplicable | V::KnownFailing => {
            let mut status = TestCaseStatus::skipped();
            let reason = case.reason.clone().unwrap_or_default();
            status.set_type(case.verdict.as_str());
            status.set_message(match case.verdict {
                V::KnownFailing => format!("known failing: {reason}"),
                _ => reason,
            });
            if case.verdict == V::KnownFailing {
                status.set_description(description(report, case));
            }
            status
        }
    }
}

/// Title, sentences, differences, and a line that repeats the request.
fn description(report: &Report, case: &CaseReport) -> String {
    let mut lines = vec![case.title.clone()];
    for id in &case.cites {
        if let Some(sentence) = report.sentence(id) {
            lines.push(format!("{id} {}: {}", sentence.level, sentence.text));
        }
    }
    if let Some(FailureReport { step, messages, exchange, .. }) = &case.failure {
        lines.extend(step.iter().map(|step| format!("step {step} ({})", case.source)));
        lines.extend(messages.iter().cloned());
        let exchange = exchange.and_then(|number| case.exchanges.get(number));
        lines.extend(exchange.map(curl));
    }
    lines.join("\n")
}
