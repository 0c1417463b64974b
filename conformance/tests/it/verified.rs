//! Recorded runs that are judged again: what follows is confirmed, what was tampered with is noticed.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

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

/// A host that asks the outbound server for whatever it is asked for itself, and a case that looks whether it did,
/// and sends three requests at once.
pub(crate) async fn looked() -> (Report, Suite) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let host = start(move |head, _| {
        if let Some(query) = head.uri.query() {
            let request =
                format!("GET /echo?{query} HTTP/1.1\r\nhost: a.test\r\nx-of: the host\r\n\r\n");
            // Whoever answers may be next on this very thread.
            tokio::task::block_in_place(|| {
                let mut outbound = TcpStream::connect(free).unwrap();
                outbound.write_all(request.as_bytes()).unwrap();
                outbound.read_exact(&mut [0; 12]).unwrap();
            });
        }
        reply(200, "application/json", OK)
    })
    .await;
    let case = "[[case]]\nid = \"c-0001\"\nslug = \"things/looks\"\ntitle = \"T\"\ncites = [\"s-aaaa\"]\n\
                profile = \"sandbox\"\ntier = \"driven\"\ndeadline = \"5s\"\n\
                [[case.steps]]\nrequest = { method = \"GET\", path = \"/x?token={token}\" }\n\
                [[case.steps]]\noutbound_seen = { token = \"{token}\", count = 1, path = { matches = \"{token}$\" }, \
                headers = { X-Of = \"the host\" } }\n\
                [[case.steps]]\noutbound_seen = { token = \"another\", count = 0 }\n\
                [[case.steps]]\nbackground = \"b\"\nat_once = 3\nrequest = { method = \"GET\", path = \"/x\" }\n\
                [[case.steps]]\njoin = \"b\"\nanswers = 2\nexpect = { status = 200 }\n\
                [[case.steps]]\njoin = \"b\"\nexpect = { json = { \"/status\" = \"ok\" } }\n";
    let suite = suite(case);
    let mut target = target(&host.url());
    target.outbound.as_mut().unwrap().listen = free;
    (run(&suite, &target).await, suite)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_step_found_elsewhere_is_judged_again() {
    let (report, suite) = looked().await;
    let original = serde_json::to_value(&report).unwrap();
    let case = &original["cases"][0];
    assert_eq!(case["verdict"], "pass", "{case:#}");
    let found = &case["sightings"];
    assert_eq!((&found[0]["count"], &found[1]["count"]), (&json!(1), &json!(0)), "{found:#}");
    assert_eq!(found[0]["last"]["headers"]["x-of"], "the host");
    let said = |edit: &dyn Fn(&mut Value)| {
        let mut document = original.clone();
        edit(&mut document["cases"][0]);
        let verification = again(&document, &suite);
        (verification.cases[0].standing, verification.cases[0].why.join("; "))
    };
    assert_eq!(said(&|_| {}), (Standing::Confirmed, String::new()));
    let differs = |edit: &dyn Fn(&mut Value), with: &str| {
        let (standing, why) = said(edit);
        assert_eq!(standing, Standing::Differs, "{why}");
        assert!(why.contains(with), "{why}");
    };
    differs(&|case| case["sightings"][0]["count"] = json!(2), "expected 1, got 2");
    differs(&|case| case["sightings"][1]["count"] = json!(1), "expected 0, got 1");
    let last = |member: &'static str, value: Value| {
        move |case: &mut Value| {
            *case["sightings"][0]["last"].pointer_mut(member).unwrap() = value.clone();
        }
    };
    differs(&last("/headers/x-of", json!("another")), "outbound header X-Of");
    differs(&last("/path", json!("/echo")), "outbound path");
    differs(&|case| drop(case["sightings"].as_array_mut().unwrap().remove(0)), "is not recorded");
    // What is not kept, because it is too large, says nothing.
    let (standing, why) =
        said(&|case| drop(case["sightings"][0].as_object_mut().unwrap().remove("last")));
    assert_eq!((standing, why.contains("too large")), (Standing::InPart, true), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn answers_of_requests_at_once_are_judged_again_as_they_came() {
    let (report, suite) = looked().await;
    let original = serde_json::to_value(&report).unwrap();
    let exchanges = original["cases"][0]["exchanges"].as_array().unwrap();
    let mut at_once: Vec<usize> = (0..exchanges.len())
        .filter(|at| exchanges[*at]["step"].as_str().unwrap().starts_with("4."))
        .collect();
    at_once.sort_by_key(|at| exchanges[*at]["ended_us"].as_u64());
    let [first, _, last] = at_once[..] else { panic!("{exchanges:#?}") };
    let why = |edit: &dyn Fn(&mut Value)| {
        let mut document = original.clone();
        edit(&mut document["cases"][0]["exchanges"]);
        let verification = again(&document, &suite);
        assert_eq!(
            verification.cases[0].standing,
            Standing::Differs,
            "{:?}",
            verification.cases[0].why
        );
        verification.cases[0].why.join("; ")
    };
    // The first two are judged by their status, the last one by its body.
    let refused = why(&|exchanges| exchanges[first]["response"]["status"] = json!(500));
    assert_eq!(refused, "step 5. join: status: expected 200, got 500");
    let other = why(&|exchanges| {
        exchanges[last]["response"]["body"]["text"] = json!("{\"status\":\"no\"}");
    });
    assert!(other.starts_with("step 6. join: json /status"), "{other}");
    let late = why(&|exchanges| {
        exchanges[first]["ended_us"] = json!(u64::MAX);
        exchanges[first]["response"]["body"]["text"] = json!("{\"status\":\"no\"}");
    });
    assert!(late.starts_with("step 6. join: json /status"), "{late}");
    let fewer = why(&|exchanges| {
        for at in &at_once[1..] {
            exchanges[*at]["step"] = json!("1. request");
        }
    });
    assert_eq!(fewer, "step 5. join: its exchange is not recorded");
}
