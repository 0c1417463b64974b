//! The binary: exit codes, files, what goes to stdout.

use std::path::Path;
use std::process::{Command, Output};

use crate::hosts::{dead_url, reply, start};
use crate::support::{sources, zero_fixture};

const OK: &str = r#"{"status":"ok"}"#;
const HEALTHY: &str = "{ status = 200, json = { \"/status\" = \"ok\" } }";

/// A folder with a small suite, so that these tests are about the command and not about a host.
pub(crate) fn folder(cases: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sources = sources(cases);
    for file in sources.chapters.iter().chain(&sources.lock).chain(&sources.cases) {
        let path = folder.path().join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.text).unwrap();
    }
    folder
}

pub(crate) fn both() -> String {
    zero_fixture("c-0001", "/x", HEALTHY, "")
        + &zero_fixture("c-0002", "/y", HEALTHY, "").replace("s-aaaa", "s-bbbb")
}

pub(crate) async fn hostproof(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hostproof"));
    command.args(args).current_dir(folder).env_remove("HOSTPROOF_ADMIN_PASSWORD");
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test]
async fn a_url_alone_is_enough_for_zero_fixture_cases() {
    let host = start(|_, _| reply(200, "application/json", OK)).await;
    let folder = folder(&both());
    let run = hostproof(folder.path(), &["run", "--root", ".", "--url", &host.url()]).await;
    assert_eq!(run.status.code(), Some(0), "{}", stderr(&run));
    assert!(stdout(&run).contains("2/2 applicable cases passed"), "{}", stdout(&run));
    for view in [
        "report.json",
        "report.html",
        "junit.xml",
        "report.sarif",
        "report.md",
        "report.tap",
        "badge.json",
        "badge.svg",
    ] {
        assert!(folder.path().join("hostproof-report").join(view).exists(), "{view}");
    }
    assert!(stdout(&run).contains("report: hostproof-report/report.html"), "{}", stdout(&run));
}

#[tokio::test]
async fn views_are_made_of_a_recorded_report_as_they_were_of_the_run() {
    let host = start(|_, _| reply(200, "application/json", OK)).await;
    let folder = folder(&both());
    let run = ["run", "--root", ".", "--url", &host.url(), "--report", "json", "--report", "tap"];
    assert_eq!(hostproof(folder.path(), &run).await.status.code(), Some(0));
    let out = folder.path().join("hostproof-report");
    assert!(!out.join("report.html").exists(), "only what was asked for is written");
    let tap = std::fs::read_to_string(out.join("report.tap")).unwrap();

    let json = "hostproof-report/report.json";
    let again = hostproof(folder.path(), &["report", json, "--out", "views"]).await;
    assert_eq!(again.status.code(), Some(0), "{}", stderr(&again));
    assert!(stdout(&again).starts_with("report: views/report.html; beside it report.json, "));
    assert_eq!(std::fs::read_to_string(folder.path().join("views/report.tap")).unwrap(), tap);
    let printed = ["report", json, "--format", "tap", "--stdout"];
    assert_eq!(stdout(&hostproof(folder.path(), &printed).await), tap);
    // Which view?
    assert_eq!(
        hostproof(folder.path(), &["report", json, "--stdout"]).await.status.code(),
        Some(2)
    );
    // Half a report is none.
    let text = std::fs::read_to_string(folder.path().join(json)).unwrap();
    std::fs::write(folder.path().join("half.json"), &text[..text.len() / 2]).unwrap();
    let half = hostproof(folder.path(), &["report", "half.json"]).await;
    assert_eq!(half.status.code(), Some(2));
    assert!(stderr(&half).contains("half.json"), "{}", stderr(&half));
}

