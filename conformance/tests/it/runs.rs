//! Runs against hosts that change their minds, stop answering, or die.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hostproof::evidence::{FailureKind, VerdictKind};
use hostproof::exit;

use crate::hosts::{reply, start};
use crate::support::{run, run_with, suite, target, zero_fixture};

const OK: &str = r#"{"status":"ok"}"#;
const HEALTHY: &str = "{ status = 200, json = { \"/status\" = \"ok\" } }";

#[tokio::test]
async fn a_host_that_does_it_right_passes_with_facts_from_its_answers() {
    let host = start(|_, _| reply(200, "application/json", OK)).await;
    let suite = suite(&zero_fixture("c-0001", "/x", HEALTHY, ""));
    let report = run(&suite, &target(&host.url())).await;
    assert_eq!(report.footer.exit_code, exit::CONFORMANT);
    let case = &report.cases[0];
    let statements: Vec<_> = case.facts.iter().map(|fact| fact.statement.as_str()).collect();
    assert_eq!(statements, ["status: 200", "json /status: \"ok\""]);
    assert_eq!(case.exchanges.len(), 1);
    assert_eq!(case.exchanges[0].response.as_ref().unwrap().status, 200);
}

#[tokio::test]
async fn a_failure_says_everything_that_differs() {
    let host = start(|_, _| reply(500, "text/plain", "oops")).await;
    let report =
        run(&suite(&zero_fixture("c-0001", "/x", HEALTHY, "")), &target(&host.url())).await;
    let failure = report.cases[0].failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Assertion);
    assert_eq!(
        failure.messages,
        ["status: expected 200, got 500", "body: expected JSON, got \"oops\""]
    );
    assert_eq!(failure.step.as_deref(), Some("1. request"));
    assert_eq!(failure.exchange, Some(0));
}

#[tokio::test]
async fn a_failure_that_passes_alone_is_flaky_and_shown() {
    let seen: Mutex<HashMap<String, u32>> = Mutex::default();
    let host = start(move |head, _| {
        let mut seen = seen.lock().unwrap();
        let times = seen.entry(head.uri.path().to_owned()).or_default();
        *times += 1;
        let first = head.uri.path() == "/sometimes" && *times == 1;
        reply(if first { 503 } else { 200 }, "application/json", OK)
    })
    .await;
    let cases = zero_fixture("c-0001", "/sometimes", HEALTHY, "");
    let report = run(&suite(&cases), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Flaky);
    let failure = report.cases[0].failure.as_ref().unwrap();
    assert_eq!(failure.messages, ["status: expected 200, got 503"]);
    assert!(!report.cases[0].facts.is_empty());
    assert_eq!(report.footer.exit_code, exit::CONFORMANT);
}

