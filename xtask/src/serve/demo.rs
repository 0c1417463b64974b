//! The demo plugin on a fresh host: published, installed, and something to try it on.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::{
    api::{self, ADMIN, ADMIN_PASSWORD, id, sign_in},
    catalog::{self, Artifact, Files},
    workspace,
};

const PLUGIN: &str = "com.hostproof.checklist";

/// The catalog and the archives it names.
pub(crate) fn files() -> Result<Files> {
    let fixtures = workspace::root().join("fixtures-plugins");
    let source = fixtures.join("guests/demo");
    let manifest = fs::read_to_string(source.join("plugin.json"))?;
    let manifest: Value = serde_json::from_str(&manifest).context("the demo's plugin.json")?;
    let artifact = |kind, folder, file| Artifact { kind, folder, file };
    catalog::files(&[catalog::Entry {
        manifest,
        artifacts: vec![
            artifact("manifest", source.clone(), "plugin.json"),
            artifact("backend", fixtures.join("artifacts"), "demo.wasm"),
            artifact("migrations", source, "migrations"),
        ],
    }])
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
    let post = |path: &str, body: Value| api::post(url, path, Some(&token), &body);
    api::install(url, &token, PLUGIN)?;
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
