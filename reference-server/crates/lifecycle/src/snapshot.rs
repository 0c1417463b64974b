//! What is installed, as one immutable value that requests read without a lock.
//!
//! Every change makes a new [`Plugins`] and swaps the pointer. A request that took the old one keeps
//! it, and with it the code it started with, until it is done.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use contract::manifest::Manifest;
use contract::route::RouteTable;
use sandbox::Plugin;
use storage::registry::PluginRow;
use tokio::sync::watch;

/// A loaded plugin. When the last request that uses it lets go, its `Shutdown` is called: never
/// earlier, so that no request fails because its plugin was replaced.
#[derive(Debug)]
pub struct Running {
    plugin: Plugin,
    /// Dropped with this value; whoever waits for that holds the other end.
    in_use: watch::Sender<()>,
}

impl Running {
    pub(crate) fn new(plugin: Plugin) -> Self {
        Self { plugin, in_use: watch::Sender::new(()) }
    }
}

impl Deref for Running {
    type Target = Plugin;
    fn deref(&self) -> &Plugin {
        &self.plugin
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Without a runtime the process is ending, and its guests with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let plugin = self.plugin.clone();
            // Whoever waits for the plugin to be out of use waits for its last words, too: they may
            // need the database role that is taken away next.
            let in_use = std::mem::replace(&mut self.in_use, watch::Sender::new(()));
            runtime.spawn(async move {
                plugin.shutdown().await;
                drop(in_use);
            });
        }
    }
}

/// One installed plugin.
#[derive(Debug)]
pub struct Installed {
    /// Its row in the registry.
    pub row: PluginRow,
    /// Its manifest, as stored in the row.
    pub manifest: Arc<Manifest>,
    /// Its declared routes; empty without a backend.
    pub routes: RouteTable,
    /// Its running code. Absent when the plugin is disabled, has no backend, or is enabled and was
    /// not loaded at start, or not yet; see [`Self::unavailable`].
    pub plugin: Option<Running>,
    /// What kept the code from being loaded may be over by now.
    again: bool,
}

impl Installed {
    pub(crate) fn new(row: PluginRow, manifest: Arc<Manifest>, plugin: Option<Running>) -> Self {
        let routes = manifest.backend.as_ref().map(|b| b.routes.clone()).unwrap_or_default();
        Self { row, manifest, routes: RouteTable::new(routes), plugin, again: false }
    }

    /// Says whether loading is to be tried again.
    pub(crate) fn loaded_again_later(self, again: bool) -> Self {
        Self { again, ..self }
    }

    /// Whether this is what a row says.
    pub(crate) fn is_of(&self, row: &PluginRow) -> bool {
        self.is_revision(row.revision)
    }

    fn is_revision(&self, revision: i64) -> bool {
        // No two rows, nor two states of one, share a revision.
        self.row.revision == revision && !self.again
    }

    /// Enabled with a backend, but without code to run: its load failed when the host started, or is
    /// still under way.
    pub fn unavailable(&self) -> bool {
        self.row.enabled && self.manifest.backend.is_some() && self.plugin.is_none()
    }

    /// Whether the manifest subscribes to a topic.
    pub fn subscribes(&self, topic: &str) -> bool {
        self.manifest
            .backend
            .as_ref()
            .is_some_and(|backend| backend.event_subscriptions.iter().any(|s| s == topic))
    }

    /// Lets go of a plugin that is no longer published, and waits until nobody uses its code any
    /// more, at most `patience`.
    pub(crate) async fn retire(self: Arc<Self>, patience: Duration) {
        let Some(running) = &self.plugin else { return };
        let mut in_use = running.in_use.subscribe();
        drop(self);
        // Fails as soon as the sender is gone, which is what is waited for.
        let _ = tokio::time::timeout(patience, in_use.changed()).await;
    }
}

/// Every installed plugin, disabled ones included, by name.
#[derive(Clone, Debug, Default)]
pub struct Plugins {
    by_name: BTreeMap<String, Arc<Installed>>,
}

impl Plugins {
    /// The plugin of a name, disabled or not.
    pub fn get(&self, name: &str) -> Option<&Arc<Installed>> {
        self.by_name.get(name)
    }

    /// All plugins, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Installed>> {
        self.by_name.values()
    }

    /// The plugins that are not what the registry says, by the revisions of its rows.
    pub(crate) fn stale(&self, rows: &[(String, i64)]) -> Vec<String> {
        let known = |name: &str, revision: i64| {
            self.get(name).is_some_and(|installed| installed.is_revision(revision))
        };
        let changed = rows.iter().filter(|(name, revision)| !known(name, *revision));
        let gone = self.by_name.keys().filter(|name| rows.iter().all(|(row, _)| row != *name));
        changed.map(|(name, _)| name).chain(gone).cloned().collect()
    }

    /// The plugins that subscribe to a topic and are to get its events: enabled ones with a backend,
    /// running or not.
    pub fn subscribers(&self, topic: &str) -> impl Iterator<Item = &Arc<Installed>> {
        self.iter()
            .filter(move |one| (one.plugin.is_some() || one.unavailable()) && one.subscribes(topic))
    }
}

/// The pointer to the current [`Plugins`].
#[derive(Debug, Default)]
pub(crate) struct Current(ArcSwap<Plugins>);

impl Current {
    pub(crate) fn get(&self) -> Arc<Plugins> {
        self.0.load_full()
    }

    /// Publishes a plugin, in place of an earlier state of it.
    pub(crate) fn put(&self, installed: Installed) {
        let installed = Arc::new(installed);
        self.0.rcu(|plugins| {
            let mut plugins = Plugins::clone(plugins);
            plugins.by_name.insert(installed.row.name.clone(), Arc::clone(&installed));
            plugins
        });
    }

    /// Puts a plugin, or takes it out, if what is there is still what the caller saw. False otherwise.
    pub(crate) fn exchange(
        &self,
        name: &str,
        seen: Option<&Arc<Installed>>,
        next: Option<Installed>,
    ) -> bool {
        let next = next.map(Arc::new);
        loop {
            let now = self.0.load_full();
            let unchanged = match (now.get(name), seen) {
                (Some(now), Some(seen)) => Arc::ptr_eq(now, seen),
                (now, seen) => now.is_none() && seen.is_none(),
            };
            if !unchanged {
                return false;
            }
            let mut plugins = Plugins::clone(&now);
            match &next {
                Some(next) => plugins.by_name.insert(name.to_owned(), Arc::clone(next)),
                None => plugins.by_name.remove(name),
            };
            let previous = self.0.compare_and_swap(&now, Arc::new(plugins));
            if Arc::ptr_eq(&previous, &now) {
                return true;
            }
        }
    }

    /// Takes a plugin out and returns it.
    pub(crate) fn remove(&self, name: &str) -> Option<Arc<Installed>> {
        let mut removed = None;
        // Operations on different plugins race here; each retries on what the other left.
        self.0.rcu(|plugins| {
            let mut plugins = Plugins::clone(plugins);
            removed = plugins.by_name.remove(name);
            plugins
        });
        removed
    }

    /// Takes all plugins out and returns them.
    pub(crate) fn clear(&self) -> Arc<Plugins> {
        self.0.swap(Arc::default())
    }
}
