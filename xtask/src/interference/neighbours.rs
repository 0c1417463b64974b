//! The measured plugin, and the neighbour with all its ways to be a nuisance.

use std::fs;

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    catalog::{Artifact, Catalog, Entry},
    workspace,
};

/// The plugin whose requests are measured: answers with the body it was sent.
pub(crate) const MEASURED: &str = "com.hostproof.measured";
/// The plugin beside it: does what the request says.
pub(crate) const NEIGHBOUR: &str = "com.hostproof.neighbour";

/// One way to behave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Neighbour {
    pub(crate) name: &'static str,
    /// The probe's script.
    pub(crate) ops: &'static str,
    /// The statuses with which the host answers it.
    pub(crate) statuses: &'static [u16],
}

const fn neighbour(name: &'static str, ops: &'static str, statuses: &'static [u16]) -> Neighbour {
    Neighbour { name, ops, statuses }
}

/// The honest one first.
pub(crate) const NEIGHBOURS: &[Neighbour] = &[
    neighbour("an honest neighbour", "[]", &[200]),
    neighbour("an endless loop", r#"[{"op":"spin"}]"#, &[504]),
    neighbour(
        "endless host calls: storage_get",
        r#"[{"op":"spin_host_calls","function":"storage_get"}]"#,
        &[504],
    ),
    neighbour(
        "endless host calls: log, a flood of lines",
        r#"[{"op":"spin_host_calls","function":"log"}]"#,
        &[504],
    ),
    neighbour("unbounded recursion", r#"[{"op":"recurse"}]"#, &[502]),
    neighbour("memory grown to the limit", r#"[{"op":"grow","pages":1000}]"#, &[200]),
    neighbour("a trap", r#"[{"op":"trap"}]"#, &[502]),
    neighbour("garbage for an answer", r#"[{"op":"answer","raw":"no envelope"}]"#, &[502]),
    neighbour("no answer", r#"[{"op":"answer_empty"}]"#, &[502]),
];

/// Has the two published.
pub(crate) fn publish(catalog: &Catalog) -> Result<()> {
    let artifacts = workspace::root().join("fixtures-plugins/artifacts");
    let folder = tempfile::tempdir()?;
    for (name, wasm) in [(MEASURED, "minimal.wasm"), (NEIGHBOUR, "probe.wasm")] {
        let folder = folder.path().join(name);
        let manifest = manifest(name);
        fs::create_dir(&folder)?;
        fs::write(folder.join("plugin.json"), manifest.to_string())?;
        let artifacts = vec![
            Artifact { kind: "manifest", folder, file: "plugin.json" },
            Artifact { kind: "backend", folder: artifacts.clone(), file: wasm },
        ];
        catalog.publish(&Entry { manifest, artifacts })?;
    }
    Ok(())
}

fn manifest(name: &str) -> Value {
    json!({
        "id": name,
        "displayName": name,
        "description": "",
        "version": "1.0.0",
        "backend": { "routes": [
            { "method": "POST", "path": "/run", "middlewares": [] },
            { "method": "POST", "path": "/echo", "middlewares": [] },
        ] },
    })
}