#[tokio::test]
async fn the_specification_is_written_as_pages_with_verdicts_in_the_margin() {
    let host = start(|_, _| reply(200, "application/json", OK)).await;
    let folder = folder(&both());
    let run = ["run", "--root", ".", "--url", &host.url(), "--filter", "c-0001"];
    assert_eq!(hostproof(folder.path(), &run).await.status.code(), Some(0));
    let spec =
        ["spec", "--root", ".", "--report", "hostproof-report/report.json", "--out", "spec-pages"];
    let spec = hostproof(folder.path(), &spec).await;
    assert_eq!(stdout(&spec), "spec-pages/index.html\n", "{}", stderr(&spec));
    let page = std::fs::read_to_string(folder.path().join("spec-pages/things.html")).unwrap();
    assert!(page.contains("<a href=\"report.html#c-0001\">"), "{page}");
    assert!(page.contains("1 not in the report"), "{page}");
    assert!(folder.path().join("spec-pages/report.html").exists());
    let missing =
        hostproof(folder.path(), &["spec", "--root", ".", "--mutants", "none.json"]).await;
    assert_eq!(missing.status.code(), Some(2));
}

#[tokio::test]
async fn the_exit_code_tells_what_happened() {
    let folder = folder(&both());
    let broken = start(|head, _| {
        reply(if head.uri.path() == "/y" { 500 } else { 200 }, "application/json", OK)
    })
    .await;
    let code = async |args: &[&str]| hostproof(folder.path(), args).await.status.code().unwrap();
    assert_eq!(code(&["run", "--root", ".", "--url", &broken.url()]).await, 1);
    assert_eq!(code(&["run", "--root", ".", "--url", &dead_url().await]).await, 4);
    assert_eq!(code(&["run", "--root", "."]).await, 2);
    assert_eq!(
        code(&["run", "--root", ".", "--url", &broken.url(), "--filter", "nothing-*"]).await,
        2
    );
    assert_eq!(code(&["run", "--root", ".", "--target", "missing.toml"]).await, 2);
    assert_eq!(code(&["run", "--tier", "zero"]).await, 2);
    assert_eq!(code(&["--help"]).await, 0);
    // One sentence less guarded, and no verdict is given at all.
    let cases = folder.path().join("cases/things/a.toml");
    std::fs::write(cases, zero_fixture("c-0001", "/x", HEALTHY, "")).unwrap();
    assert_eq!(code(&["run", "--root", ".", "--url", &broken.url()]).await, 3);
}

#[tokio::test]
async fn filters_select_by_slug_id_and_sentence_and_json_is_all_that_stdout_holds() {
    let host = start(|_, _| reply(200, "application/json", OK)).await;
    let folder = folder(&both());
    for filter in ["things/c-0002", "c-0002", "s-bbbb", "*-0002"] {
        let args = [
            "run",
            "--root",
            ".",
            "--url",
            &host.url(),
            "--filter",
            filter,
            "--json",
            "--seed",
            "5",
        ];
        let run = hostproof(folder.path(), &args).await;
        let report: serde_json::Value = serde_json::from_str(&stdout(&run)).unwrap();
        assert_eq!(report["cases"].as_array().unwrap().len(), 1);
        assert_eq!(report["cases"][0]["id"], "c-0002");
        assert_eq!(report["header"]["seed"], 5);
    }
}

#[tokio::test]
async fn list_and_ledger_print_what_there_is() {
    let folder = folder(&both());
    let list = hostproof(folder.path(), &["list", "--root", ".", "--json"]).await;
    let list: serde_json::Value = serde_json::from_str(&stdout(&list)).unwrap();
    assert_eq!(list[1]["cites"][0], "s-bbbb");
    let ledger = hostproof(folder.path(), &["ledger", "--root", "."]).await;
    assert_eq!(ledger.status.code(), Some(0));
    assert!(stdout(&ledger).contains("MUST: 2 sentences, 2 with cases"), "{}", stdout(&ledger));
}

#[tokio::test]
async fn bless_locks_a_changed_text_and_keeps_reasons() {
    let folder = folder(&zero_fixture("c-0001", "/x", HEALTHY, ""));
    let lock = folder.path().join("spec/ledger.toml");
    let reason = std::fs::read_to_string(&lock).unwrap() + "uncased = \"why\"\n";
    std::fs::write(&lock, reason).unwrap();
    let chapter = folder.path().join("spec/things.md");
    let text = std::fs::read_to_string(&chapter).unwrap().replace("healthy", "quite healthy");
    std::fs::write(&chapter, text).unwrap();
    assert_eq!(hostproof(folder.path(), &["ledger", "--root", "."]).await.status.code(), Some(3));
    let bless = hostproof(folder.path(), &["ledger", "--root", ".", "--bless"]).await;
    assert!(stderr(&bless).contains("relocked s-aaaa"), "{}", stderr(&bless));
    assert_eq!(hostproof(folder.path(), &["ledger", "--root", "."]).await.status.code(), Some(0));
    assert!(std::fs::read_to_string(&lock).unwrap().contains("uncased = \"why\""));
}

