//! What shows test results reads `JUnit`.

use std::fmt::Write as _;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::{Report, ScenarioReport, Verdict};

/// The reports of all plugins as one document.
pub fn junit(reports: &[Report]) -> Result<String, quick_junit::SerializeError> {
    let mut document = Document::new("golden");
    for report in reports {
        let mut suite = TestSuite::new(report.plugin.clone());
        suite.add_test_cases(report.scenarios.iter().map(case));
        document.add_test_suite(suite);
    }
    document.to_string()
}

fn case(scenario: &ScenarioReport) -> TestCase {
    let status = match scenario.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Failed | Verdict::New => status(scenario, NonSuccessKind::Failure),
        Verdict::Broken => status(scenario, NonSuccessKind::Error),
    };
    let mut case = TestCase::new(scenario.name.clone(), status);
    case.set_time(Duration::from_secs_f64(scenario.elapsed_ms / 1e3));
    case.extra.insert("file".into(), scenario.file.clone().into());
    case
}

fn status(scenario: &ScenarioReport, kind: NonSuccessKind) -> TestCaseStatus {
    let mut text = String::new();
    for failure in &scenario.failures {
        match &failure.step {
            Some(step) => writeln!(text, "{step}: {}", failure.message),
            None => writeln!(text, "{}", failure.message),
        }
        .unwrap_or_default();
    }
    text.push_str(scenario.difference.as_deref().unwrap_or_default());
    let mut status = TestCaseStatus::non_success(kind);
    let message = match (scenario.failures.first(), scenario.verdict) {
        (Some(failure), _) => failure.message.lines().next().unwrap_or_default(),
        (None, Verdict::New) => "there is no accepted snapshot yet",
        (None, _) => "the transcript differs from the accepted one",
    };
    status.set_message(message).set_description(text);
    status
}
