//! What the host has read of the registry, brought up to date: when it starts, when another host
//! changed something, and from time to time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use contract::manifest::Manifest;
use contract::name::PluginName;
use futures_util::{Stream, StreamExt as _};
use storage::plugin_artifacts::Release;
use storage::plugin_operations::Operation;
use storage::registry::PluginRow;
use storage::registry_changes::{Change, RegistryChanges};
use tokio_util::sync::CancellationToken;

use crate::error::LifecycleError;
use crate::files::blocking;
use crate::lifecycle::Inner;
use crate::operation::chain;
use crate::snapshot::{Installed, Running};
use crate::stage::Code;
use crate::steps::plugin_name;

type Result<T> = std::result::Result<T, LifecycleError>;

/// Plugins loaded at a time. Loading is compilation at worst, which uses all cores for one module.
const AT_A_TIME: usize = 4;

/// Everything is compared with the registry this often. Announcements make a change known at once;
/// this is for those that were lost, and for what could not be done when they came.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// A host that was killed and starts again may be ahead of Postgres, which ends the dead host's
/// sessions, and with them its locks, when it notices.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// What a start found, before anything is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Installed plugins.
    pub installed: usize,
    /// Plugins of which nothing can be made known; the log says why.
    pub unreadable: usize,
    /// Interrupted operations that were finished or undone.
    pub settled: usize,
    /// Operations that could not be settled, or that another host is working on. Their plugins are
    /// what their rows say all the same.
    pub unsettled: usize,
}

impl Inner {
    // ── At start ────────────────────────────────────────────────────────────────────────────────

    /// Settles what was left half done, and makes known what is installed, all of it without code.
    pub(crate) async fn settle_leftovers(&self) -> Result<Settled> {
        let (settled, unsettled) = self.settle_all(LOCK_PATIENCE).await?;
        let mut found = Settled { settled, unsettled, ..Settled::default() };
        self.sweep().await?;
        let rows = self.database.registry().list().await.map_err(LifecycleError::Registry)?;
        found.installed = rows.len();
        for row in rows {
            match manifest(&row) {
                Ok(manifest) => {
                    let installed = Installed::new(row, Arc::new(manifest), None);
                    self.current.put(installed.loaded_again_later(true));
                }
                Err(error) => {
                    found.unreadable += 1;
                    tracing::error!(plugin = row.name, error = chain(&error), "not known");
                }
            }
        }
        tracing::info!(?found, "plugins found");
        Ok(found)
    }

    /// Loads the code of what is enabled; how many plugins could not be loaded.
    pub(crate) async fn load_installed(&self) -> usize {
        let failed = AtomicUsize::new(0);
        let installed = self.current.get();
        futures_util::stream::iter(installed.iter())
            .for_each_concurrent(AT_A_TIME, async |seen| {
                if let Err(error) = self.start(seen).await {
                    failed.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(plugin = seen.row.name, error = chain(&error), "not loaded");
                }
            })
            .await;
        let failed = failed.into_inner();
        tracing::info!(failed, "plugins loaded");
        failed
    }

    /// Brings schema and migrations up to date, loads the code and publishes the plugin; without its
    /// code if that does not load. A migration that fails does not keep the plugin from running: it
    /// ran before, and its tables are what they were.
    async fn start(&self, seen: &Arc<Installed>) -> Result<()> {
        let (row, manifest) = (seen.row.clone(), Arc::clone(&seen.manifest));
        let loaded = if row.enabled { self.started(&row, &manifest).await } else { Ok(None) };
        let (running, outcome) = apart(loaded);
        let again = outcome.as_ref().is_err_and(LifecycleError::may_pass);
        let next = Installed::new(row, manifest, running).loaded_again_later(again);
        // An operation that came meanwhile has published what it made, and knows better.
        self.current.exchange(&seen.row.name, Some(seen), Some(next));
        outcome
    }

    async fn started(&self, row: &PluginRow, manifest: &Arc<Manifest>) -> Result<Option<Running>> {
        let name = &manifest.id;
        let code = Code::read(&self.artifacts, Release { plugin: name, id: row.release }).await?;
        if code.needs_schema(manifest) {
            self.provision(name, &[manifest]).await?;
            if let Err(error) = self.migrate_up(name, &code).await {
                tracing::error!(plugin = %name, error = chain(&error), "migrations failed");
            }
        }
        self.load(manifest, &code).await
    }

    /// Removes from staging what no operation owns.
    async fn sweep(&self) -> Result<()> {
        let staging = self.staging.clone();
        let found = blocking(move || staging.operations()).await?;
        // Read after the folders: whoever makes one has written its record before.
        let records = self.database.plugin_operations().list().await;
        let records = records.map_err(LifecycleError::Registry)?;
        for operation in found {
            if records.iter().all(|record| record.id != operation) {
                let staging = self.staging.of(operation);
                blocking(move || staging.remove()).await?;
                tracing::info!(%operation, "staging swept");
            }
        }
        Ok(())
    }

    // ── While other hosts work ──────────────────────────────────────────────────────────────────

    /// Follows the registry until it is told to stop.
    pub(crate) async fn follow(&self, stop: CancellationToken) {
        let changes = self.database.registry_changes();
        changed_plugins(changes)
            .take_until(stop.cancelled())
            .for_each_concurrent(AT_A_TIME, async |change| match change {
                Change::Plugin(name) => self.catch_up_or_log(&name).await,
                Change::Unknown => self.look_at_everything().await,
            })
            .await;
    }

