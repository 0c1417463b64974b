//! The binary: its settings, its signals, its files.

use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use fixtures_plugins::MINIMAL;
use serde_json::{Value, json};
use services::TestDatabase;
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use crate::support::{
    ADMIN, Client, Host, PASSWORD, environment, http_client, place, test_database,
};

/// Ample for a start or a stop; a hang is what it ends.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn command(variables: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reference-server"));
    command.env_clear().envs(variables.iter().cloned()).kill_on_drop(true);
    command
}

async fn output(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let variables: Vec<_> =
        variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    timeout(PATIENCE, command(&variables).args(arguments).output()).await.unwrap().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn help_lists_every_variable() {
    let output = output(&["--help"], &[]).await;
    assert!(output.status.success());
    let help = text(&output.stdout);
    for setting in reference_server::config::settings() {
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
        (&[], &[("PLUGINS_STORE", "s3")], &["STORAGE_BUCKET", "required"]),
        (&[], &[("PLUGINS_CRASH_AT", "upgrade:lunch")], &["PLUGINS_CRASH_AT", "{action}:{point}"]),
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
pub(crate) async fn ready(path: &Path, child: &mut Child) -> String {
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

pub(crate) async fn signal(child: &Child, name: &str) {
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", name, &pid]).status().await.unwrap().success());
}

#[tokio::test]
async fn it_serves_until_told_to_stop_by_either_signal() {
    let database = test_database().await;
    for name in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ready");
        let mut child = command(&environment(database.url(), &folder, &[("RUST_LOG", "info")]))
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

/// Starts the binary and gives the base URL it serves.
async fn spawn(database: &TestDatabase, folder: &TempDir) -> (Child, String) {
    spawn_with(database, folder, &[]).await
}

/// Starts the binary with these variables on top of the usual ones.
pub(crate) async fn spawn_with(
    database: &TestDatabase,
    folder: &TempDir,
    extra: &[(&str, &str)],
) -> (Child, String) {
    let path = folder.path().join("ready");
    let _ = std::fs::remove_file(&path);
    let mut child = command(&environment(database.url(), folder, extra))
        .arg("--ready-file")
        .arg(&path)
        .spawn()
        .unwrap();
    let url = ready(&path, &mut child).await;
    (child, url)
}

/// Signs in as the administrator of a host that is another process.
pub(crate) async fn admin(url: &str) -> Client {
    let client = Client::new(http_client(), url, Vec::new());
    let login = json!({"username": ADMIN, "password": PASSWORD});
    let token = client.post("/auth/login", &login).await.cookie("access_token").unwrap();
    client.and("cookie", &format!("access_token={token}"))
}

#[tokio::test]
async fn a_killed_host_comes_back_with_its_plugins() {
    let (database, folder) = (test_database().await, tempfile::tempdir().unwrap());
    let (mut child, url) = spawn(&database, &folder).await;
    let client = admin(&url).await;
    place(&folder, "com.hostproof.minimal", &MINIMAL);
    let manifest: Value = serde_json::from_str(MINIMAL.manifest.unwrap()).unwrap();
    let body = json!({
        "name": manifest["id"], "version": "1.0.0", "manifest": manifest, "enabled": true,
    });
    client.post("/admin/plugins", &body).await.data(201);
    let listed = client.get("/plugins").await.data(200);
    // SIGKILL: nothing is written on the way out.
    child.kill().await.unwrap();

    let (_child, url) = spawn(&database, &folder).await;
    let anonymous = Client::new(http_client(), &url, Vec::new());
    assert_eq!(anonymous.get("/plugins").await.data(200), listed);
    // `"middlewares": []` is still an empty list: nobody has to sign in.
    let echo = anonymous.post("/plugins/com.hostproof.minimal/echo", &json!({"a": 1})).await;
    assert_eq!(echo.json(), json!({"a": 1}));
    assert_eq!(admin(&url).await.get("/users/me").await.data(200)["username"], ADMIN);
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

// With threads, so that a spinning guest keeps neither the test nor the host's other work waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_lets_running_requests_finish() {
    let mut host = Host::start_with(&[("PLUGINS_MAX_CALL_DURATION", "3s")]).await;
    host.probe("com.example.probe", json!([])).await;
    let client = host.anonymous();
    let running =
        tokio::spawn(
            async move { client.run_raw("com.example.probe", json!([{"op": "spin"}])).await },
        );
    begun(&host).await;
    host.stop.cancel();
    // Its own answer, and not a closed connection.
    running.await.unwrap().refused("PLUGIN_TIMEOUT");
    timeout(PATIENCE, &mut host.served).await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_waits_no_longer_than_its_grace() {
    let variables = [("PLUGINS_MAX_CALL_DURATION", "60s"), ("SHUTDOWN_GRACE", "200ms")];
    let mut host = Host::start_with(&variables).await;
    host.probe("com.example.probe", json!([])).await;
    let url = format!("{}/api/v1/plugins/com.example.probe/run", host.base_url);
    let body = json!({"ops": [{"op": "spin"}]}).to_string();
    let _running = tokio::spawn(http_client().post(url).body(body).send());
    begun(&host).await;
    host.stop.cancel();
    timeout(Duration::from_secs(20), &mut host.served).await.unwrap().unwrap().unwrap();
}

/// Waits until a request is on its way through the probe.
async fn begun(host: &Host) {
    let running = async {
        while host.app.lifecycle.snapshot().get("com.example.probe").is_some_and(|probe| {
            // One owner is the snapshot's map; a running request is another.
            std::sync::Arc::strong_count(probe) < 2
        }) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, running).await.unwrap();
}
