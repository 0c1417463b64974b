//! `hostproof doctor`: what it finds of hosts that are there, and of one that is not.

use serde_json::Value;

use crate::command::{hostproof, stderr, stdout};
use crate::hosts::dead_url;
use crate::minimal_host::Minimal;

/// What doctor says of a host with these lines in its target file, with its exit code.
async fn doctor(url: &str, more: &str) -> (Value, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[host]\nname = \"test\"\nurl = \"{url}\"\n{more}");
    std::fs::write(folder.path().join("t.toml"), text).unwrap();
    let output = hostproof(folder.path(), &["doctor", "--target", "t.toml", "--json"]).await;
    let said = serde_json::from_str(&stdout(&output));
    (said.unwrap_or_else(|_| panic!("{}", stderr(&output))), output.status.code())
}

/// Whether a finding is good, and its text.
fn finding(said: &Value, what: &str) -> (bool, String) {
    let findings = said["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["what"] == what);
    let finding = finding.unwrap_or_else(|| panic!("nothing is said of {what}: {said}"));
    (finding["ok"].as_bool().unwrap(), finding["text"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_host_that_answers_is_well_and_the_cases_that_apply_are_counted() {
    let host = Minimal::start(None);
    let (said, code) = doctor(&host.url, "").await;
    assert_eq!(code, Some(0), "{said}");
    let (ok, text) = finding(&said, "host");
    assert!(ok && text.contains("answers 200"), "{text}");
    assert_eq!(said["findings"].as_array().unwrap().len(), 1, "what is not claimed is not tried");
    let counts = said["cases"].as_object().unwrap();
    assert!(counts["sandbox zero-fixture"][0].as_u64().unwrap() > 0, "{said}");
    assert_eq!(counts["sandbox driven"][0], 0, "{said}");
}

#[tokio::test]
async fn a_host_without_sign_in_fails_as_administrator_and_outbound_says_why_it_was_not_tried() {
    let host = Minimal::start(None);
    let more = "owned = true\n[claims]\nfeatures = [\"catalog\", \"outbound\"]\n\
        [admin]\nusername = \"a\"\npassword = \"p\"\n\
        [catalog]\nlisten = \"127.0.0.1:0\"\nurl = \"http://127.0.0.1:1\"\n\
        [outbound]\nlisten = \"127.0.0.1:0\"\nca_file = \"ca.pem\"\nallowed_host = \"a.test\"\nother_host = \"b.test\"\n\
        untrusted_host = \"c.test\"\nexpired_host = \"d.test\"\nmisnamed_host = \"e.test\"\n";
    let (said, code) = doctor(&host.url, more).await;
    assert_eq!(code, Some(4), "{said}");
    assert!(finding(&said, "host").0, "{said}");
    let (ok, text) = finding(&said, "administrator");
    assert!(!ok && text.contains("login of a answered"), "{text}");
    let (ok, text) = finding(&said, "outbound");
    assert!(ok && text.contains("plugins were not tried"), "{text}");
}

#[tokio::test]
async fn a_dead_port_is_said_to_be_one() {
    let (said, code) = doctor(&dead_url().await, "").await;
    assert_eq!(code, Some(4), "{said}");
    let (ok, text) = finding(&said, "host");
    assert!(!ok && text.to_lowercase().contains("connect"), "{text}");
}
