//! Baselines: what they make of verdicts, and how they are kept true.

use hostproof::baseline::{Baseline, draft};
use hostproof::evidence::VerdictKind as V;
use hostproof::exit;
use hostproof::report::{BaselineReport, Report, Style, junit, summary};
use hostproof::sources::Sources;
use hostproof::suite::Suite;
use hostproof::target::Target;
use time::macros::date;

use crate::hosts::{Host, reply, start};
use crate::reports::assert_fits_the_schema;
use crate::support::{result_of, suite, target, zero_fixture};

const OK: &str = r#"{"status":"ok"}"#;
const HEALTHY: &str = "{ status = 200, json = { \"/status\" = \"ok\" } }";

/// A host that is well below `/good` and nowhere else.
async fn host() -> Host {
    start(|head, _| {
        let good = head.uri.path().starts_with("/good") || head.uri.path() == "/api/healthz";
        reply(if good { 200 } else { 500 }, "application/json", OK)
    })
    .await
}

fn cases() -> String {
    [
        zero_fixture("c-0001", "/good", HEALTHY, ""),
        zero_fixture("c-0002", "/bad", HEALTHY, ""),
        zero_fixture("c-0003", "/bad/too", HEALTHY, "").replace("s-aaaa", "s-bbbb"),
        zero_fixture("c-0004", "/good/refusal", HEALTHY, "negative = true\ntwin = \"c-0002\""),
        zero_fixture("c-0005", "/good", HEALTHY, "features = [\"valkey\"]"),
        zero_fixture("c-0006", "/good", HEALTHY, "")
            .replace("zero-fixture", "driven")
            .replace("request =", "as = \"admin\"\nrequest ="),
    ]
    .concat()
}

/// Judges the host with a baseline of these lines.
async fn judge(lines: &str) -> Report {
    let (suite, host) = (suite(&cases()), host().await);
    let mut target = target(&host.url());
    // The case that needs an administrator is blocked only where a test is about that.
    target.claims.features.clear();
    let baseline = Baseline::parse("b.toml", lines).unwrap();
    let (mut header, mut result) = result_of(&suite, &target).await;
    header.baseline = Some(BaselineReport::from(&baseline));
    result.outcomes.retain(|outcome| outcome.case.id != "c-0006" || lines.contains("c-0006"));
    result.stale = baseline.apply(&suite, &mut result.outcomes, date!(2030 - 01 - 15));
    Report::new(header, &suite.ledger, &result)
}

fn line(cases: &str, more: &str) -> String {
    format!("[[known-failing]]\ncases = \"{cases}\"\nreason = \"we know\"\n{more}\n")
}

fn verdict(report: &Report, id: &str) -> V {
    report.cases.iter().find(|case| case.id == id).unwrap().verdict
}

fn problem(report: &Report) -> &str {
    assert_eq!(report.footer.stale_baseline.len(), 1, "{:?}", report.footer.stale_baseline);
    &report.footer.stale_baseline[0].problem
}

#[tokio::test]
async fn a_known_failure_is_no_failure_and_is_shown() {
    let lines = line("c-0002", "until = 2030-01-15\nlink = \"https://tracker.example/1\"")
        + &line("s-bbbb", "")
        + &line("things/c-0004", "");
    let report = judge(&lines).await;
    assert_eq!(verdict(&report, "c-0001"), V::Pass);
    for id in ["c-0002", "c-0003", "c-0004"] {
        assert_eq!(verdict(&report, id), V::KnownFailing, "{id}");
    }
    assert_eq!(report.footer.exit_code, exit::CONFORMANT, "{:?}", report.footer);
    assert_eq!(report.footer.stale_baseline, []);
    let text = summary(&report, Style::Plain);
    assert!(text.contains("conformant but for known failures"), "{text}");
    assert!(text.contains("known-failing 2 cases: we know"), "{text}");
    assert!(text.contains("3 known-failing"), "{text}");
    let json = report.to_json().unwrap();
    assert_fits_the_schema(&json);
    assert!(json.contains("\"link\": \"https://tracker.example/1\""));
    assert!(json.contains("\"source\": \"b.toml:1\""));
    let junit = junit(&report).unwrap();
    assert!(junit.contains("message=\"known failing: we know\""), "{junit}");
    assert!(junit.contains("failures=\"0\" errors=\"0\""), "{junit}");
}

#[tokio::test]
async fn without_the_lines_the_same_run_fails() {
    let report = judge("").await;
    assert_eq!(verdict(&report, "c-0002"), V::Fail);
    assert_eq!(report.footer.exit_code, exit::NOT_CONFORMANT);
}

#[tokio::test]
async fn a_failure_that_no_line_covers_wins_over_everything_the_baseline_says() {
    let report = judge(&(line("c-0002", "") + &line("c-0001", ""))).await;
    assert_eq!(verdict(&report, "c-0003"), V::Fail);
    assert_eq!(report.footer.exit_code, exit::NOT_CONFORMANT);
}

