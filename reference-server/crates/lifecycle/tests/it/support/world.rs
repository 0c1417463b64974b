//! One host's lifecycle, with everything it needs, for one test.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::envelope::RequestEnvelope;
use contract::fetch::FetchResponse;
use contract::name::PluginName;
use lifecycle::{Installed, Lifecycle, LifecycleConfig, Settled};
use policy::Policy;
use policy::outbound::OutboundRefusal;
use sandbox::{
    Cache, Core, DbAccess, DbTransaction, KeyValueStore, Outbound, OutboundCall, RequestContext,
    Sandbox, SandboxConfig, ServiceError, Services,
};
use storage::plugin_artifacts::{ArtifactStore, ArtifactStoreConfig};
use storage::{Database, DatabaseConfig};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::bundle::Bundle;
use super::catalog_server::CatalogServer;
use super::state::State;

pub(crate) struct World {
    pub(crate) lifecycle: Lifecycle,
    pub(crate) catalog: CatalogServer,
    pub(crate) database: Database,
    pub(crate) url: String,
    pub(crate) database_name: String,
    pub(crate) artifacts: ArtifactStore,
    policy: Arc<Policy>,
    dir: tempfile::TempDir,
    _database: Option<services::TestDatabase>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_policy(Policy::default()).await
    }

    pub(crate) async fn with_policy(policy: Policy) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = ArtifactStore::open(folders(dir.path())).await.unwrap();
        let database = test_database().await;
        let url = database.url().to_owned();
        Self::build(policy, dir, store, &url, Some(database)).await
    }

    /// On a server of the test's own.
    pub(crate) async fn on_server(url: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = ArtifactStore::open(folders(dir.path())).await.unwrap();
        Self::build(Policy::default(), dir, store, url, None).await
    }

    /// With files elsewhere.
    pub(crate) async fn on_store(store: ArtifactStore) -> Self {
        let database = test_database().await;
        let (url, dir) = (database.url().to_owned(), tempfile::tempdir().unwrap());
        Self::build(Policy::default(), dir, store, &url, Some(database)).await
    }

    async fn build(
        policy: Policy,
        dir: tempfile::TempDir,
        artifacts: ArtifactStore,
        url: &str,
        test_database: Option<services::TestDatabase>,
    ) -> Self {
        let policy = Arc::new(policy);
        let reach = DatabaseConfig::new(url, *b"a secret of the tests");
        let database = Database::connect(&reach, Arc::clone(&policy)).await.unwrap();
        let catalog = CatalogServer::start().await;
        let config = config(&catalog, dir.path());
        let sandbox = sandbox(&policy, &database);
        let lifecycle = Lifecycle::new(
            config,
            Arc::clone(&policy),
            database.clone(),
            artifacts.clone(),
            sandbox,
        );
        let lifecycle = lifecycle.await.unwrap();
        restore(&lifecycle).await;
        Self {
            lifecycle,
            catalog,
            url: url.to_owned(),
            database_name: url.rsplit('/').next().unwrap().to_owned(),
            database,
            artifacts,
            policy,
            dir,
            _database: test_database,
        }
    }

    pub(crate) fn config(&self) -> LifecycleConfig {
        config(&self.catalog, self.dir.path())
    }

    pub(crate) fn sandbox(&self, policy: &Arc<Policy>) -> Sandbox {
        sandbox(policy, &self.database)
    }

    /// Another host on the same database and directories, configured differently, not started.
    pub(crate) async fn with_config(&self, change: impl FnOnce(&mut LifecycleConfig)) -> Lifecycle {
        let mut config = self.config();
        change(&mut config);
        let sandbox = self.sandbox(&self.policy);
        let (policy, artifacts) = (Arc::clone(&self.policy), self.artifacts.clone());
        Lifecycle::new(config, policy, self.database.clone(), artifacts, sandbox).await.unwrap()
    }

    /// Another host on the same database and store, which follows what the others do.
    pub(crate) async fn replica(&self) -> Replica {
        self.replica_on(self.artifacts.clone()).await
    }

    /// The same with a store of its own making.
    pub(crate) async fn replica_on(&self, artifacts: ArtifactStore) -> Replica {
        let reach = DatabaseConfig::new(&self.url, *b"a secret of the tests");
        let database = Database::connect(&reach, Arc::clone(&self.policy)).await.unwrap();
        let sandbox = sandbox(&self.policy, &database);
        let (config, policy) = (self.config(), Arc::clone(&self.policy));
        let lifecycle = Lifecycle::new(config, policy, database.clone(), artifacts, sandbox);
        let lifecycle = lifecycle.await.unwrap();
        let restored = restore(&lifecycle).await;
        let stop = CancellationToken::new();
        let (follower, until) = (lifecycle.clone(), stop.clone());
        tokio::spawn(async move { follower.follow(until).await });
        Replica { lifecycle, database, restored, _stop: stop.drop_guard() }
    }

    /// A new host on the same database and directories, as after a kill: nothing was told to stop.
    pub(crate) async fn restart(&mut self) -> Restored {
        self.lifecycle = self.with_config(|_| {}).await;
        restore(&self.lifecycle).await
    }

    /// Publishes a bundle and installs it.
    pub(crate) async fn install(&self, bundle: &Bundle) -> storage::registry::PluginRow {
        self.catalog.publish(bundle);
        self.lifecycle.install(&bundle.name, true).await.unwrap()
    }

    /// `backend`, `frontend`, `mcp` or `staging`.
    pub(crate) fn root(&self, tree: &str) -> PathBuf {
        self.dir.path().join(tree)
    }

    /// Everything a failed operation must leave as it was.
    pub(crate) async fn state(&self) -> State {
        State::observe(self).await
    }

    pub(crate) fn installed(&self, name: &str) -> Option<Arc<Installed>> {
        self.lifecycle.snapshot().get(name).cloned()
    }

    /// What the plugin's code answers now.
    pub(crate) async fn answer(&self, name: &str) -> Option<String> {
        answer(&*self.installed(name)?).await
    }
}

