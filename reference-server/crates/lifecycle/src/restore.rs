//! What happens when the host starts, after a stop of whatever kind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contract::manifest::Manifest;
use contract::name::PluginName;
use futures_util::StreamExt as _;
use storage::registry::PluginRow;

use crate::attempt::chain;
use crate::error::LifecycleError;
use crate::files::blocking;
use crate::journal;
use crate::layout::Tree;
use crate::lifecycle::Inner;
use crate::snapshot::{Installed, Running};
use crate::stage::Code;

/// Plugins loaded at a time. Loading is compilation at worst, which uses all cores for one module.
const AT_A_TIME: usize = 4;

/// What a start found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Installed plugins.
    pub installed: usize,
    /// Enabled plugins whose code could not be loaded; the log says why.
    pub failed: usize,
    /// Interrupted operations that were finished or undone.
    pub settled: usize,
    /// Interrupted operations that could not be settled. Their plugins are not loaded, since their
    /// files may not be those of their row.
    pub unsettled: usize,
}

impl Inner {
    pub(crate) async fn restore(&self) -> Result<Restored, LifecycleError> {
        let mut restored = Restored::default();
        let unsettled = self.settle_all(&mut restored).await?;
        self.sweep().await?;
        let rows = self.database.registry().list().await.map_err(LifecycleError::Registry)?;
        restored.installed = rows.len();
        let failed = AtomicUsize::new(0);
        futures_util::stream::iter(rows)
            .for_each_concurrent(AT_A_TIME, async |row| {
                let name = row.name.clone();
                let settled = !unsettled.iter().any(|one| one.as_str() == name);
                if let Err(error) = self.publish_row(row, settled).await {
                    failed.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(plugin = name, error = chain(&error), "not loaded");
                }
            })
            .await;
        restored.failed = failed.into_inner();
        tracing::info!(?restored, "plugins restored");
        Ok(restored)
    }

    /// Settles every interrupted operation; gives the plugins for which that failed.
    async fn settle_all(&self, restored: &mut Restored) -> Result<Vec<PluginName>, LifecycleError> {
        let layout = self.layout.clone();
        let (found, unreadable) = blocking(move || journal::leftovers(&layout)).await?;
        for error in &unreadable {
            tracing::error!(error = chain(error), "a journal record cannot be read; left alone");
            restored.unsettled += 1;
        }
        let mut unsettled = Vec::new();
        for leftover in &found {
            match self.settle(leftover).await {
                Ok(()) => restored.settled += 1,
                Err(error) => {
                    let plugin = &leftover.record.name;
                    tracing::error!(%plugin, error = chain(&error), "not settled");
                    unsettled.push(plugin.clone());
                    restored.unsettled += 1;
                }
            }
        }
        Ok(unsettled)
    }

    async fn sweep(&self) -> Result<(), LifecycleError> {
        let layout = self.layout.clone();
        let swept = blocking(move || journal::sweep(&layout)).await?;
        if swept > 0 {
            tracing::info!(directories = swept, "staging swept");
        }
        Ok(())
    }

    /// Publishes what the registry says a plugin is; takes it out of the snapshot if it says none.
    pub(crate) async fn publish_from_registry(
        &self,
        name: &PluginName,
    ) -> Result<(), LifecycleError> {
        let Some(row) = self.row_by_name(name).await? else {
            self.current.remove(name.as_str());
            return Ok(());
        };
        self.publish_row(row, true).await
    }

    /// Publishes a plugin with its code if that loads, and without if not: then its routes answer
    /// that it is unavailable, rather than that there is no such plugin.
    async fn publish_row(&self, row: PluginRow, may_load: bool) -> Result<(), LifecycleError> {
        let manifest = Manifest::from_value(row.manifest.clone());
        let manifest = Arc::new(manifest.map_err(LifecycleError::Manifest)?);
        let started = if row.enabled && may_load { self.start(&manifest).await } else { Ok(None) };
        let (running, outcome) = match started {
            Ok(running) => (running, Ok(())),
            Err(error) => (None, Err(error)),
        };
        self.current.put(Installed::new(row, manifest, running));
        outcome
    }

    /// Brings schema and migrations up to date and loads the code. A migration that fails does not
    /// keep the plugin from running: it ran before, and its tables are what they were.
    async fn start(&self, manifest: &Arc<Manifest>) -> Result<Option<Running>, LifecycleError> {
        let name = &manifest.id;
        let code = Code::read(self.layout.live(Tree::Backend, name)).await?;
        if code.needs_schema(manifest) {
            self.provision(name, &[manifest]).await?;
            if let Err(error) = self.migrate_up(name, &code).await {
                tracing::error!(plugin = %name, error = chain(&error), "migrations failed");
            }
        }
        self.load(manifest, &code).await
    }
}
