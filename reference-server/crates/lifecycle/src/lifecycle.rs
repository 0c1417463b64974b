//! What can be asked of the lifecycle.

use std::sync::Arc;

use contract::catalog::Catalog;
use contract::name::PluginName;
use policy::Policy;
use sandbox::Sandbox;
use serde_json::Value;
use storage::Database;
use storage::plugin_artifacts::{ArtifactStore, OpenFile, Part, Release, Tree};
use storage::registry::PluginRow;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::catalog;
use crate::config::LifecycleConfig;
use crate::crash::CrashPoint;
use crate::error::LifecycleError;
use crate::fetch::Fetcher;
use crate::files::{self, blocking};
use crate::follow::Settled;
use crate::snapshot::{Current, Plugins};
use crate::staging::StagingRoot;

/// Operations at a time; the others wait. Each has a session of the database to itself, and compiles
/// on all cores.
const AT_A_TIME: usize = 8;

/// The installed plugins and every way to change them. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: LifecycleConfig,
    pub(crate) staging: StagingRoot,
    pub(crate) artifacts: ArtifactStore,
    pub(crate) policy: Arc<Policy>,
    pub(crate) database: Database,
    pub(crate) sandbox: Sandbox,
    pub(crate) fetcher: Fetcher,
    pub(crate) turns: Semaphore,
    pub(crate) crash: CrashPoint,
    pub(crate) current: Current,
    operations: TaskTracker,
}

/// A manual installation: the manifest comes with the request, and the files, if any, are in the
/// plugin directories already.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The plugin's name.
    pub name: String,
    /// Its version, which the manifest repeats.
    pub version: String,
    /// Its manifest.
    pub manifest: Value,
    /// Whether it is loaded.
    pub enabled: bool,
}

/// Fields of an installed plugin to replace; `None` keeps what is there.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// The version in the registry.
    pub version: Option<String>,
    /// The manifest, which replaces the old one whole. Files are untouched.
    pub manifest: Option<Value>,
    /// Whether the plugin is loaded.
    pub enabled: Option<bool>,
}

impl Lifecycle {
    /// Sets up staging and the HTTP client. Nothing is known or loaded before
    /// [`settle`](Self::settle) and [`load_installed`](Self::load_installed).
    pub async fn new(
        config: LifecycleConfig,
        policy: Arc<Policy>,
        database: Database,
        artifacts: ArtifactStore,
        sandbox: Sandbox,
    ) -> Result<Self, LifecycleError> {
        let staging = config.staging_dir.clone();
        blocking(move || files::create_dir(&staging)).await?;
        let fetcher = Fetcher::new(Arc::clone(&policy), &config);
        Ok(Self {
            inner: Arc::new(Inner {
                staging: StagingRoot::new(&config.staging_dir),
                crash: CrashPoint::new(config.crash_at.clone()),
                config,
                artifacts,
                policy,
                database,
                sandbox,
                fetcher,
                turns: Semaphore::new(AT_A_TIME),
                current: Current::default(),
                operations: TaskTracker::new(),
            }),
        })
    }

    /// Settles what a killed host left half done, and makes known what is installed. Until its code is
    /// loaded, an enabled plugin with a backend is unavailable, its files are there. To be called once,
    /// before anything else.
    pub async fn settle(&self) -> Result<Settled, LifecycleError> {
        self.inner.settle_leftovers().await
    }

    /// Loads the enabled plugins, several at a time, each served as soon as it is loaded; how many
    /// could not be loaded. One that fails stops no other, and the log says why. To be called once,
    /// before [`follow`](Self::follow); operations may come meanwhile.
    pub async fn load_installed(&self) -> usize {
        self.inner.load_installed().await
    }

    /// Follows what other hosts on the same database do, until it is told to stop: what they install,
    /// change or remove is served or gone here as well, and what one of them left half done when it
    /// died is settled. For as long as the host runs.
    pub async fn follow(&self, stop: CancellationToken) {
        self.inner.follow(stop).await;
    }

    /// What is installed and running now.
    pub fn snapshot(&self) -> Arc<Plugins> {
        self.inner.current.get()
    }

    /// The catalog: what it offers, and which entries hid themselves, with the reason.
    pub async fn marketplace(&self) -> Result<Catalog, LifecycleError> {
        self.inner.catalog().await
    }

