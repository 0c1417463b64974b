//! The demo plugin on a fresh host: published, installed, and something to try it on.

use std::{
    fmt::Write as _,
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::{
    api::{ADMIN, ADMIN_PASSWORD, Client},
    catalog::{Artifact, Entry},
    host::Host,
    workspace,
};

const PLUGIN: &str = "com.hostproof.checklist";

/// The plugin as it is published.
pub(crate) fn entry() -> Result<Entry> {
    let fixtures = workspace::root().join("fixtures-plugins");
    let source = fixtures.join("guests/demo");
    let manifest = fs::read_to_string(source.join("plugin.json"))?;
    let manifest: Value = serde_json::from_str(&manifest).context("the demo's plugin.json")?;
    let artifact = |kind, folder, file| Artifact { kind, folder, file };
    Ok(Entry {
        manifest,
        artifacts: vec![
            artifact("manifest", source.clone(), "plugin.json"),
            artifact("backend", fixtures.join("artifacts"), "demo.wasm"),
            artifact("migrations", source, "migrations"),
        ],
    })
}

/// What there is to try.
#[derive(Debug)]
pub(crate) struct Demo {
    admin: Client,
    plugin: String,
    api_key: String,
    items: String,
}

/// Signs in, installs the plugin from the catalog, and makes a project with a task.
pub(crate) fn install(url: &str) -> Result<Demo> {
    let admin = Client::sign_in(url)?;
    let plugin = admin.install(PLUGIN)?;
    let project = admin.make("/projects", &json!({ "name": "Trying hostproof" }))?;
    let task = json!({ "title": "Read the specification" });
    let task = admin.make(&format!("/projects/{project}/tasks"), &task)?;
    let key = admin.post("/users/me/api-keys", &json!({ "name": "trying" }))?;
    let api_key = key["key"].as_str().context("the new API key")?.to_owned();
    let items = format!("/api/v1/plugins/{PLUGIN}/projects/{project}/tasks/{task}/items");
    Ok(Demo { admin, plugin, api_key, items })
}

impl Demo {
    pub(crate) fn describe(&self, hosts: &[Host]) -> String {
        let Self { admin, plugin, api_key, .. } = self;
        let token = &admin.token;
        let [add, read, stats] = self.requests(&hosts[0].url);
        let places = hosts.iter().map(|host| format!("{}  log {}", host.url, host.log.display()));
        let places = places.collect::<Vec<_>>().join("\n          ");
        let mut text = format!(
            "\
Serving   {places}
  user      {ADMIN}, password {ADMIN_PASSWORD}
  token     {token}
  API key   {api_key}

Add an item to a task's checklist, read the checklist, and ask how it goes:
  {add}
  {read}
  {stats}
"
        );
        if let [_, .., last] = hosts {
            let url = &last.url;
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "\
The hosts share database, store and Valkey: what one is told, all serve. Disable the plugin on the
last one, and ask the first again:
  curl -X PATCH '{url}/api/v1/admin/plugins/{plugin}' -H 'Authorization: Bearer {token}' \
-H 'Content-Type: application/json' -d '{{\"enabled\":false}}'
  {stats}
"
            );
        }
        text + "\nCtrl-C stops it, and removes everything it made."
    }

    /// Changes the plugin on the last host and back on the first, and demands that all serve it.
    pub(crate) fn check_shared(&self, hosts: &[Host]) -> Result<()> {
        let changes = hosts.last().map(|host| (host, false)).into_iter();
        for (changed, enabled) in changes.chain(hosts.first().map(|host| (host, true))) {
            let path = format!("/api/v1/admin/plugins/{}", self.plugin);
            let change = json!({ "enabled": enabled });
            let admin = self.admin.at(&changed.url);
            admin.send(&Method::PATCH, &path, Some(&change))?.data().context("PATCH")?;
            for host in hosts {
                self.until_serves(&host.url, enabled)?;
            }
            println!("enabled: {enabled} on {}, served by all", changed.url);
        }
        Ok(())
    }

    fn until_serves(&self, url: &str, serves: bool) -> Result<()> {
        const PATIENCE: Duration = Duration::from_secs(10);
        const LOOK_INTERVAL: Duration = Duration::from_millis(10);
        let client = self.admin.at(url);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = client.get(&format!("/api/v1/plugins/{PLUGIN}/stats"))?.status;
            if status == if serves { 200 } else { 404 } {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "{url} answers {status} {PATIENCE:?} after another host set enabled to {serves}"
            );
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// Three requests to the plugin: with a token, with an API key, with nothing.
    fn requests(&self, url: &str) -> [String; 3] {
        let Self { admin, api_key, items, .. } = self;
        let token = &admin.token;
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
