//! What has to be true of a plugin: one version in every part, or nothing of it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::sample::Sample;

/// A plugin that is installed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Installed {
    /// The version whose files and code it has.
    pub(crate) sample: Sample,
    /// The manifest of its row.
    pub(crate) manifest: Value,
    /// Whether it runs.
    pub(crate) enabled: bool,
}

/// What is true.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    /// The plugin's name.
    pub(crate) name: String,
    /// What is installed, if anything.
    pub(crate) installed: Option<Installed>,
    /// How many migrations are applied; none without a schema. More than one where an operation that
    /// did not come to its end may have applied its own already.
    pub(crate) migrations: BTreeSet<u32>,
}

/// What the harness has a host do.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Install the version that is published.
    Install { sample: Sample, enabled: bool },
    /// Replace the manifest by this version's changed one.
    Manifest(Sample),
    /// Let it run, or not.
    Enable(bool),
    /// Upgrade to the version that is published.
    Upgrade(Sample),
    /// Remove it.
    Uninstall,
}

impl State {
    /// Nothing.
    pub(crate) fn nothing(name: &str) -> Self {
        Self { name: name.to_owned(), installed: None, migrations: BTreeSet::new() }
    }

    /// What is true after an operation.
    pub(crate) fn after(&self, operation: &Operation) -> Self {
        let installed = |sample: &Sample, enabled| Installed {
            manifest: sample.manifest(),
            sample: sample.clone(),
            enabled,
        };
        let mut after = self.clone();
        match operation {
            Operation::Install { sample, enabled } => {
                after.installed = Some(installed(sample, *enabled));
                after.migrations = BTreeSet::from([sample.migrations]);
            }
            Operation::Manifest(sample) => {
                if let Some(installed) = &mut after.installed {
                    installed.manifest = sample.changed_manifest();
                }
            }
            Operation::Enable(enabled) => {
                if let Some(installed) = &mut after.installed {
                    installed.enabled = *enabled;
                }
            }
            Operation::Upgrade(sample) => {
                let enabled = self.installed.as_ref().is_some_and(|before| before.enabled);
                after.installed = Some(installed(sample, enabled));
                after.migrations = BTreeSet::from([sample.migrations]);
            }
            // All migrations but the first have a file that undoes them.
            Operation::Uninstall => {
                after.installed = None;
                after.migrations = BTreeSet::from([1]);
            }
        }
        after
    }

    /// What is true when the operation was cut short and undone. An upgrade's migrations stay, if
    /// they were applied: authors write such as the old version can live with.
    pub(crate) fn undone(&self, operation: &Operation) -> Self {
        let mut before = self.clone();
        if matches!(operation, Operation::Upgrade(_)) {
            before.migrations.extend(self.after(operation).migrations);
        }
        before
    }
}
