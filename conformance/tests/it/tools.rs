//! Commands beside a run: explain, merge, completions, man.

use serde_json::Value;

use crate::command::{both, folder, hostproof, stderr, stdout};
use crate::hosts::{reply, start};

const OK: &str = r#"{"status":"ok"}"#;

#[tokio::test]
async fn explain_tells_of_a_case_a_sentence_and_what_happened_and_refuses_what_is_neither() {
    let host = start(|_, _| reply(500, "application/json", OK)).await;
    let folder = folder(&both());
    let run = ["run", "--root", ".", "--url", &host.url(), "--filter", "c-0001"];
    assert_eq!(hostproof(folder.path(), &run).await.status.code(), Some(1));
    let explain = async |args: &[&str]| {
        hostproof(folder.path(), &[&["explain", "--root", "."], args].concat()).await
    };
    let case = stdout(&explain(&["c-0001"]).await);
    assert!(case.contains("things/c-0001") && case.contains("s-aaaa"), "{case}");
    assert_eq!(stdout(&explain(&["things/c-0001"]).await), case, "by its slug as by its id");
    let sentence = stdout(&explain(&["s-bbbb"]).await);
    assert!(sentence.contains("what it must refuse") && sentence.contains("c-0002"), "{sentence}");
    let happened = ["c-0001", "--report", "hostproof-report/report.json"];
    let happened = stdout(&explain(&happened).await);
    assert!(happened.contains("500") && happened.len() > case.len(), "{happened}");
    let json = stdout(&explain(&["c-0001", "--json"]).await);
    assert!(serde_json::from_str::<Value>(&json).is_ok(), "{json}");
    let unknown = explain(&["c-9999"]).await;
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("c-9999"), "{}", stderr(&unknown));
}

#[tokio::test]
async fn merge_joins_the_parts_of_a_run_and_refuses_one_that_is_not_all_there() {
    let host = start(|_, _| reply(200, "application/json", OK)).await;
    let folder = folder(&both());
    for part in ["1/2", "2/2"] {
        let out = format!("part-{}", &part[..1]);
        let run = ["run", "--root", ".", "--url", &host.url(), "--shard", part, "--out", &out];
        let run = hostproof(folder.path(), &run).await;
        // A part may be empty, and is then nothing that was judged.
        assert!(matches!(run.status.code(), Some(0 | 4)), "{}", stderr(&run));
    }
    let parts = ["part-1/report.json", "part-2/report.json"];
    let one = hostproof(folder.path(), &["merge", parts[0]]).await;
    assert_eq!(one.status.code(), Some(2));
    assert!(stderr(&one).contains("2/2"), "{}", stderr(&one));
    let whole = hostproof(folder.path(), &["merge", parts[0], parts[1], "--out", "whole"]).await;
    assert_eq!(whole.status.code(), Some(0), "{}", stderr(&whole));
    assert!(stdout(&whole).contains("2/2 applicable cases passed"), "{}", stdout(&whole));
    assert!(folder.path().join("whole/report.html").exists());
    let twice = hostproof(folder.path(), &["merge", parts[0], parts[0]]).await;
    assert_eq!(twice.status.code(), Some(2), "{}", stdout(&twice));
}

#[tokio::test]
async fn every_command_is_completed_and_has_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let help = stdout(&hostproof(folder.path(), &["--help"]).await);
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.lines().take_while(|line| !line.is_empty());
    // What a line is too short for goes on further right.
    let commands = commands.filter(|line| !line.starts_with("   "));
    let commands: Vec<_> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.contains(&"run") && commands.contains(&"explain"), "{help}");
    let man = stdout(&hostproof(folder.path(), &["man"]).await);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&hostproof(folder.path(), &["completions", shell]).await);
        for command in &commands {
            assert!(script.contains(command), "{shell} does not complete {command}");
        }
    }
    for command in commands.iter().filter(|command| **command != "help") {
        assert!(man.contains(&format!("hostproof {command}")), "{command} has no page");
    }
    assert!(man.contains(".TH"), "{man}");
    assert_eq!(hostproof(folder.path(), &["completions", "cmd"]).await.status.code(), Some(2));
}

#[cfg(unix)]
#[tokio::test]
async fn a_shell_takes_the_completions_for_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let script = stdout(&hostproof(folder.path(), &["completions", "bash"]).await);
    std::fs::write(folder.path().join("hostproof.bash"), script).unwrap();
    let line = ". ./hostproof.bash; COMP_WORDS=(hostproof expl); COMP_CWORD=1; _hostproof hostproof expl hostproof; \
                echo ${COMPREPLY[@]}";
    let mut bash = std::process::Command::new("bash");
    bash.args(["--norc", "-c", line]).current_dir(folder.path());
    let completed = tokio::task::spawn_blocking(move || bash.output().unwrap()).await.unwrap();
    assert_eq!(stdout(&completed).trim(), "explain", "{}", stderr(&completed));
}
