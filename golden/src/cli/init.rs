//! `golden init`.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use golden::plugin::Plugin;

use super::{Exit, Wasm};

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The plugin's folder, with plugin.json
    #[arg(default_value = ".")]
    plugin: PathBuf,
    /// The scenario's name
    #[arg(long, default_value = "first")]
    name: String,
    #[command(flatten)]
    wasm: Wasm,
}

/// What version control should not keep.
const IGNORED: &str = "*.snap.new\n";

impl Init {
    pub(super) fn run(self) -> Result<Exit> {
        let plugin = Plugin::open(&self.plugin, self.wasm.wasm.as_deref())?;
        let golden = plugin.golden();
        let scenario = golden.join(format!("{}.toml", self.name));
        if scenario.exists() {
            bail!("{} exists; --name NAME writes another one", scenario.display());
        }
        let schema = serde_json::to_string_pretty(&golden::scenario::schema())?;
        std::fs::create_dir_all(golden.join("snapshots"))?;
        let write = |path: PathBuf, text: &str| -> Result<()> {
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
            println!("wrote {}", path.display());
            Ok(())
        };
        write(scenario, &golden::init::first_scenario(&plugin.manifest))?;
        write(golden.join("scenario.schema.json"), &format!("{schema}\n"))?;
        write(golden.join("snapshots/.gitignore"), IGNORED)?;
        if let Some(wasm) = self.wasm.wasm {
            let wasm = std::path::absolute(wasm)?;
            // Below the plugin it is found on every machine.
            let wasm = wasm.strip_prefix(&plugin.root).unwrap_or(&wasm);
            let settings = toml::Value::String(wasm.display().to_string());
            write(golden.join(golden::plugin::SETTINGS), &format!("wasm = {settings}\n"))?;
        }
        let folder = self.plugin.display();
        println!(
            "next: golden record {folder}, if the plugin asks the database; golden test {folder}"
        );
        Ok(Exit::Passed)
    }
}