async fn test_database() -> services::TestDatabase {
    services::test_database("empty", async |_| Ok::<(), std::io::Error>(())).await.unwrap()
}

/// What a start found and did.
pub(crate) struct Restored {
    pub(crate) installed: usize,
    /// Neither running nor known to be.
    pub(crate) failed: usize,
    pub(crate) settled: usize,
    pub(crate) unsettled: usize,
}

/// Starts a host as far as its plugins go.
async fn restore(lifecycle: &Lifecycle) -> Restored {
    let Settled { installed, unreadable, settled, unsettled } = lifecycle.settle().await.unwrap();
    let failed = unreadable + lifecycle.load_installed().await;
    Restored { installed, failed, settled, unsettled }
}

/// Another host. Stops following when dropped.
pub(crate) struct Replica {
    pub(crate) lifecycle: Lifecycle,
    pub(crate) database: Database,
    pub(crate) restored: Restored,
    _stop: DropGuard,
}

impl Replica {
    /// Waits until this host answers so, or has no such plugin running.
    pub(crate) async fn until_answers(&self, name: &str, expected: Option<&str>) {
        let mut last = None;
        for _ in 0..1500 {
            last = match self.lifecycle.snapshot().get(name) {
                Some(installed) => answer(installed).await,
                None => None,
            };
            if last.as_deref() == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{name} answers {last:?} and not {expected:?}");
    }
}

/// What the code of one state of a plugin answers.
pub(crate) async fn answer(installed: &Installed) -> Option<String> {
    let envelope = RequestEnvelope {
        method: "GET".to_owned(),
        path: "hello".to_owned(),
        ..RequestEnvelope::default()
    };
    let plugin = installed.plugin.as_ref()?;
    let response = plugin.handle_request(RequestContext { envelope }).await.unwrap();
    Some(String::from_utf8(response.body).unwrap())
}

fn config(catalog: &CatalogServer, dir: &Path) -> LifecycleConfig {
    LifecycleConfig {
        staging_dir: dir.join("staging"),
        catalog_url: catalog.url(),
        timeout: Duration::from_secs(10),
        catalog_timeout: Duration::from_secs(10),
        allow_insecure: true,
        trust_roots: sandbox::TrustRoots::default(),
        crash_at: None,
    }
}

fn folders(dir: &Path) -> ArtifactStoreConfig {
    ArtifactStoreConfig::Folders {
        backend: dir.join("backend"),
        frontend: dir.join("frontend"),
        mcp: dir.join("mcp"),
    }
}

fn sandbox(policy: &Arc<Policy>, database: &Database) -> Sandbox {
    let services = Arc::new(OwnDatabase(database.clone()));
    Sandbox::new(SandboxConfig::default(), Arc::clone(policy), services, Arc::new(NoNetwork))
        .unwrap()
}

/// Services of a host whose guests read and write their own database.
struct OwnDatabase(Database);

impl KeyValueStore for OwnDatabase {}

impl Cache for OwnDatabase {}

impl Core for OwnDatabase {}

#[async_trait]
impl Services for OwnDatabase {
    async fn db_query(
        &self,
        _: &PluginName,
        _: DbAccess,
        _: &str,
        _: Option<&str>,
    ) -> Result<String, ServiceError> {
        Err(ServiceError::new("database_error", "these guests use db_exec"))
    }

    async fn db_exec(
        &self,
        plugin: &PluginName,
        sql: &str,
        params: Option<&str>,
    ) -> Result<u64, ServiceError> {
        let done = self.0.plugin_sql().exec(plugin, sql, params).await;
        done.map_err(|error| ServiceError::new("database_error", error.to_string()))
    }

    async fn db_begin(&self, _: &PluginName) -> Result<Box<dyn DbTransaction>, ServiceError> {
        Err(ServiceError::new("database_error", "these guests open no transaction"))
    }

    async fn config_get(&self, _: &PluginName, _: &str) -> Option<String> {
        None
    }

    async fn event_emit(&self, _: &PluginName, _: &str, _: &str) -> Result<(), ServiceError> {
        Ok(())
    }
}

struct NoNetwork;

#[async_trait]
impl Outbound for NoNetwork {
    async fn fetch(&self, _: OutboundCall) -> Result<FetchResponse, OutboundRefusal> {
        Err(OutboundRefusal::new("connection_failed", "these guests have no network"))
    }
}