#[tokio::test]
async fn a_refusal_is_inconclusive_while_its_twin_fails() {
    let host =
        start(|_, _| reply(403, "application/json", r#"{"success":false,"error_code":"NO"}"#))
            .await;
    let refused = "{ status = 403, error_code = \"NO\" }";
    let cases = zero_fixture("c-0001", "/x", HEALTHY, "")
        + &zero_fixture("c-0002", "/x", refused, "negative = true\ntwin = \"c-0001\"");
    let report = run(&suite(&cases), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Fail);
    assert_eq!(report.cases[1].verdict, VerdictKind::Inconclusive);
    assert!(report.cases[1].facts.is_empty());
    assert_eq!(report.footer.exit_code, exit::NOT_CONFORMANT);
}

#[tokio::test]
async fn a_refusal_passes_beside_its_twin() {
    let host = start(|head, _| match head.uri.path() {
        "/no" => reply(403, "application/json", r#"{"success":false,"error_code":"NO"}"#),
        _ => reply(200, "application/json", OK),
    })
    .await;
    let refused = "{ status = 403, error_code = \"NO\" }";
    let cases = zero_fixture("c-0001", "/x", HEALTHY, "")
        + &zero_fixture("c-0002", "/no", refused, "negative = true\ntwin = \"c-0001\"");
    let report = run(&suite(&cases), &target(&host.url())).await;
    assert_eq!(report.count(VerdictKind::Pass), 2);
}

#[tokio::test]
async fn a_step_that_never_ends_fails_at_the_deadline() {
    let host = start(|head, _| match head.uri.path() {
        "/never" => None,
        _ => reply(200, "application/json", OK),
    })
    .await;
    let cases =
        zero_fixture("c-0001", "/never", HEALTHY, "") + &zero_fixture("c-0002", "/x", HEALTHY, "");
    let started = Instant::now();
    let report = run(&suite(&cases), &target(&host.url())).await;
    // Twice the deadline of two seconds, and some.
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
    let failure = report.cases[0].failure.as_ref().unwrap();
    assert_eq!(failure.kind, FailureKind::Deadline);
    assert_eq!(failure.step.as_deref(), Some("1. request"));
    assert!(report.cases[0].exchanges[0].error.is_some());
    assert_eq!(report.cases[1].verdict, VerdictKind::Pass);
    assert!(report.footer.complete);
}

#[tokio::test]
async fn a_host_that_dies_ends_the_run_with_what_is_known() {
    let host = Arc::new(Mutex::new(None::<crate::hosts::Host>));
    let (dying, count) = (Arc::clone(&host), Mutex::new(0));
    let server = start(move |_, _| {
        let mut count = count.lock().unwrap();
        *count += 1;
        if *count == 6 {
            dying.lock().unwrap().as_ref().unwrap().kill();
            return None;
        }
        reply(200, "application/json", OK)
    })
    .await;
    let url = server.url();
    *host.lock().unwrap() = Some(server);
    let mut cases = String::new();
    for number in 0..40 {
        cases.push_str(&zero_fixture(&format!("c-{number:04}"), "/x", HEALTHY, ""));
    }
    let started = Instant::now();
    let report = run(&suite(&cases), &target(&url)).await;
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(report.count(VerdictKind::Pass) >= 1, "{:?}", report.footer.counts);
    assert!(report.count(VerdictKind::NotRun) >= 30, "{:?}", report.footer.counts);
    assert_eq!(report.cases.len(), 40);
    assert!(!report.footer.complete);
    assert!(report.footer.stopped.as_deref().unwrap().contains("stopped answering"));
    assert_ne!(report.footer.exit_code, exit::CONFORMANT);
}

#[tokio::test]
async fn the_deadline_of_a_run_ends_it() {
    let host = start(|head, _| match head.uri.path() {
        "/never" => None,
        _ => reply(200, "application/json", OK),
    })
    .await;
    let mut cases = String::new();
    for number in 0..20 {
        cases.push_str(&zero_fixture(&format!("c-{number:04}"), "/never", HEALTHY, ""));
    }
    let started = Instant::now();
    let report = run_with(&suite(&cases), &target(&host.url()), Duration::from_millis(500)).await;
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!(report.count(VerdictKind::NotRun), 20);
    assert_eq!(report.footer.exit_code, exit::UNREACHABLE_OR_BLOCKED);
}

#[tokio::test]
async fn a_stranger_gets_zero_fixture_cases_only() {
    let host = start(|_, _| reply(200, "application/json", OK)).await;
    let driven = zero_fixture("c-0002", "/x", HEALTHY, "").replace("zero-fixture", "driven");
    let cases = zero_fixture("c-0001", "/x", HEALTHY, "") + &driven;
    let mut target = target(&host.url());
    target.host.owned = false;
    let report = run(&suite(&cases), &target).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Pass);
    assert_eq!(report.cases[1].verdict, VerdictKind::NotApplicable);
    assert!(report.cases[1].exchanges.is_empty());
}

#[tokio::test]
async fn nothing_applicable_is_no_success() {
    let host = start(|_, _| reply(200, "application/json", OK)).await;
    let cases = zero_fixture("c-0001", "/x", HEALTHY, "features = [\"valkey\"]");
    let report = run(&suite(&cases), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::NotApplicable);
    assert_eq!(report.footer.exit_code, exit::UNREACHABLE_OR_BLOCKED);
}

#[tokio::test]
async fn a_lower_bound_is_asserted_and_polling_waits_for_its_condition() {
    let count = Mutex::new(0);
    let host = start(move |head, _| {
        let mut count = count.lock().unwrap();
        *count += u32::from(head.uri.path() == "/slowly-true");
        reply(200, "application/json", format!("{{\"n\":{count}}}"))
    })
    .await;
    let polled = zero_fixture(
        "c-0001",
        "/slowly-true",
        "{ json = { \"/n\" = { gte = 3 } } }\nretry = \"5s\"",
        "",
    );
    let early = zero_fixture("c-0002", "/x", "{ no_sooner_than = \"1s\" }", "");
    let report = run(&suite(&(polled + &early)), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Pass);
    let failure = report.cases[1].failure.as_ref().unwrap();
    assert!(
        failure.messages[0].starts_with("seconds until the answer: expected a value ≥ 1"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn a_path_is_sent_byte_for_byte() {
    let host =
        start(|head, _| reply(200, "application/json", format!("{:?}", head.uri.to_string())))
            .await;
    let path = "/a/../b//%2e%2E/%2f?x=%20&y";
    let cases = zero_fixture("c-0001", path, &format!("{{ json = {{ \"\" = \"{path}\" }} }}"), "");
    let report = run(&suite(&cases), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Pass, "{:?}", report.cases[0].failure);
}
