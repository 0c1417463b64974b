//! Recorded runs that are judged again: what follows is confirmed, what was tampered with is noticed.

use hostproof::report::{Recorded, Report};
use hostproof::suite::Suite;
use hostproof::verify::{Standing, Verification, verify};
use serde_json::{Value, json};

use crate::hosts::{reply, start};
use crate::support::{run, suite, target, zero_fixture};

const OK: &str = r#"{"status":"ok","number":7}"#;
const HEALTHY: &str = "{ status = 200, json = { \"/status\" = \"ok\" } }";

/// A pass, a failure, a refusal beside its twin, one beside none, a case that does not apply, a capture.
async fn varied() -> (Report, Suite) {
    let host = start(|head, _| match head.uri.path() {
        "/bad" => reply(500, "application/json", OK),
        "/refused" => reply(403, "application/json", r#"{"success":false,"error_code":"NO"}"#),
        path if path.starts_with("/number/") => reply(
            200,
            "application/json",
            json!({ "same": path.trim_start_matches("/number/") }).to_string(),
        ),
        _ => reply(200, "application/json", OK),
    })
    .await;
    let refused = "{ status = 403, error_code = \"NO\" }";
    let captured = zero_fixture("c-0006", "/x", HEALTHY, "").trim_end().to_owned()
        + "\ncapture = { number = \"/number\" }\n[[case.steps]]\n\
           request = { method = \"GET\", path = \"/number/{number}\" }\n\
           expect = { json = { \"/same\" = \"{token}{number}\" } }\n\n";
    let captured = captured.replace("{token}", "");
    let cases = [
        zero_fixture("c-0001", "/x", HEALTHY, ""),
        zero_fixture("c-0002", "/bad", HEALTHY, ""),
        zero_fixture("c-0003", "/refused", refused, "negative = true\ntwin = \"c-0001\""),
        zero_fixture("c-0004", "/refused", refused, "negative = true\ntwin = \"c-0002\""),
        zero_fixture("c-0005", "/x", HEALTHY, "features = [\"metrics\"]"),
        captured.replace("\"{number}\"", "{ matches = \"^{number}$\" }"),
    ];
    let suite = suite(&cases.concat());
    let report = run(&suite, &target(&host.url())).await;
    (report, suite)
}

fn again(document: &Value, suite: &Suite) -> Verification {
    verify(Recorded::parse("report.json", &document.to_string()).unwrap(), suite)
}

#[tokio::test]
async fn what_a_run_wrote_is_confirmed() {
    let (report, suite) = varied().await;
    let verification = again(&serde_json::to_value(&report).unwrap(), &suite);
    assert_eq!(verification.problems, Vec::<String>::new());
    assert_eq!(verification.count(Standing::Confirmed), 6, "{:#?}", verification.cases);
    assert!(verification.holds());
}

#[tokio::test]
async fn whatever_is_tampered_with_is_noticed() {
    let (report, suite) = varied().await;
    let original = serde_json::to_value(&report).unwrap();
    let edited = |edit: &dyn Fn(&mut Value)| {
        let mut document = original.clone();
        edit(&mut document);
        let verification = again(&document, &suite);
        assert!(!verification.holds());
        // The digest notices everything. It can be computed anew; what else is noticed?
        let mut said: Vec<_> =
            verification.problems.iter().filter(|p| !p.contains("digest")).cloned().collect();
        let differs = verification.cases.iter().filter(|c| c.standing == Standing::Differs);
        said.extend(differs.map(|case| format!("{} {}", case.id, case.why.join("; "))));
        said
    };
    let status = edited(&|d| d["cases"][0]["exchanges"][0]["response"]["status"] = json!(500));
    assert_eq!(status, ["c-0001 step 1. request: status: expected 200, got 500"]);
    let body = edited(&|d| d["cases"][0]["exchanges"][0]["response"]["body"]["text"] = json!("{}"));
    assert!(body[0].starts_with("c-0001 step 1. request: json /status"), "{body:?}");
    let better = edited(&|d| d["cases"][1]["exchanges"][0]["response"]["status"] = json!(200));
    assert_eq!(better, ["c-0002 nothing differs in what was recorded"]);
    let flipped = edited(&|d| {
        let facts = d["cases"][0]["facts"].clone();
        d["cases"][1]["verdict"] = json!("pass");
        d["cases"][1]["facts"] = facts;
        d["cases"][1].as_object_mut().unwrap().remove("failure");
    });
    assert!(flipped.iter().any(|said| said.starts_with("footer: the counts")), "{flipped:?}");
    assert!(flipped.iter().any(|said| said.starts_with("c-0002 ")), "{flipped:?}");
    let removed = edited(&|d| drop(d["cases"].as_array_mut().unwrap().remove(1)));
    assert!(
        removed.contains(&"c-0002 things/c-0002 was selected, and is not in it".to_owned()),
        "{removed:?}"
    );
    let counts = edited(&|d| d["footer"]["counts"]["pass"] = json!(9));
    assert_eq!(counts, ["footer: the counts are not those of the cases"]);
    let code = edited(&|d| d["footer"]["exit_code"] = json!(0));
    assert_eq!(code, ["footer: the exit code is not that of the verdicts"]);
    let excused = edited(&|d| {
        d["cases"][1]["verdict"] = json!("not-applicable");
        d["cases"][1]["reason"] = json!("the host does not claim it");
        d["cases"][1].as_object_mut().unwrap().remove("failure");
    });
    let expected = "c-0002 the host claims everything that the case needs".to_owned();
    assert!(excused.contains(&expected), "{excused:?}");
    let invented = edited(&|d| d["cases"][0]["facts"][0]["statement"] = json!("status: 201"));
    assert!(invented[0].starts_with("c-0001 the fact `status: 200` follows"), "{invented:?}");
    let variable = edited(&|d| d["cases"][5]["variables"][0]["value"] = json!(8));
    assert!(
        variable[0].starts_with("c-0006 step 1. request: number was taken from"),
        "{variable:?}"
    );
}

#[tokio::test]
async fn a_suite_that_changed_since_is_said() {
    let (report, _) = varied().await;
    let changed = suite(&zero_fixture("c-0001", "/x", "{ status = 204 }", ""));
    let verification = again(&serde_json::to_value(&report).unwrap(), &changed);
    assert!(verification.remarks[0].starts_with("the cases of the report are of edition"));
    assert_eq!(verification.cases[0].standing, Standing::Differs);
    assert_eq!(verification.cases[1].standing, Standing::NotJudged);
}
