//! The program `golden`, from an empty folder on.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::folder::{Folder, Guest, NOTES};

fn golden(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_golden"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("CI")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(both).unwrap()
}

#[track_caller]
fn ends(output: &Output, code: i32) -> String {
    let said = said(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

#[test]
fn from_a_folder_without_scenarios_to_a_pass() {
    let folder = Folder::new(&Guest::default());
    let said = ends(&golden(folder.path(), &["test"]), 2);
    assert!(said.contains("there are no scenarios; `golden init .` writes a first one"), "{said}");
    ends(&golden(folder.path(), &["init"]), 0);
    let said = ends(&golden(folder.path(), &["init"]), 2);
    assert!(said.contains("exists"), "{said}");
    let said = ends(&golden(folder.path(), &["test"]), 1);
    assert!(said.contains("nothing is recorded for this scenario"), "{said}");
    folder.write("golden/cassettes/first.toml", NOTES);
    let said = ends(&golden(folder.path(), &["test"]), 1);
    assert!(said.contains("1 snapshot(s) wait: `golden review .`"), "{said}");
    let said = ends(&golden(folder.path(), &["accept"]), 0);
    assert_eq!(said, "accepted first\n");
    let said = ends(&golden(folder.path(), &["test"]), 0);
    assert!(said.contains("1/1 scenarios passed"), "{said}");
    assert_eq!(ends(&golden(folder.path(), &["accept"]), 0), "nothing waits\n");
    ends(&golden(folder.path(), &["test", "golden/first.toml"]), 0);
    ends(&golden(folder.path(), &["test", "--deny-unused"]), 1);
}

#[test]
fn a_difference_waits_and_can_be_rejected() {
    let folder = Folder::new(&Guest::default());
    folder.write("golden/notes.toml", "[[steps]]\nrequest = \"GET /notes\"\n");
    folder.write("golden/cassettes/notes.toml", NOTES);
    ends(&golden(folder.path(), &["test", "--accept"]), 0);
    folder.build(&Guest { status: 204, ..Guest::default() });
    let pending = folder.path().join("golden/snapshots/notes.snap.new");
    let said = ends(&golden(folder.path(), &["test", "--no-write"]), 1);
    assert!(said.contains("+-> 204"), "{said}");
    assert!(!pending.exists());
    ends(&golden(folder.path(), &["test"]), 1);
    assert!(pending.exists());
    // Nobody answers the question: nothing is decided.
    let said = ends(&golden(folder.path(), &["review"]), 1);
    assert!(said.contains("+-> 204") && said.contains("[a]ccept"), "{said}");
    assert!(pending.exists());
    ends(&golden(folder.path(), &["reject"]), 0);
    assert!(!pending.exists());
    folder.build(&Guest::default());
    ends(&golden(folder.path(), &["test"]), 0);
}

#[test]
fn reports_for_programs() {
    let folder = Folder::new(&Guest::default());
    folder.write("golden/notes.toml", "[[steps]]\nrequest = \"GET /notes\"\n");
    folder.write("golden/cassettes/notes.toml", NOTES);
    folder.write("golden/wrong.toml", "[[steps]]\nrequets = \"GET /notes\"\n");
    let output = golden(folder.path(), &["test", "--json", "--junit", "junit.xml", "--no-write"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let verdicts: Vec<_> =
        report[0]["scenarios"].as_array().unwrap().iter().map(|it| &it["verdict"]).collect();
    assert_eq!(verdicts, ["new", "broken"]);
    let junit = std::fs::read_to_string(folder.path().join("junit.xml")).unwrap();
    let counts = r#"tests="2" skipped="0" failures="1" errors="1""#;
    assert!(junit.contains(counts), "{junit}");
    assert!(junit.contains("there is no accepted snapshot yet"), "{junit}");
    assert!(junit.contains("did you mean `request`?"), "{junit}");
}

#[test]
fn without_a_postgres_nothing_is_recorded() {
    let folder = Folder::new(&Guest::default());
    folder.write("golden/notes.toml", "[[steps]]\nrequest = \"GET /notes\"\n");
    let output = Command::new(env!("CARGO_BIN_EXE_golden"))
        .arg("record")
        .current_dir(folder.path())
        // Nobody listens there.
        .env(services::DATABASE_URL_VARIABLE, "postgres://nobody@127.0.0.1:1/none")
        .output()
        .unwrap();
    let said = ends(&output, 4);
    assert!(said.contains("a recording takes a Postgres"), "{said}");
    assert!(!folder.path().join("golden/cassettes").exists());
}

#[test]
fn what_cannot_be_used_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let said = ends(&golden(folder.path(), &["test"]), 2);
    assert!(said.contains("there is no plugin.json here"), "{said}");
    std::fs::write(folder.path().join("plugin.json"), "{}").unwrap();
    let said = ends(&golden(folder.path(), &["test"]), 2);
    assert!(said.contains("a host would refuse this manifest"), "{said}");
    assert!(said.contains("'id' is required"), "{said}");
    let manifest = r#"{"id": "com.example.notes", "version": "1.0.0"}"#;
    std::fs::write(folder.path().join("plugin.json"), manifest).unwrap();
    let said = ends(&golden(folder.path(), &["test"]), 2);
    assert!(said.contains("build the plugin to plugin.wasm"), "{said}");
    std::fs::write(folder.path().join("plugin.wasm"), "not wasm").unwrap();
    std::fs::create_dir(folder.path().join("golden")).unwrap();
    std::fs::write(folder.path().join("golden/a.toml"), "").unwrap();
    let said = ends(&golden(folder.path(), &["test"]), 2);
    assert!(said.contains("the module does not compile"), "{said}");
    let said = ends(&golden(folder.path(), &["test", "--filter", "b"]), 2);
    assert!(said.contains("no scenario's name contains b; there are: a"), "{said}");
    let said = ends(&golden(folder.path(), &["test", "--deny-regressions", "much"]), 2);
    assert!(said.contains("no percentage"), "{said}");
}
