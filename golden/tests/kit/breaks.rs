//! A plugin that passes is changed in one way, and the report names it.

use golden::report::{ScenarioReport, Verdict};

use crate::folder::{Folder, Guest};

async fn after(change: impl FnOnce(&mut Folder)) -> ScenarioReport {
    let mut folder = Folder::accepted(&Guest::default()).await;
    assert_eq!(folder.scenario().await.verdict, Verdict::Passed);
    change(&mut folder);
    folder.scenario().await
}

fn difference(report: &ScenarioReport) -> &str {
    assert_eq!(report.verdict, Verdict::Failed);
    report.difference.as_deref().unwrap_or_default()
}

fn failures(report: &ScenarioReport) -> String {
    report.failures.iter().map(|failure| failure.message.clone() + "\n").collect()
}

#[tokio::test]
async fn nothing_changed_is_a_pass() {
    let report = after(|_| {}).await;
    assert_eq!(report.verdict, Verdict::Passed);
    assert!(report.failures.is_empty() && report.difference.is_none());
}

#[tokio::test]
async fn a_changed_statement_is_shown_beside_the_recorded_one() {
    let guest = Guest { sql: "SELECT titel FROM notes", ..Guest::default() };
    let report = after(|folder| folder.build(&guest)).await;
    let failures = failures(&report);
    assert!(failures.contains("no answer is recorded for this statement"), "{failures}");
    assert!(failures.contains("- SELECT title FROM notes"), "{failures}");
    assert!(failures.contains("+ SELECT titel FROM notes"), "{failures}");
    assert_eq!(report.failures[0].line, Some(1));
    let difference = difference(&report);
    assert!(difference.contains("-     sql: SELECT title FROM notes"), "{difference}");
}

#[tokio::test]
async fn a_further_host_call_is_a_difference() {
    let guest = Guest { emits: "notes.read", ..Guest::default() };
    let report = after(|folder| folder.build(&guest)).await;
    let difference = difference(&report);
    assert!(difference.contains("+  2. event_emit\n+     topic: notes.read\n"), "{difference}");
    assert!(report.failures.is_empty(), "{}", failures(&report));
}

#[tokio::test]
async fn another_status_is_a_difference() {
    let guest = Guest { status: 418, ..Guest::default() };
    let report = after(|folder| folder.build(&guest)).await;
    let difference = difference(&report);
    assert!(difference.contains("--> 200\n+-> 418\n"), "{difference}");
}

#[tokio::test]
async fn a_call_without_its_grant_is_refused_and_fails() {
    let guest = Guest { emits: "notes.read", ..Guest::default() };
    let mut folder = Folder::accepted(&guest).await;
    folder.manifest["permissions"] = serde_json::json!(["db:read:plugin_data"]);
    folder.write_manifest();
    let report = folder.scenario().await;
    let failures = failures(&report);
    let lacks = "event_emit is refused, as a host refuses it: the manifest's permissions lack 'events:emit'";
    assert!(failures.contains(lacks), "{failures}");
    let difference = difference(&report);
    assert!(difference.contains("-     -> done\n+     -> refused\n"), "{difference}");
}

#[tokio::test]
async fn a_refusal_may_be_what_the_scenario_is_about() {
    let guest = Guest { emits: "notes.read", ..Guest::default() };
    let mut folder = Folder::new(&guest);
    folder.manifest["permissions"] = serde_json::json!(["db:read:plugin_data"]);
    folder.write_manifest();
    folder.write("golden/cassettes/notes.toml", crate::folder::NOTES);
    folder.write(
        "golden/notes.toml",
        "[[steps]]\nrequest = \"GET /notes\"\nrefused = [\"event_emit\"]\n",
    );
    assert_eq!(folder.scenario().await.verdict, Verdict::New);
    folder.manifest["permissions"] = serde_json::json!(["events:emit", "db:read:plugin_data"]);
    folder.write_manifest();
    let failures = failures(&folder.scenario().await);
    assert!(failures.contains("expected a refused call of event_emit, and there is none"));
}

#[tokio::test]
async fn a_core_table_that_is_no_longer_granted_is_refused_whatever_was_recorded() {
    let guest = Guest { sql: "SELECT title FROM tasks", ..Guest::default() };
    let mut folder = Folder::new(&guest);
    folder.manifest["permissions"] = serde_json::json!(["db:read:tasks"]);
    folder.write_manifest();
    folder.write("golden/cassettes/notes.toml", &crate::folder::NOTES.replace("notes", "tasks"));
    folder.write("golden/notes.toml", "[[steps]]\nrequest = \"GET /notes\"\n");
    assert_eq!(folder.scenario().await.verdict, Verdict::New);
    folder.manifest["permissions"] = serde_json::json!(["db:read:users"]);
    folder.write_manifest();
    let report = folder.scenario().await;
    let failures = failures(&report);
    assert!(failures.contains("the manifest's permissions lack 'db:read:tasks'"), "{failures}");
}

#[tokio::test]
async fn asking_twice_what_was_recorded_once_fails() {
    let guest = Guest {
        code: "(call $db_query2 (i64.const 1024) (i64.const 23) (i64.const 0) (i64.const 0)
                 (i64.const 0) (i64.const 4) (i64.const 16) (i64.const 20))"
            .to_owned(),
        ..Guest::default()
    };
    let report = after(|folder| folder.build(&guest)).await;
    let failures = failures(&report);
    assert!(failures.contains("asks the same for the second time"), "{failures}");
}

#[tokio::test]
async fn an_answer_nobody_asks_for_is_counted() {
    let guest = Guest { sql: "", ..Guest::default() };
    let report = after(|folder| folder.build(&guest)).await;
    assert_eq!(report.unplayed_answers, 1);
    assert!(difference(&report).contains("-  1. db_query2"));
}

#[tokio::test]
async fn a_trap_fails_unless_it_is_expected() {
    let guest = Guest { code: "(unreachable)".to_owned(), ..Guest::default() };
    let folder = Folder::accepted(&Guest::default()).await;
    folder.build(&guest);
    let report = folder.scenario().await;
    let text = failures(&report);
    assert!(text.contains("the call failed: the guest trapped"), "{text}");
    assert!(text.contains("backtrace"), "{text}");
    let scenario = |fault| format!("[[steps]]\nrequest = \"GET /notes\"\nfault = \"{fault}\"\n");
    folder.write("golden/notes.toml", &scenario("trap"));
    assert!(folder.scenario().await.failures.is_empty());
    folder.write("golden/notes.toml", &scenario("timeout"));
    let text = failures(&folder.scenario().await);
    assert!(text.contains("expected the fault PLUGIN_TIMEOUT, and it is another"), "{text}");
}