#[tokio::test]
async fn init_writes_once_and_asks_nothing_without_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let args =
        ["init", "t.toml", "--url", "http://127.0.0.1:1", "--owned", "--admin-username", "a"];
    assert_eq!(hostproof(folder.path(), &args).await.status.code(), Some(0));
    assert_eq!(hostproof(folder.path(), &args).await.status.code(), Some(2));
    let missing = hostproof(folder.path(), &["init", "u.toml"]).await;
    assert_eq!(missing.status.code(), Some(2));
    assert!(stderr(&missing).contains("--url is needed"), "{}", stderr(&missing));
}

#[cfg(unix)]
#[tokio::test]
async fn an_interrupt_ends_the_run_with_a_partial_report() {
    let (asked, mut wait) = tokio::sync::mpsc::unbounded_channel();
    let host = start(move |head, _| {
        if head.uri.path() == "/y" {
            let _ = asked.send(());
            return None;
        }
        reply(200, "application/json", OK)
    })
    .await;
    let folder = folder(&both().replace("\"2s\"", "\"60s\""));
    let mut child = Command::new(env!("CARGO_BIN_EXE_hostproof"))
        .args(["run", "--root", ".", "--url", &host.url(), "--seed", "1"])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // The case is under way once the host was asked.
    wait.recv().await.unwrap();
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let status = tokio::task::spawn_blocking(move || child.wait().unwrap()).await.unwrap();
    assert_eq!(status.code(), Some(4));
    let report =
        std::fs::read_to_string(folder.path().join("hostproof-report/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["footer"]["complete"], false);
    assert_eq!(report["footer"]["stopped"], "the run was interrupted");
}

#[tokio::test]
async fn ca_makes_an_authority_once_and_refuses_names_it_does_not_vouch_for() {
    let folder = tempfile::tempdir().unwrap();
    let made = hostproof(folder.path(), &["ca", "ca.pem", "--host", "127.0.0.1"]).await;
    assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
    assert!(stdout(&made).contains("BEGIN CERTIFICATE"), "{}", stdout(&made));
    let again = hostproof(folder.path(), &["ca", "ca.pem", "--host", "127.0.0.1", "--json"]).await;
    let again: serde_json::Value = serde_json::from_str(&stdout(&again)).unwrap();
    assert_eq!((&again[0]["made"], &again[0]["hosts"][0]), (&false.into(), &"127.0.0.1".into()));
    assert!(stdout(&made).contains(again[0]["sha256"].as_str().unwrap()), "{}", stdout(&made));

    let names = ["ca", "names.pem", "--host", "c.test", "--host", "d.test"];
    assert_eq!(hostproof(folder.path(), &names).await.status.code(), Some(0));
    // A constraint says nothing of kinds of names that it does not mention.
    for (file, other) in [
        ("ca.pem", "c.test"),
        ("ca.pem", "127.0.0.2"),
        ("ca.pem", "::1"),
        ("names.pem", "e.test"),
        ("names.pem", "127.0.0.1"),
        ("names.pem", "::1"),
    ] {
        let refused = hostproof(folder.path(), &["ca", file, "--host", other]).await;
        assert_eq!(refused.status.code(), Some(2), "{file} {other}: {}", stdout(&refused));
        let says = stderr(&refused);
        assert!(says.contains(&format!("{file} does not vouch for {other}")), "{says}");
    }

    std::fs::write(folder.path().join("ca.pem"), "no certificate").unwrap();
    let broken = hostproof(folder.path(), &["ca", "ca.pem", "--host", "127.0.0.1"]).await;
    assert_eq!(broken.status.code(), Some(2), "{}", stdout(&broken));
    assert!(stderr(&broken).contains("ca.pem holds no certificate"), "{}", stderr(&broken));
}
