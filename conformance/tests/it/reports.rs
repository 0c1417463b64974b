//! Reports: the JSON fits its schema, `JUnit` survives a reader, secrets stay out of both.

use hostproof::evidence::VerdictKind;
use hostproof::report::{Report, SCHEMA, Style, junit, summary};
use serde_json::{Value, json};

use crate::hosts::{Host, dead_url, reply, start};
use crate::support::{run, suite, target, zero_fixture};

const OK: &str = r#"{"status":"ok"}"#;
const HEALTHY: &str = "{ status = 200, json = { \"/status\" = \"ok\" } }";

/// One case for every verdict that a run without a stop can have.
pub(crate) async fn varied() -> (Report, Host) {
    let times = std::sync::Mutex::new(0);
    let host = start(move |head, _| match head.uri.path() {
        "/sometimes" => {
            let mut times = times.lock().unwrap();
            *times += 1;
            match *times {
                1 => reply(503, "text/html", "</script><script>pwned = alert(1)</script><!--"),
                _ => reply(200, "application/json", OK),
            }
        }
        "/bad" => reply(500, "application/octet-stream", vec![0xff, 0, 1]),
        "/api/v1/auth/login" => reply(401, "application/json", r#"{"success":false}"#),
        _ => reply(200, "application/json", OK),
    })
    .await;
    let refused = "{ json = { \"/status\" = \"ok\" } }";
    let cases = [
        zero_fixture("c-0001", "/x", HEALTHY, ""),
        zero_fixture("c-0002", "/sometimes", HEALTHY, ""),
        zero_fixture("c-0003", "/bad", HEALTHY, ""),
        zero_fixture("c-0004", "/x", HEALTHY, "features = [\"valkey\"]"),
        zero_fixture("c-0005", "/x", refused, "negative = true\ntwin = \"c-0003\""),
        zero_fixture("c-0006", "/x", HEALTHY, "")
            .replace("zero-fixture", "driven")
            .replace("request =", "as = \"admin\"\nrequest ="),
        zero_fixture("c-0007", "/with space", HEALTHY, ""),
    ];
    let report = run(&suite(&cases.concat()), &target(&host.url())).await;
    (report, host)
}

pub(crate) fn assert_fits_the_schema(document: &str) {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let document: Value = serde_json::from_str(document).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[tokio::test]
async fn every_verdict_fits_the_published_schema() {
    use VerdictKind as V;
    let (report, _host) = varied().await;
    let verdicts: Vec<_> = report.cases.iter().map(|case| case.verdict).collect();
    let expected = [
        V::Pass,
        V::Flaky,
        V::Fail,
        V::NotApplicable,
        V::Inconclusive,
        V::Blocked,
        V::HarnessError,
    ];
    assert_eq!(verdicts, expected, "{:#?}", report.cases);
    assert_eq!(report.footer.exit_code, hostproof::exit::HARNESS);
    assert_fits_the_schema(&report.to_json().unwrap());
}

#[tokio::test]
async fn a_partial_report_fits_too_and_says_so() {
    let report =
        run(&suite(&zero_fixture("c-0001", "/x", HEALTHY, "")), &target(&dead_url().await)).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::NotRun);
    let json = report.to_json().unwrap();
    assert_fits_the_schema(&json);
    assert!(json.contains("\"complete\": false"));
}

#[tokio::test]
async fn the_schema_refuses_a_pass_without_facts_and_a_document_without_a_footer() {
    let (report, _host) = varied().await;
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document: Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    let mut hollow = document.clone();
    hollow["cases"][0]["facts"] = json!([]);
    assert!(!validator.is_valid(&hollow));
    let mut truncated = document.clone();
    truncated.as_object_mut().unwrap().remove("footer");
    assert!(!validator.is_valid(&truncated));
    let mut surplus = document;
    surplus["header"]["surprise"] = Value::from(1);
    assert!(!validator.is_valid(&surplus));
}

#[tokio::test]
async fn junit_survives_a_reader_with_real_failures_errors_and_skips() {
    let (report, _host) = varied().await;
    let xml = junit(&report).unwrap();
    for (element, count) in [("<failure", 1), ("<error", 3), ("<skipped", 1), ("<flakyFailure", 1)]
    {
        assert_eq!(xml.matches(element).count(), count, "{element} in\n{xml}");
    }
    let read = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!((read.tests, read.failures, read.errors), (7, 1, 3));
    let suite = &read.test_suites[0];
    assert_eq!((suite.name.as_str(), suite.skipped), ("things", 1));
    let failed =
        suite.test_cases.iter().find(|case| case.name.as_str().starts_with("c-0003")).unwrap();
    let quick_junit::TestCaseStatus::NonSuccess { message, description, .. } = &failed.status
    else {
        panic!("{failed:?}")
    };
    assert!(message.as_ref().unwrap().as_str().contains("status: expected 200, got 500"));
    let description = description.as_ref().unwrap().as_str();
    assert!(description.contains("s-aaaa MUST: The host is healthy."), "{description}");
    assert!(description.contains("curl --path-as-is"), "{description}");
}

#[tokio::test]
async fn the_summary_explains_a_failure() {
    let (report, host) = varied().await;
    let text = summary(&report, Style::Plain);
    for expected in [
        "FAIL c-0003 things/c-0003",
        "s-aaaa MUST (spec/things.md:7): The host is healthy.",
        "✗ status: expected 200, got 500",
        &format!("request:  GET {}/bad", host.url()),
        "response: 500",
        &format!("curl --path-as-is -i -X GET '{}/bad'", host.url()),
        "FLAKY c-0002",
        "it passed when it was run again alone",
        "blocked 1 cases: the administrator:",
        "2/6 applicable cases passed (1 flaky, 1 fail, 1 blocked, 1 inconclusive, 1 harness-error, 1 not claimed)",
        "the suite is at fault",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert!(!text.contains('\u{1b}'));
    assert!(summary(&report, Style::Coloured).contains('\u{1b}'));
}

#[tokio::test]
async fn secrets_are_in_no_report() {
    let token = "aaa.eyJzdWIiOiJ1c2VyLTEifQ.c2lnbmF0dXJl";
    let host = start(move |head, _| {
        if head.uri.path() == "/api/v1/auth/login" {
            let mut response = reply(200, "application/json", r#"{"success":true}"#)?;
            let cookie = format!("access_token={token}; HttpOnly").parse().ok()?;
            response.headers_mut().insert("set-cookie", cookie);
            return Some(response);
        }
        let seen = head.headers.get("authorization").and_then(|value| value.to_str().ok());
        let body = json!({ "status": "no", "seen": seen, "refresh_token": "unknown-secret" });
        let mut response = reply(200, "application/json", body.to_string())?;
        let cookie = "session=another-secret; Path=/".parse().ok()?;
        response.headers_mut().insert("set-cookie", cookie);
        Some(response)
    })
    .await;
    let case = zero_fixture("c-0001", "/x", HEALTHY, "")
        .replace("zero-fixture", "driven")
        .replace("request =", "as = \"admin\"\nrequest =");
    let report = run(&suite(&case), &target(&host.url())).await;
    assert_eq!(report.cases[0].verdict, VerdictKind::Fail, "{:?}", report.cases[0]);
    let all =
        report.to_json().unwrap() + &junit(&report).unwrap() + &summary(&report, Style::Plain);
    for secret in [token, "another-secret", "unknown-secret", "a password of length"] {
        assert!(!all.contains(secret), "{secret} is in\n{all}");
    }
    assert!(all.contains("Bearer «admin token»"), "{all}");
    assert!(all.contains("session=«redacted»; Path=/"), "{all}");
}
