//! What can be asked of the lifecycle.

use std::path::Path;
use std::sync::Arc;

use contract::catalog::Catalog;
use policy::Policy;
use sandbox::Sandbox;
use serde_json::Value;
use storage::Database;
use storage::registry::PluginRow;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::catalog;
use crate::config::LifecycleConfig;
use crate::error::LifecycleError;
use crate::fetch::Fetcher;
use crate::files::{self, blocking};
use crate::layout::{Layout, Tree};
use crate::locks::Locks;
use crate::restore::Restored;
use crate::snapshot::{Current, Plugins};

/// The installed plugins and every way to change them. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) config: LifecycleConfig,
    pub(crate) layout: Layout,
    pub(crate) policy: Arc<Policy>,
    pub(crate) database: Database,
    pub(crate) sandbox: Sandbox,
    pub(crate) fetcher: Fetcher,
    pub(crate) locks: Locks,
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
    /// Sets up directories and the HTTP client. Nothing is installed or loaded before
    /// [`restore`](Self::restore).
    pub async fn new(
        config: LifecycleConfig,
        policy: Arc<Policy>,
        database: Database,
        sandbox: Sandbox,
    ) -> Result<Self, LifecycleError> {
        let layout = Layout::new(&config.wasm_dir, &config.frontend_dir, &config.mcp_dir);
        let roots = layout.clone();
        blocking(move || make_roots(&roots)).await?;
        let fetcher = Fetcher::new(Arc::clone(&policy), config.allow_insecure, config.timeout);
        Ok(Self {
            inner: Arc::new(Inner {
                config,
                layout,
                policy,
                database,
                sandbox,
                fetcher,
                locks: Locks::default(),
                current: Current::default(),
                operations: TaskTracker::new(),
            }),
        })
    }

    /// Settles what a killed host left half done, then loads the enabled plugins. One that fails
    /// stops no other. To be called once, before anything else.
    pub async fn restore(&self) -> Result<Restored, LifecycleError> {
        self.inner.restore().await
    }

    /// What is installed and running now.
    pub fn snapshot(&self) -> Arc<Plugins> {
        self.inner.current.get()
    }

    /// The catalog: what it offers, and which entries hid themselves, with the reason.
    pub async fn marketplace(&self) -> Result<Catalog, LifecycleError> {
        self.inner.catalog().await
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
}

fn make_roots(layout: &Layout) -> Result<(), LifecycleError> {
    let mut seen: Vec<std::path::PathBuf> = Vec::new();
    for tree in Tree::ALL {
        let root: &Path = layout.root(tree);
        files::create_dir(root)?;
        let canonical = files::canonical(root)?;
        if seen.contains(&canonical) {
            return Err(LifecycleError::SameDirectories);
        }
        seen.push(canonical);
    }
    Ok(())
}
