//! A case's plugin: what was published last, and the bundle that follows from it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Trouble;
use crate::case::PluginSpec;
use crate::peers::Bundle;
use crate::peers::archive::Damage;
use crate::vars::Vars;

/// A plugin of a running case.
#[derive(Debug, Clone)]
pub struct PluginState {
    /// Its name, the case's own.
    pub name: String,
    /// What was published last, all fields filled in from earlier publications.
    spec: PluginSpec,
    /// The manifest published last.
    manifest: Option<Value>,
}

impl PluginState {
    /// A plugin that was not published yet.
    pub fn new(name: String) -> Self {
        Self { name, spec: PluginSpec::default(), manifest: None }
    }

    /// The bundle after a publication: what `change` leaves out stays as it was.
    pub fn publish(&mut self, change: &PluginSpec, vars: &Vars) -> Result<Bundle, Trouble> {
        let harness = |e: crate::vars::UnknownVariable| Trouble::Harness(e.to_string());
        let spec = &mut self.spec;
        spec.fixture = change.fixture.clone().or(spec.fixture.take());
        spec.wasm_text = change.wasm_text.clone().or(spec.wasm_text.take());
        spec.version = change.version.clone().or(spec.version.take());
        spec.migrations = change.migrations.clone().or(spec.migrations.take());
        spec.backend = change.backend.or(spec.backend);
        spec.checksums = change.checksums.or(spec.checksums);
        let fixture = spec.fixture.as_deref().unwrap_or("probe");
        let version = spec.version.as_deref().unwrap_or("1.0.0");
        let mut manifest = self.manifest.take().unwrap_or_else(|| manifest_of(fixture, &self.name));
        if let Some(members) = manifest.as_object_mut() {
            members.insert("version".to_owned(), Value::from(version));
        }
        if let Some(patch) = &change.manifest {
            crate::patch::merge(&mut manifest, &vars.value(&patch.0).map_err(harness)?);
        }
        self.manifest = Some(manifest.clone());
        let mut migrations = BTreeMap::new();
        let default = default_migrations(fixture);
        for (name, sql) in spec.migrations.as_ref().unwrap_or(&default) {
            migrations.insert(name.clone(), vars.text(sql).map_err(harness)?);
        }
        // Damage and changes of the entry are of this publication only: the next one is whole again.
        let damage = change.archive.as_ref().map(|archive| Damage::parse(&archive.0)).transpose();
        let entry = change.entry.as_ref().map(|entry| vars.value(&entry.0)).transpose();
        Ok(Bundle {
            name: self.name.clone(),
            version: version.to_owned(),
            manifest: match &change.manifest_text {
                Some(text) => vars.text(text).map_err(harness)?.into_bytes(),
                None => manifest.to_string().into_bytes(),
            },
            wasm: if spec.backend == Some(false) { None } else { Some(module(spec, fixture)?) },
            migrations,
            damage: damage.map_err(Trouble::Harness)?,
            checksums: spec.checksums,
            entry: entry.map_err(harness)?,
        })
    }
}

fn module(spec: &PluginSpec, fixture: &str) -> Result<Vec<u8>, Trouble> {
    if let Some(text) = &spec.wasm_text {
        return wat::parse_str(text).map_err(|e| Trouble::Harness(format!("wasm_text: {e}")));
    }
    let artifact = fixtures_plugins::artifact(fixture);
    let missing = || Trouble::Harness(format!("`{fixture}` is no artifact of fixtures-plugins"));
    artifact.map(<[u8]>::to_vec).ok_or_else(missing)
}

/// The manifest a fixture has when a case says nothing about it: its own, or for the odd guests, which
/// have none, the probe's.
pub fn manifest_of(fixture: &str, name: &str) -> Value {
    let own = fixtures_plugins::fixture(fixture).and_then(|fixture| fixture.manifest);
    let own = own.or(fixtures_plugins::PROBE.manifest).unwrap_or("{}");
    let mut manifest: Value = serde_json::from_str(own).unwrap_or_else(|_| json!({}));
    if let Some(members) = manifest.as_object_mut() {
        members.insert("id".to_owned(), Value::from(name));
    }
    manifest
}

/// The migrations a fixture has when a case says nothing about them.
fn default_migrations(fixture: &str) -> BTreeMap<String, String> {
    let files = fixtures_plugins::fixture(fixture).map_or(&[][..], |fixture| fixture.migrations);
    files.iter().map(|(name, sql)| ((*name).to_owned(), (*sql).to_owned())).collect()
}