    async fn look_at_everything(&self) {
        if let Err(error) = self.settle_all(Duration::ZERO).await {
            tracing::warn!(error = chain(&error), "interrupted operations could not be looked for");
        }
        let stale = match self.database.registry().revisions().await {
            Ok(rows) => self.current.get().stale(&rows),
            Err(error) => {
                tracing::warn!(error = chain(&error), "the registry could not be read");
                return;
            }
        };
        for name in stale {
            self.catch_up_or_log(&name).await;
        }
    }

    /// Settles the operations that nobody works on, one that fails beside the others; how many are
    /// settled, and how many are not.
    async fn settle_all(&self, patience: Duration) -> Result<(usize, usize)> {
        let (mut settled, mut unsettled) = (0, 0);
        let records = self.database.plugin_operations().list().await;
        for record in records.map_err(LifecycleError::Registry)? {
            match self.settle_abandoned(&record, patience).await {
                Ok(true) => settled += 1,
                Ok(false) => unsettled += 1,
                Err(error) => {
                    let plugin = &record.plugin_name;
                    tracing::error!(plugin, error = chain(&error), "not settled");
                    unsettled += 1;
                }
            }
        }
        Ok((settled, unsettled))
    }

    /// Settles an operation unless somebody works on it; true when it is settled.
    async fn settle_abandoned(&self, record: &Operation, patience: Duration) -> Result<bool> {
        let name = plugin_name(&record.plugin_name)?;
        let deadline = tokio::time::Instant::now() + patience;
        let lock = loop {
            if let Some(lock) = self.lock_to_settle(&name, record).await? {
                break lock;
            }
            if tokio::time::Instant::now() >= deadline {
                return Ok(false);
            }
            tokio::time::sleep(LOCK_PAUSE).await;
        };
        let settled = self.settle_leftover(&name).await;
        lock.release().await;
        settled.map(|()| true)
    }

    async fn catch_up_or_log(&self, name: &str) {
        let outcome = match plugin_name(name) {
            Ok(name) => self.catch_up(&name).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::error!(plugin = name, error = chain(&error), "not brought up to date");
        }
    }

    /// Makes what requests see of a plugin what the registry says. What was there before serves on
    /// until its successor is loaded, or for as long as that fails.
    pub(crate) async fn catch_up(&self, name: &PluginName) -> Result<()> {
        loop {
            let seen = self.current.get().get(name.as_str()).cloned();
            let row = self.row_by_name(name).await?;
            let next = match row {
                Some(row) if seen.as_ref().is_some_and(|seen| seen.is_of(&row)) => return Ok(()),
                Some(row) => match self.successor(row, seen.as_deref()).await {
                    Ok(next) => Some(next),
                    // Its files may be gone because the row names others by now.
                    Err((row, _)) if self.has_moved_on(name, &row).await? => continue,
                    Err((_, error)) => return Err(error),
                },
                None if seen.is_none() => return Ok(()),
                None => None,
            };
            if self.current.exchange(name.as_str(), seen.as_ref(), next) {
                tracing::info!(plugin = %name, "brought up to date");
                return Ok(());
            }
            // An operation of this host was faster.
        }
    }

    async fn has_moved_on(&self, name: &PluginName, row: &PluginRow) -> Result<bool> {
        Ok(self.row_by_name(name).await?.is_none_or(|now| now.revision != row.revision))
    }

    async fn successor(
        &self,
        row: PluginRow,
        seen: Option<&Installed>,
    ) -> std::result::Result<Installed, (PluginRow, LifecycleError)> {
        let manifest = match manifest(&row) {
            Ok(manifest) => Arc::new(manifest),
            Err(error) => return Err((row, error)),
        };
        let loaded = if row.enabled { self.loaded(&row, &manifest).await } else { Ok(None) };
        match loaded {
            Ok(running) => Ok(Installed::new(row, manifest, running)),
            // The old version serves on.
            Err(error) if seen.is_some_and(|seen| seen.plugin.is_some()) => Err((row, error)),
            Err(error) => {
                tracing::error!(plugin = row.name, error = chain(&error), "not loaded");
                let again = error.may_pass();
                Ok(Installed::new(row, manifest, None).loaded_again_later(again))
            }
        }
    }

    async fn loaded(&self, row: &PluginRow, manifest: &Arc<Manifest>) -> Result<Option<Running>> {
        let release = Release { plugin: &manifest.id, id: row.release };
        self.load(manifest, &Code::read(&self.artifacts, release).await?).await
    }
}

/// Announcements, and the regular look at everything.
fn changed_plugins(changes: RegistryChanges) -> impl Stream<Item = Change> {
    futures_util::stream::unfold(changes, async |mut changes| {
        let change = tokio::time::timeout(LOOK_AGAIN, changes.next()).await;
        Some((change.unwrap_or(Change::Unknown), changes))
    })
}

fn manifest(row: &PluginRow) -> Result<Manifest> {
    Manifest::from_value(row.manifest.clone()).map_err(LifecycleError::Manifest)
}

fn apart(loaded: Result<Option<Running>>) -> (Option<Running>, Result<()>) {
    match loaded {
        Ok(running) => (running, Ok(())),
        Err(error) => (None, Err(error)),
    }
}
