//! The demo plugin on a fresh host: published, installed, and something to try it on.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use ureq::{Agent, http::Response};

use super::catalog::Files;
use crate::{tool, workspace};

pub(crate) const ADMIN: &str = "admin";
// For a host on this machine that lives until Ctrl-C, with nothing of anybody's in it.
pub(crate) const ADMIN_PASSWORD: &str = "hostproof-admin";
pub(crate) const JWT_SECRET: &str = "a secret for trying things out, long enough";
const PLUGIN: &str = "com.hostproof.checklist";

/// The catalog and the archives it names.
pub(crate) fn files() -> Result<Files> {
    let fixtures = workspace::root().join("fixtures-plugins");
    let source = fixtures.join("guests/demo");
    let manifest = fs::read_to_string(source.join("plugin.json"))?;
    let manifest: Value = serde_json::from_str(&manifest).context("the demo's plugin.json")?;
    let mut files = Files::new();
    let mut artifacts = serde_json::Map::new();
    for (kind, folder, file) in [
        ("manifest", source.clone(), "plugin.json"),
        ("backend", fixtures.join("artifacts"), "demo.wasm"),
        ("migrations", source, "migrations"),
    ] {
        let name = format!("{kind}.tar.gz");
        files.insert(name.clone(), archive(&folder, file)?);
        artifacts.insert(format!("{kind}_tar_gz_url"), json!(format!("{{url}}/{name}")));
    }
    let entry = json!({
        "name": manifest["id"],
        "display_name": manifest["displayName"],
        "description": manifest["description"],
        "version": manifest["version"],
        "artifacts": artifacts,
    });
    let catalog = json!({ "schema_version": 1, "plugins": [entry] });
    files.insert("catalog.json".to_owned(), catalog.to_string().into_bytes());
    Ok(files)
}

fn archive(folder: &Path, file: &str) -> Result<Vec<u8>> {
    let mut command = Command::new("tar");
    command.args(["--create", "--gzip", "--file", "-", "--directory"]).arg(folder).arg(file);
    let output = command.output().context("cannot run tar")?;
    ensure!(output.status.success(), "`{}` failed", tool::shown(&command));
    Ok(output.stdout)
}

/// What there is to try.
#[derive(Debug)]
pub(crate) struct Demo {
    token: String,
    api_key: String,
    items: String,
}

/// Signs in, installs the plugin from the catalog, and makes a project with a task.
pub(crate) fn install(url: &str) -> Result<Demo> {
    let token = sign_in(url)?;
    let post = |path: &str, body: Value| post(url, path, Some(&token), &body);
    post("/admin/plugins/marketplace/install", json!({ "name": PLUGIN }))?;
    let project = post("/projects", json!({ "name": "Trying hostproof" }))?;
    let project = id(&project)?;
    let task = json!({ "title": "Read the specification" });
    let task = post(&format!("/projects/{project}/tasks"), task)?;
    let task = id(&task)?;
    let key = post("/users/me/api-keys", json!({ "name": "trying" }))?;
    let api_key = key["data"]["key"].as_str().context("the new API key")?.to_owned();
    let items = format!("/api/v1/plugins/{PLUGIN}/projects/{project}/tasks/{task}/items");
    Ok(Demo { token, api_key, items })
}

impl Demo {
    pub(crate) fn describe(&self, url: &str, log: &Path) -> String {
        let Self { token, api_key, .. } = self;
        let [add, read, stats] = self.requests(url);
        format!(
            "\
The host serves at {url}
  user      {ADMIN}, password {ADMIN_PASSWORD}
  token     {token}
  API key   {api_key}
  log       {}

Add an item to a task's checklist, read the checklist, and ask how it goes:
  {add}
  {read}
  {stats}

Ctrl-C stops it, and removes everything it made.",
            log.display()
        )
    }

    /// Three requests to the plugin: with a token, with an API key, with nothing.
    fn requests(&self, url: &str) -> [String; 3] {
        let Self { token, api_key, items } = self;
        [
            format!(
                "curl -X POST '{url}{items}' -H 'Authorization: Bearer {token}' \
                 -H 'Content-Type: application/json' -d '{{\"title\":\"Try a plugin\"}}'"
            ),
            format!("curl '{url}{items}' -H 'X-API-Key: {api_key}'"),
            format!("curl '{url}/api/v1/plugins/{PLUGIN}/stats'"),
        ]
    }

    /// Sends the three requests as a person would, and demands that each succeeds.
    pub(crate) fn check(&self, url: &str) -> Result<()> {
        for request in self.requests(url) {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("{request} --silent --show-error --fail-with-body")]);
            let output = command.output().context("cannot run sh")?;
            let answer = String::from_utf8_lossy(&output.stdout);
            let said = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "{request}\nanswered: {answer} {said}");
            println!("{answer}");
        }
        Ok(())
    }
}

/// The access token comes as a cookie; it is good as a bearer token, too.
fn sign_in(url: &str) -> Result<String> {
    let credentials = json!({ "username": ADMIN, "password": ADMIN_PASSWORD });
    let response = send(url, "/auth/login", None, &credentials)?;
    let cookies = response.headers().get_all("set-cookie").iter();
    let mut cookies = cookies.filter_map(|cookie| cookie.to_str().ok());
    let token = cookies.find_map(|cookie| cookie.strip_prefix("access_token=")?.split(';').next());
    Ok(token.context("the login set no cookie access_token")?.to_owned())
}

fn post(url: &str, path: &str, token: Option<&str>, body: &Value) -> Result<Value> {
    let mut response = send(url, path, token, body)?;
    let answer = response.body_mut().read_to_string()?;
    ensure!(response.status().is_success(), "POST {path} answered {}: {answer}", response.status());
    serde_json::from_str(&answer).with_context(|| format!("POST {path} answered no JSON: {answer}"))
}

fn send(url: &str, path: &str, token: Option<&str>, body: &Value) -> Result<Response<ureq::Body>> {
    // A refusal has a body that says why; as an error it would be lost.
    let agent: Agent = Agent::config_builder().http_status_as_error(false).build().into();
    let mut request = agent.post(format!("{url}/api/v1{path}"));
    if let Some(token) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    request.send_json(body).with_context(|| format!("POST {path}"))
}

fn id(answer: &Value) -> Result<String> {
    Ok(answer["data"]["id"].as_str().context("an id in the answer")?.to_owned())
}
