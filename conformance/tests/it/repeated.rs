//! Runs that are repeated: the same seed and run id make the same requests in the same order, and a report
//! says what to type.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::command::{folder, hostproof, stdout};
use crate::hosts::{Host, reply, start};
use crate::support::zero_fixture;

/// A host that writes down what it is asked.
async fn listener() -> (Host, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    let host = start(move |head, _| {
        heard.lock().unwrap().push(head.uri.to_string());
        reply(404, "application/json", r#"{"status":"ok"}"#)
    })
    .await;
    (host, asked)
}

/// Cases whose requests hold a text that is made up.
fn cases() -> String {
    (1..=8)
        .map(|number| {
            let path = format!("/{number}/{{token}}");
            let case = zero_fixture(&format!("c-000{number}"), &path, "{ status = 200 }", "");
            if number == 1 { case.replace("s-aaaa", "s-bbbb") } else { case }
        })
        .collect()
}

/// What a host is asked by a run with these arguments, and the report of it.
async fn asked(args: &[&str]) -> (Vec<String>, Value) {
    let (host, asked) = listener().await;
    let folder = folder(&cases());
    let url = host.url();
    let run = [&["run", "--root", ".", "--url", &url, "--json"], args].concat();
    let report = serde_json::from_str(&stdout(&hostproof(folder.path(), &run).await)).unwrap();
    let asked = asked.lock().unwrap().clone();
    (asked.into_iter().filter(|path| !path.contains("healthz")).collect(), report)
}

/// Without what is made up.
fn order(asked: &[String]) -> Vec<&str> {
    asked.iter().map(|path| path.split('/').nth(1).unwrap()).collect()
}

#[tokio::test]
async fn seed_and_run_id_make_the_same_requests_and_the_seed_alone_the_same_order() {
    let (first, report) = asked(&["--seed", "7", "--run", "ab23"]).await;
    assert_eq!(report["header"]["run"], "ab23");
    let (again, _) = asked(&["--seed", "7", "--run", "ab23"]).await;
    assert_eq!(first, again);
    let (fresh, report) = asked(&["--seed", "7"]).await;
    assert_ne!(report["header"]["run"], "ab23");
    assert_eq!(order(&fresh), order(&first));
    assert_ne!(fresh, first, "what is made up is new in another run");
    let (other, _) = asked(&["--seed", "8", "--run", "ab23"]).await;
    assert_ne!(order(&other), order(&first));
}

#[tokio::test]
async fn a_report_says_how_to_repeat_the_run_and_each_failing_case() {
    let (host, _) = listener().await;
    let (folder, url) = (folder(&cases()), host.url());
    let run = ["run", "--root", ".", "--url", &url, "--seed", "7", "--filter", "things/*"];
    let run = hostproof(folder.path(), &run).await;
    assert_eq!(run.status.code(), Some(1));
    let said = stdout(&run);
    let whole = format!("hostproof run --root . --url {url} --filter 'things/*' --seed 7");
    assert!(said.contains(&format!("the same again: {whole}\n")), "{said}");
    let alone = format!("hostproof run --root . --url {url} --filter c-0003");
    assert!(said.contains(&format!("alone:    {alone}\n")), "{said}");
    let page = std::fs::read_to_string(folder.path().join("hostproof-report/report.html")).unwrap();
    assert!(page.contains(&format!("--url {url} --filter\"")), "the page has it as data");
    // What it says can be typed.
    let words: Vec<&str> = alone.split(' ').skip(1).chain(["--json"]).collect();
    let report: Value =
        serde_json::from_str(&stdout(&hostproof(folder.path(), &words).await)).unwrap();
    let cases = report["cases"].as_array().unwrap();
    assert_eq!((cases.len(), &cases[0]["id"]), (1, &"c-0003".into()));
}