    /// Opens a file of an enabled plugin for sending; `None` when there is no such plugin or file.
    pub async fn open_file(
        &self,
        tree: Tree,
        name: &PluginName,
        path: &[&str],
        part: Part,
    ) -> Result<Option<OpenFile>, LifecycleError> {
        self.inner.open_file(tree, name, path, part).await
    }

    /// Installs a plugin from the catalog.
    pub async fn install(&self, name: &str, enabled: bool) -> Result<PluginRow, LifecycleError> {
        let (inner, name) = (Arc::clone(&self.inner), name.to_owned());
        self.detached(async move { inner.install(&name, enabled).await }).await
    }

    /// Installs a plugin whose manifest is at hand.
    pub async fn register(&self, registration: Registration) -> Result<PluginRow, LifecycleError> {
        let inner = Arc::clone(&self.inner);
        self.detached(async move { inner.register(registration).await }).await
    }

    /// Changes an installed plugin's version, manifest or enabledness.
    pub async fn patch(&self, id: Uuid, patch: Patch) -> Result<PluginRow, LifecycleError> {
        let inner = Arc::clone(&self.inner);
        self.detached(async move { inner.patch(id, patch).await }).await
    }

    /// Upgrades an installed plugin to the version that the catalog offers.
    pub async fn upgrade(&self, id: Uuid) -> Result<PluginRow, LifecycleError> {
        let inner = Arc::clone(&self.inner);
        self.detached(async move { inner.upgrade(id).await }).await
    }

    /// Removes an installed plugin. Its data stays, unless it ships down migrations.
    pub async fn uninstall(&self, id: Uuid) -> Result<(), LifecycleError> {
        let inner = Arc::clone(&self.inner);
        self.detached(async move { inner.uninstall(id).await }).await
    }

    /// Waits for the operations that run, then shuts every plugin down. Requests must have been
    /// drained before.
    pub async fn shutdown(&self) {
        self.inner.operations.close();
        self.inner.operations.wait().await;
        let plugins = self.inner.current.clear();
        for installed in plugins.iter() {
            if let Some(plugin) = &installed.plugin {
                plugin.shutdown().await;
            }
        }
    }

    /// Runs an operation to its end even if the caller goes away: a client that hangs up must not
    /// leave a plugin between two versions until the next start.
    async fn detached<T: Send + 'static>(
        &self,
        operation: impl Future<Output = Result<T, LifecycleError>> + Send + 'static,
    ) -> Result<T, LifecycleError> {
        let operation = operation.instrument(tracing::Span::current());
        match self.inner.operations.spawn(operation).await {
            Ok(result) => result,
            Err(died) => {
                tracing::error!(error = %died, "a lifecycle operation died");
                Err(LifecycleError::Interrupted)
            }
        }
    }
}

impl Inner {
    pub(crate) async fn catalog(&self) -> Result<Catalog, LifecycleError> {
        let cap = self.policy.limits.catalog_bytes as u64;
        catalog::fetch(&self.fetcher, &self.config.catalog_url, cap)
            .await
            .map_err(LifecycleError::Catalog)
    }

    async fn open_file(
        &self,
        tree: Tree,
        name: &PluginName,
        path: &[&str],
        part: Part,
    ) -> Result<Option<OpenFile>, LifecycleError> {
        loop {
            let snapshot = self.current.get();
            let Some(installed) = snapshot.get(name.as_str()).filter(|one| one.row.enabled) else {
                return Ok(None);
            };
            let release = Release { plugin: name, id: installed.row.release };
            let found = self.artifacts.open_file(tree, release, path, part.clone()).await;
            if let Some(found) = found.map_err(LifecycleError::Artifacts)? {
                return Ok(Some(found));
            }
            let whole = release.id.is_none()
                || self.artifacts.has(release).await.map_err(LifecycleError::Artifacts)?;
            if whole {
                return Ok(None);
            }
            // Another host has replaced the release a moment ago, and removed it.
            self.catch_up(name).await?;
            let now = self.current.get();
            if now.get(name.as_str()).is_some_and(|now| now.row.release == release.id) {
                return Ok(None);
            }
        }
    }
}
