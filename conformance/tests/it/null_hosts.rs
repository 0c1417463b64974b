//! The whole suite, against hosts that implement nothing. None of them may pass a single case.

use std::time::{Duration, Instant};

use hostproof::evidence::VerdictKind;
use hostproof::exit;
use hostproof::report::Report;
use hostproof::sources::Sources;
use hostproof::suite::Suite;
use hostproof::target::Target;

use crate::hosts::{Host, dead_url, reply, start};
use crate::support::{run, target};

async fn judge(host: &Host) -> Report {
    let suite = Suite::read(&Sources::embedded()).unwrap();
    run(&suite, &target(&host.url())).await
}

/// No pass, not by luck and not on the second try.
fn assert_nothing_passed(report: &Report) {
    for kind in [VerdictKind::Pass, VerdictKind::Flaky, VerdictKind::HarnessError] {
        let cases = report.cases.iter().filter(|case| case.verdict == kind);
        let slugs: Vec<_> = cases.map(|case| (&case.slug, &case.reason)).collect();
        assert!(slugs.is_empty(), "{}: {slugs:?}", kind.as_str());
    }
}

#[tokio::test]
async fn a_dead_port_passes_nothing_and_is_unreachable() {
    let suite = Suite::read(&Sources::embedded()).unwrap();
    let report = run(&suite, &target(&dead_url().await)).await;
    assert_nothing_passed(&report);
    assert_eq!(report.footer.exit_code, exit::UNREACHABLE_OR_BLOCKED);
    assert_eq!(
        report.count(VerdictKind::NotRun)
            + report.count(VerdictKind::Blocked)
            + report.count(VerdictKind::NotApplicable),
        report.cases.len()
    );
    assert!(!report.footer.complete);
}

#[tokio::test]
async fn a_server_that_answers_200_to_everything_is_not_conformant() {
    for (content_type, body) in [
        ("text/plain", ""),
        ("application/json", "{}"),
        ("application/json", r#"{"success":true,"data":{"id":"x","access_token":"x.y.z"}}"#),
    ] {
        let host = start(move |_, _| reply(200, content_type, body)).await;
        let report = judge(&host).await;
        assert_nothing_passed(&report);
        assert_eq!(report.footer.exit_code, exit::NOT_CONFORMANT);
    }
}

#[tokio::test]
async fn a_server_that_refuses_everything_is_not_conformant() {
    for status in [400, 401, 404, 500] {
        let host =
            start(move |_, _| reply(status, "application/json", r#"{"success":false}"#)).await;
        let report = judge(&host).await;
        assert_nothing_passed(&report);
        assert_eq!(report.footer.exit_code, exit::NOT_CONFORMANT);
    }
}

#[tokio::test]
async fn an_echo_is_not_conformant() {
    let host = start(|_, body| reply(200, "application/json", body.clone())).await;
    let report = judge(&host).await;
    assert_nothing_passed(&report);
    assert_eq!(report.footer.exit_code, exit::NOT_CONFORMANT);
}

#[tokio::test]
async fn random_json_is_not_conformant() {
    let counter = std::sync::atomic::AtomicU64::new(1);
    let host = start(move |_, _| {
        let number = counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let status = [200, 201, 400, 403, 404, 409][usize::try_from(number).unwrap() % 6];
        let body = format!(
            "{{\"{number}\": [{number}, null, {{\"success\": {}}}]}}",
            number.is_multiple_of(2)
        );
        reply(status, "application/json", body)
    })
    .await;
    let report = judge(&host).await;
    assert_nothing_passed(&report);
    assert_eq!(report.footer.exit_code, exit::NOT_CONFORMANT);
}

#[tokio::test]
async fn html_where_json_belongs_is_not_conformant() {
    let host = start(|_, _| reply(200, "text/html", "<!doctype html><title>ok</title>ok")).await;
    let report = judge(&host).await;
    assert_nothing_passed(&report);
    assert_eq!(report.footer.exit_code, exit::NOT_CONFORMANT);
}

#[tokio::test]
async fn a_server_that_never_answers_does_not_hang_the_suite() {
    let host = start(|_, _| None).await;
    let started = Instant::now();
    let report = judge(&host).await;
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert_nothing_passed(&report);
    assert_eq!(report.footer.exit_code, exit::UNREACHABLE_OR_BLOCKED);
    assert!(
        report.footer.stopped.as_deref().unwrap().contains("no answer"),
        "{:?}",
        report.footer.stopped
    );
}

/// A host of which nothing but its URL is known, and one that claims nothing more than it: what applies is
/// little, and is not passed either.
#[tokio::test]
async fn a_stranger_that_implements_nothing_passes_nothing_either() {
    let suite = Suite::read(&Sources::embedded()).unwrap();
    let hosts = [
        start(|_, _| reply(200, "application/json", "{}")).await,
        start(|_, _| reply(400, "application/json", r#"{"success":false,"error_code":"BAD_REQUEST"}"#)).await,
        start(|_, _| reply(401, "application/json", r#"{"success":false,"error_code":"AUTH_MISSING_TOKEN","error":"x","request_id":"x"}"#)).await,
        start(|_, _| reply(404, "application/json", r#"{"success":false,"error_code":"NOT_FOUND","error":"x","request_id":"x"}"#)).await,
        start(|_, body| reply(200, "application/json", body.clone())).await,
        start(|_, _| reply(200, "text/html", "<!doctype html>ok")).await,
    ];
    for host in &hosts {
        let stranger = Target::stranger(host.url().parse().unwrap());
        let report = run(&suite, &stranger).await;
        assert_nothing_passed(&report);
        assert_eq!(report.footer.exit_code, exit::NOT_CONFORMANT);
        assert!(report.footer.applicable >= 25, "{}", report.footer.applicable);
        let mut claiming = target(&host.url());
        claiming.host.owned = false;
        claiming.claims.features.clear();
        assert_nothing_passed(&run(&suite, &claiming).await);
    }
    let report = run(&suite, &Target::stranger(dead_url().await.parse().unwrap())).await;
    assert_nothing_passed(&report);
    assert_eq!(report.footer.exit_code, exit::UNREACHABLE_OR_BLOCKED);
}
