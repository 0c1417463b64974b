//! Two reports side by side.

use hostproof::aliases::Aliases;
use hostproof::compare::{Comparison, Kind, compare};
use hostproof::evidence::VerdictKind;
use hostproof::report::Report;
use hostproof::sources::SourceFile;

use crate::recorded::some_report;

fn ids(comparison: &Comparison, kind: Kind) -> Vec<&str> {
    comparison.of(kind).map(|difference| difference.id.as_str()).collect()
}

fn with(report: &Report, id: &str, verdict: VerdictKind) -> Report {
    let mut report = report.clone();
    report.cases.iter_mut().find(|case| case.id == id).unwrap().verdict = verdict;
    report
}

#[tokio::test]
async fn what_got_worse_comes_first_and_decides() {
    use VerdictKind as V;
    let report = some_report().await;
    let none = Aliases::default();
    let kind = |before, after| {
        let comparison =
            compare(&with(&report, "c-0001", before), &with(&report, "c-0001", after), &none);
        assert_eq!(comparison.regressed(), !ids(&comparison, Kind::Regression).is_empty());
        comparison.differences.first().map(|difference| difference.kind)
    };
    assert_eq!(kind(V::Pass, V::Pass), None);
    for lost in [V::Fail, V::Blocked, V::Inconclusive, V::HarnessError, V::NotRun, V::KnownFailing]
    {
        assert_eq!(kind(V::Pass, lost), Some(Kind::Regression), "{lost:?}");
        assert_eq!(kind(lost, V::Pass), Some(Kind::Fix), "{lost:?}");
    }
    assert_eq!(kind(V::Blocked, V::Fail), Some(Kind::Regression));
    assert_eq!(kind(V::KnownFailing, V::Fail), Some(Kind::Changed));
    assert_eq!(kind(V::Pass, V::NotApplicable), Some(Kind::Changed));
    assert_eq!(kind(V::NotApplicable, V::Pass), Some(Kind::Changed));
    assert_eq!(kind(V::Pass, V::Flaky), Some(Kind::Flakiness));
    assert_eq!(kind(V::Pass, V::UnexpectedPass), Some(Kind::Changed));
}

#[tokio::test]
async fn new_and_gone_cases_are_told_from_renamed_ones() {
    let before = some_report().await;
    let mut after = with(&before, "c-0001", VerdictKind::Fail);
    after.cases[0].id = "c-0009".to_owned();
    let none = Aliases::default();
    let comparison = compare(&before, &after, &none);
    assert_eq!(ids(&comparison, Kind::New), ["c-0009"]);
    assert_eq!(ids(&comparison, Kind::Gone), ["c-0001"]);
    assert!(!comparison.regressed());
    let text = "[[alias]]\nformer = \"c-0001\"\ncurrent = \"c-0009\"\nreason = \"renamed\"\n";
    let aliases = Aliases::parse(&[SourceFile::new("cases/aliases.toml", text)]).unwrap();
    let comparison = compare(&before, &after, &aliases);
    assert_eq!(ids(&comparison, Kind::Regression), ["c-0009"]);
    assert_eq!(comparison.differences[0].former.as_deref(), Some("c-0001"));
    assert_eq!(comparison.same, 2);
    let text = comparison.readable();
    assert!(text.contains("1 regressions\n  c-0009 things/c-0001: pass → fail"), "{text}");
}

#[tokio::test]
async fn different_suites_are_said_and_markdown_is_safe_to_paste() {
    let before = some_report().await;
    let mut after = with(&before, "c-0001", VerdictKind::Fail);
    after.header.suite.ledger = "000000000000".to_owned();
    after.cases[0].reason = Some("a | `b` <script>".to_owned());
    let comparison = compare(&before, &after, &Aliases::default());
    assert!(comparison.remarks[0].starts_with("another edition of the specification"));
    let markdown = comparison.markdown();
    assert!(markdown.starts_with("### Conformance: 1 regression\n"), "{markdown}");
    assert!(markdown.contains("| a \\| \\`b\\` &lt;script> |"), "{markdown}");
}