#[tokio::test]
async fn a_line_whose_case_passes_is_stale_and_says_what_still_fails() {
    let report = judge(&line("things/*", "")).await;
    assert_eq!(verdict(&report, "c-0001"), V::UnexpectedPass);
    assert_eq!(report.footer.exit_code, exit::STALE_BASELINE);
    assert_eq!(
        problem(&report),
        "passed: c-0001; let it name what still fails: c-0002, c-0003, c-0004"
    );
    assert_fits_the_schema(&report.to_json().unwrap());
    let junit = junit(&report).unwrap();
    assert!(junit.contains("failures=\"1\""), "{junit}");
    assert!(junit.contains("it passed; the baseline says that it fails: we know"), "{junit}");
    assert!(summary(&report, Style::Plain).contains("the baseline is stale"));
}

#[tokio::test]
async fn a_line_is_stale_that_matches_nothing_applies_to_nothing_or_has_expired() {
    let all = line("c-0002", "") + &line("s-bbbb", "") + &line("c-0004", "");
    for (cases, more, expected) in [
        ("c-9999", "", "no case has this id"),
        ("c-0005", "", "does not claim what its cases need"),
        ("c-000[2]", "", "no case has this id"),
    ] {
        let report = judge(&(all.clone() + &line(cases, more))).await;
        assert_eq!(report.footer.exit_code, exit::STALE_BASELINE, "{cases}");
        assert!(problem(&report).contains(expected), "{cases}: {}", problem(&report));
    }
    let expired = all.replace("\"c-0002\"\n", "\"c-0002\"\nuntil = 2030-01-14\n");
    let report = judge(&expired).await;
    assert_eq!(report.footer.exit_code, exit::STALE_BASELINE);
    assert!(problem(&report).contains("until 2030-01-14"), "{}", problem(&report));
    // It still is what somebody once decided: the case is no new failure.
    assert_eq!(verdict(&report, "c-0002"), V::KnownFailing);
    let report = judge(&(all + &line("c-0002", ""))).await;
    assert!(problem(&report).contains("lines above cover the same cases"));
}

#[tokio::test]
async fn a_baseline_excuses_nothing_that_could_not_be_judged() {
    // Without an administrator who can sign in, the case is blocked.
    let lines = line("c-0002", "") + &line("s-bbbb", "") + &line("c-0004", "");
    let report = judge(&(lines + &line("c-0006", ""))).await;
    assert_eq!(verdict(&report, "c-0006"), V::Blocked);
    assert_eq!(report.footer.exit_code, exit::UNREACHABLE_OR_BLOCKED);
}

#[test]
fn a_line_says_why_and_nothing_that_is_not_understood() {
    let error = |text: &str| Baseline::parse("b.toml", text).unwrap_err().to_string();
    let empty = "\n[[known-failing]]\ncases = \"c-0001\"\nreason = \" \"\n";
    assert!(error(empty).starts_with("b.toml:2: the known failure of `c-0001` has no reason"));
    assert!(error("[[known-failing]]\ncases = \"c-0001\"\n").contains("missing field `reason`"));
    assert!(error(&line("c-0001", "untill = 2030-01-01")).contains("did you mean `until`?"));
    assert!(error(&line("c-0001", "until = 2030-01-01T00:00:00Z")).contains("is no day"));
    assert!(error(&line("c-0001", "link = \"nowhere\"")).contains("relative URL"));
    assert!(error("[[known_failing]]\n").contains("did you mean `known-failing`?"));
}

#[tokio::test]
async fn a_draft_holds_every_failure_and_is_refused_until_reasons_are_written() {
    let report = judge("").await;
    let (text, lines) = draft(&report);
    assert_eq!(lines, 3, "{text}");
    let error = Baseline::parse("b.toml", &text).unwrap_err().to_string();
    assert!(error.contains("has no reason: write why"), "{error}");
    let text = text.replace("reason = \"\"", "reason = \"a person wrote this\"");
    let report = judge(&text).await;
    assert_eq!(report.footer.exit_code, exit::CONFORMANT, "{text}");
    // Made again of a run with the baseline, it keeps what the person wrote.
    let (again, _) = draft(&report);
    assert_eq!(again.matches("reason = \"a person wrote this\"").count(), 3, "{again}");
}

/// The original system's: every line means cases there are, and says what it rests on.
#[test]
fn the_baseline_of_the_original_system_means_cases_there_are() {
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/targets"));
    let target = Target::read(&folder.join("paca.toml")).unwrap();
    let baseline = Baseline::read(&target.baseline.unwrap()).unwrap();
    let suite = Suite::read(&Sources::embedded()).unwrap();
    assert!(baseline.lines.len() > 50);
    let stale = baseline.apply(&suite, &mut [], date!(2030 - 01 - 15));
    assert_eq!(stale, []);
    for line in &baseline.lines {
        let rests = line.reason.contains("(weak spot W") || line.reason.contains("(section ");
        assert!(rests, "{}: {}", line.cases, line.reason);
    }
}
