//! Plugins for a test's host.

use std::path::PathBuf;

use fixtures_plugins::{Fixture, PROBE};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Answer, Client, Host};

impl Host {
    /// Where a plugin's backend artifacts are.
    pub(crate) fn backend(&self, name: &str) -> PathBuf {
        self.folder.path().join("backend").join(name)
    }

    /// Puts a guest's files where a manual installation looks for them.
    pub(crate) fn place(&self, name: &str, guest: &Fixture) {
        place(&self.folder, name, guest);
    }

    /// Asks for a manual installation.
    pub(crate) async fn register(&self, name: &str, manifest: &Value) -> Answer {
        let body = json!({
            "name": name, "version": manifest["version"], "manifest": manifest, "enabled": true,
        });
        self.admin().await.post("/admin/plugins", &body).await
    }

    /// Installs the probe with these routes, besides the one that takes scripts.
    pub(crate) async fn probe(&self, name: &str, routes: Value) -> Value {
        self.probe_with(name, json!({"routes": routes})).await
    }

    /// Installs the probe with this `backend`.
    pub(crate) async fn probe_with(&self, name: &str, mut backend: Value) -> Value {
        self.place(name, &PROBE);
        let mut routes = vec![json!({"method": "POST", "path": "/run", "middlewares": []})];
        routes.extend(backend["routes"].as_array().cloned().unwrap_or_default());
        backend["routes"] = routes.into();
        let manifest = json!({
            "id": name, "displayName": "Probe", "version": "1.0.0",
            "permissions": ["events:emit"], "backend": backend,
        });
        self.register(name, &manifest).await.data(201)
    }
}

impl Client {
    /// Has the probe run these operations; their results.
    pub(crate) async fn run(&self, plugin: &str, operations: Value) -> Value {
        let answer = self.run_raw(plugin, operations).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["results"].take()
    }

    /// Has the probe run these operations; whatever comes back.
    pub(crate) async fn run_raw(&self, plugin: &str, operations: Value) -> Answer {
        self.post(&format!("/plugins/{plugin}/run"), &json!({"ops": operations})).await
    }
}

/// Puts a guest's files where a host with this folder looks for them.
pub(crate) fn place(folder: &TempDir, name: &str, guest: &Fixture) {
    let backend = folder.path().join("backend").join(name);
    let migrations = backend.join("migrations");
    std::fs::create_dir_all(&migrations).unwrap();
    std::fs::write(backend.join("backend.wasm"), guest.wasm).unwrap();
    for (file, sql) in guest.migrations {
        std::fs::write(migrations.join(file), sql).unwrap();
    }
}
