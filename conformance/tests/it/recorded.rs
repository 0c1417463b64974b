//! Reports that are read back: what a run wrote comes back whole, and what was damaged is told.

use hostproof::report::{Recorded, Report};
use serde_json::{Value, json};

use crate::hosts::{reply, start};
use crate::support::{run, suite, target, zero_fixture};

const OK: &str = r#"{"status":"ok"}"#;
const HEALTHY: &str = "{ status = 200, json = { \"/status\" = \"ok\" } }";

/// The report of a run with a pass, a failure and a case that does not apply.
pub(crate) async fn some_report() -> Report {
    let host = start(|head, _| {
        let status = if head.uri.path() == "/bad" { 500 } else { 200 };
        reply(status, "application/json", OK)
    })
    .await;
    let cases = [
        zero_fixture("c-0001", "/x", HEALTHY, ""),
        zero_fixture("c-0002", "/bad", HEALTHY, ""),
        zero_fixture("c-0003", "/x", HEALTHY, "features = [\"metrics\"]"),
    ];
    run(&suite(&cases.concat()), &target(&host.url())).await
}

fn problems(document: &Value) -> Vec<String> {
    Recorded::parse("report.json", &document.to_string()).unwrap().problems
}

#[tokio::test]
async fn what_a_run_wrote_comes_back_whole() {
    let text = some_report().await.to_json().unwrap();
    let read = Recorded::parse("report.json", &text).unwrap();
    assert_eq!(read.problems, Vec::<String>::new());
    assert_eq!(read.report.to_json().unwrap(), text);
}

#[tokio::test]
async fn a_report_that_is_none_is_refused_with_the_place() {
    let text = some_report().await.to_json().unwrap();
    let error = |text: &str| Recorded::parse("some/report.json", text).unwrap_err().to_string();
    assert_eq!(error(&text[..text.len() / 2]), "some/report.json: no JSON, or only a part of it");
    let edited = |edit: fn(&mut Value)| {
        let mut document: Value = serde_json::from_str(&text).unwrap();
        edit(&mut document);
        error(&document.to_string())
    };
    assert_eq!(
        edited(|d| d["header"]["format"] = json!("hostproof-report/1")),
        "some/report.json: the format is `hostproof-report/1`; this program reads `hostproof-report/3`"
    );
    let unknown = edited(|d| d["cases"][1]["exchanges"][0]["surprise"] = json!(1));
    assert!(
        unknown.starts_with("some/report.json: at `cases[1].exchanges[0].surprise`: unknown field"),
        "{unknown}"
    );
    let verdict = edited(|d| d["cases"][0]["verdict"] = json!("fine"));
    assert_eq!(verdict, "some/report.json: at `cases[0].verdict`: unknown verdict `fine`");
    let footer = edited(|d| drop(d.as_object_mut().unwrap().remove("footer")));
    assert!(footer.contains("missing field `footer`"), "{footer}");
}

#[tokio::test]
async fn a_report_that_contradicts_itself_is_told_from_one_that_does_not() {
    let text = some_report().await.to_json().unwrap();
    let edited = |edit: fn(&mut Value)| {
        let mut document: Value = serde_json::from_str(&text).unwrap();
        edit(&mut document);
        problems(&document)
    };
    let digest = "footer: the digest is that of another document";
    assert_eq!(edited(|d| d["cases"][0]["title"] = json!("Another")), [digest]);
    let counts = edited(|d| d["footer"]["counts"]["pass"] = json!(2));
    assert_eq!(counts, ["footer: the counts are not those of the cases", digest]);
    let removed = edited(|d| drop(d["cases"].as_array_mut().unwrap().remove(1)));
    assert!(removed.contains(&"footer: the counts are not those of the cases".to_owned()));
    let hollow = edited(|d| d["cases"][0]["facts"] = json!([]));
    assert_eq!(hollow, ["c-0001: it passed without a fact", digest]);
    let beyond = edited(|d| d["cases"][1]["failure"]["exchange"] = json!(7));
    assert!(beyond[0].starts_with("c-0002: it speaks of an exchange"), "{beyond:?}");
    let complete = edited(|d| d["footer"]["complete"] = json!(false));
    assert_eq!(complete[0], "footer: `complete` and `stopped` contradict each other");
}

#[tokio::test]
async fn a_damaged_file_is_not_read_as_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let report = some_report().await;
    std::fs::write(&file, report.to_json().unwrap()).unwrap();
    assert_eq!(Report::read(&file).unwrap().cases.len(), 3);
    std::fs::write(&file, report.to_json().unwrap().replace("A case", "A CASE")).unwrap();
    let error = Report::read(&file).unwrap_err().to_string();
    assert!(error.contains("contradicts itself"), "{error}");
    let missing = Report::read(&folder.path().join("none.json")).unwrap_err().to_string();
    assert!(missing.ends_with("none.json"), "{missing}");
}
