//! The binary: its settings, its signals, its files.

use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::timeout,
};

use crate::support::{Host, environment, http_client, test_database};

/// Ample for a start or a stop; a hang is what it ends.
const PATIENCE: Duration = Duration::from_secs(60);

fn command(variables: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reference-server"));
    command.env_clear().envs(variables.iter().cloned()).kill_on_drop(true);
    command
}

async fn output(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let variables: Vec<_> =
        variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    timeout(PATIENCE, command(&variables).args(arguments).output()).await.unwrap().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn help_lists_every_variable() {
    let output = output(&["--help"], &[]).await;
    assert!(output.status.success());
    let help = text(&output.stdout);
    for setting in reference_server::config::SETTINGS {
        assert!(help.contains(setting.variable), "{}", setting.variable);
    }
}

#[tokio::test]
async fn the_default_file_is_printed_and_is_accepted_as_it_is() {
    let printed = output(&["--default-config"], &[]).await;
    assert!(printed.status.success());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("host.toml");
    std::fs::write(&file, &printed.stdout).unwrap();
    let variables =
        [("DATABASE_URL", "postgres://u:sesame@db/x"), ("JWT_SECRET", crate::support::JWT_SECRET)];
    let printed =
        output(&["--config", &file.display().to_string(), "--print-config"], &variables).await;
    assert!(printed.status.success(), "{}", text(&printed.stderr));
    let config = text(&printed.stdout);
    assert!(config.contains("listen = \"127.0.0.1:8080\""), "{config}");
    assert!(!config.contains("sesame") && !config.contains(crate::support::JWT_SECRET), "{config}");
}

#[tokio::test]
async fn refused_settings_end_with_2_and_name_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("host.toml");
    std::fs::write(&file, "[plugins]\nmax_memory_page = 1\n").unwrap();
    let file = file.display().to_string();
    for (arguments, variables, named) in [
        (&["--config", &file][..], &[][..], &["max_memory_page", file.as_str()][..]),
        (&[], &[], &["DATABASE_URL", "JWT_SECRET"]),
        (&["--config", "/nowhere.toml"], &[], &["/nowhere.toml"]),
        (&[], &[("PLUGINS_STORE", "s3")], &["PLUGINS_STORE", "not supported"]),
        (&["--nonsense"], &[], &["--nonsense"]),
    ] {
        let output = output(arguments, variables).await;
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{error}");
        for named in named {
            assert!(error.contains(named), "{named}: {error}");
        }
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_ends_the_start_with_its_reason() {
    let variables = [
        ("DATABASE_URL", "postgres://u:sesame@127.0.0.1:1/x"),
        ("JWT_SECRET", crate::support::JWT_SECRET),
    ];
    let output = output(&[], &variables).await;
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("DATABASE_URL") && !error.contains("sesame"), "{error}");
}

/// Waits for the ready file and gives the base URL in it.
async fn ready(path: &Path, child: &mut Child) -> String {
    let waiting = async {
        loop {
            if let Ok(url) = std::fs::read_to_string(path) {
                return url;
            }
            assert!(child.try_wait().unwrap().is_none(), "the host ended before it was ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap()
}

async fn signal(child: &Child, name: &str) {
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", name, &pid]).status().await.unwrap().success());
}

#[tokio::test]
async fn it_serves_until_told_to_stop_by_either_signal() {
    let database = test_database().await;
    for name in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ready");
        let mut child = command(&environment(&database, &folder, &[]))
            .arg("--ready-file")
            .arg(&path)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let url = ready(&path, &mut child).await;
        let health = http_client().get(format!("{url}/api/healthz")).send().await.unwrap();
        assert_eq!(health.status(), 200);
        signal(&child, name).await;
        let output = timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains("stopped"), "{}", text(&output.stderr));
        assert!(http_client().get(format!("{url}/api/healthz")).send().await.is_err());
    }
}

#[tokio::test]
async fn stopping_waits_for_no_idle_connection() {
    let mut host = Host::start().await;
    // Keeps its connection open.
    let client = host.anonymous();
    client.get("/api/healthz").await;
    host.stop.cancel();
    timeout(Duration::from_secs(5), &mut host.served).await.unwrap().unwrap().unwrap();
    drop(client);
}
