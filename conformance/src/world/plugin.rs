//! A case's plugin: its description, and the bundles that follow from it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Trouble;
use crate::case::PluginSpec;
use crate::peers::archive::Damage;
use crate::peers::{Bundle, Gate};
use crate::vars::Vars;

/// A plugin of a running case.
#[derive(Debug, Clone)]
pub struct PluginState {
    /// Its name, the case's own.
    name: String,
    /// As `[case.plugin]` describes it: what every publication changes.
    base: PluginSpec,
    /// What its archives wait for that are held.
    gate: Gate,
}

impl PluginState {
    /// A plugin as the case describes it, not published yet.
    pub fn new(name: String, base: PluginSpec, gate: Gate) -> Self {
        Self { name, base, gate }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bundle as the case describes it.
    pub fn first(&self, vars: &Vars) -> Result<Bundle, Trouble> {
        self.bundle(&self.base, vars, &[&self.base])
    }

    /// The bundle of a `publish` step: what `change` leaves out is as in the description. Damage and
    /// changes of the catalog entry are of one publication only, so that the next one is whole again.
    pub fn changed(&self, change: &PluginSpec, vars: &Vars) -> Result<Bundle, Trouble> {
        self.bundle(change, vars, &[&self.base, change])
    }

    fn bundle(
        &self,
        change: &PluginSpec,
        vars: &Vars,
        patches: &[&PluginSpec],
    ) -> Result<Bundle, Trouble> {
        let harness = |e: crate::vars::UnknownVariable| Trouble::Harness(e.to_string());
        let base = &self.base;
        let fixture = change.fixture.as_ref().or(base.fixture.as_ref());
        let fixture = fixture.map_or("probe", String::as_str);
        let version = change.version.as_ref().or(base.version.as_ref());
        let version = version.map_or("1.0.0", String::as_str);
        let mut manifest = manifest_of(fixture, &self.name);
        if let Some(members) = manifest.as_object_mut() {
            members.insert("version".to_owned(), Value::from(version));
        }
        for patch in patches.iter().filter_map(|spec| spec.manifest.as_ref()) {
            crate::patch::merge(&mut manifest, &vars.value(&patch.0).map_err(harness)?);
        }
        let default = default_migrations(fixture);
        let migrations =
            change.migrations.as_ref().or(base.migrations.as_ref()).unwrap_or(&default);
        let none = BTreeMap::new();
        let frontend = change.frontend.as_ref().or(base.frontend.as_ref()).unwrap_or(&none);
        let mcp = change.mcp.as_ref().or(base.mcp.as_ref()).unwrap_or(&none);
        // A fixture named by the change wins over a text of the description, and the other way round.
        let text = change.wasm_text.as_ref();
        let text = text.or(if change.fixture.is_some() { None } else { base.wasm_text.as_ref() });
        let wasm = if change.backend.or(base.backend) == Some(false) {
            None
        } else {
            let text = text.map(|text| vars.text(text)).transpose().map_err(harness)?;
            Some(module(text.as_ref(), fixture)?)
        };
        let damage = change.archive.as_ref().map(|archive| Damage::parse(&archive.0)).transpose();
        let entry = change.entry.as_ref().map(|entry| vars.value(&entry.0)).transpose();
        Ok(Bundle {
            name: self.name.clone(),
            version: version.to_owned(),
            manifest: match &change.manifest_text {
                Some(text) => vars.text(text).map_err(harness)?.into_bytes(),
                None => manifest.to_string().into_bytes(),
            },
            wasm,
            migrations: replaced(migrations, vars).map_err(harness)?,
            frontend: replaced(frontend, vars).map_err(harness)?,
            mcp: replaced(mcp, vars).map_err(harness)?,
            gate: self.gate.clone(),
            damage: damage.map_err(Trouble::Harness)?,
            checksums: change.checksums.or(base.checksums),
            entry: entry.map_err(harness)?,
        })
    }
}

/// Files with the variables in their texts replaced.
fn replaced(
    files: &BTreeMap<String, String>,
    vars: &Vars,
) -> Result<BTreeMap<String, String>, crate::vars::UnknownVariable> {
    files.iter().map(|(name, text)| Ok((name.clone(), vars.text(text)?))).collect()
}

fn module(text: Option<&String>, fixture: &str) -> Result<Vec<u8>, Trouble> {
    if let Some(text) = text {
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
