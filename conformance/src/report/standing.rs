//! What a verdict means to those who read reports by machine, in the words that most of them share.

use super::document::{CaseReport, Report};
use crate::evidence::VerdictKind;

/// How a consumer should take a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Green, at once or when run again alone.
    Passed,
    /// Red, and the host's doing.
    Failed,
    /// Red, and nobody knows about the host: not judged is not passed.
    Unjudged,
    /// A failure that is known and was expected.
    Expected,
    /// Neither: the host does not claim it.
    Skipped,
}

/// By name, so that a kind that is new here is red until somebody decides otherwise.
pub(super) fn standing(kind: VerdictKind) -> Standing {
    match kind.as_str() {
        "pass" | "flaky" => Standing::Passed,
        "fail" | "unexpected-pass" => Standing::Failed,
        "known-failing" => Standing::Expected,
        "not-applicable" => Standing::Skipped,
        _ => Standing::Unjudged,
    }
}

/// The differences, or the reason, in one line.
pub(super) fn explanation(case: &CaseReport) -> String {
    let messages = case.failure.as_ref().map(|failure| failure.messages.join("; "));
    let text = messages.or_else(|| case.reason.clone()).unwrap_or_default();
    match case.verdict {
        VerdictKind::UnexpectedPass => {
            format!("it passed; the baseline says that it fails: {text}")
        }
        _ => text,
    }
}

/// Why the baseline puts up with a failure.
pub(super) fn excuse(case: &CaseReport) -> &str {
    case.baseline.as_ref().map(|known| known.reason.as_str()).unwrap_or_default()
}

/// Whether the host conforms, in words, from the exit code of the run.
pub(super) fn conclusion(report: &Report) -> &'static str {
    use crate::exit;
    match report.footer.exit_code {
        exit::CONFORMANT if report.count(VerdictKind::KnownFailing) > 0 => {
            "conformant but for known failures"
        }
        exit::CONFORMANT => "conformant",
        exit::NOT_CONFORMANT => "not conformant",
        exit::HARNESS => "the suite is at fault",
        exit::STALE_BASELINE => "the baseline is stale",
        _ => "could not be judged",
    }
}

/// `n/N applicable cases passed (…)`: what every view says first, in the same words.
pub(super) fn tally(report: &Report) -> String {
    let passed: usize = VerdictKind::ALL
        .into_iter()
        .filter(|kind| standing(*kind) == Standing::Passed)
        .map(|kind| report.count(kind))
        .sum();
    let mut parts = Vec::new();
    for kind in VerdictKind::ALL {
        let count = report.count(kind);
        let always = matches!(kind, VerdictKind::Fail | VerdictKind::Blocked);
        let shown = !matches!(kind, VerdictKind::Pass | VerdictKind::NotApplicable);
        if shown && (count > 0 || always) {
            parts.push(format!("{count} {}", kind.as_str()));
        }
    }
    if report.count(VerdictKind::NotApplicable) > 0 {
        parts.push(format!("{} not claimed", report.count(VerdictKind::NotApplicable)));
    }
    format!("{passed}/{} applicable cases passed ({})", report.footer.applicable, parts.join(", "))
}
