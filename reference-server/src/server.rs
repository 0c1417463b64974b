//! From settings to a serving host, and back down again.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use lifecycle::{Lifecycle, LifecycleConfig};
use policy::Policy;
use sandbox::{HttpOutbound, HttpOutboundConfig, Sandbox, SandboxConfig, TrustRoots};
use storage::{
    Database, DatabaseConfig,
    activities::Activities,
    cache::PluginCache,
    events::{EventBus, InProcessBus, ValkeyBus, ValkeyBusSettings, relay},
    plugin_artifacts::{ArtifactStore, ArtifactStoreConfig},
};
use tokio::{
    net::TcpListener,
    sync::SetOnce,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    app::App,
    auth::{password::Passwords, permissions::Access, sessions::Sessions, token::Tokens},
    bootstrap,
    config::{Config, PluginStore, PluginValues},
    dispatcher::Dispatcher,
    host_services::HostServices,
    metrics::{self, Metrics},
    router,
};

/// A host that is bound and ready to serve.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    sandbox: Sandbox,
    listener: TcpListener,
    address: SocketAddr,
    /// Present when metrics are served apart.
    metrics_listener: Option<TcpListener>,
}

impl Server {
    /// Connects to the stores, brings them up to date, reads what is installed and binds. Plugins are
    /// loaded while it runs.
    ///
    /// # Errors
    /// A store cannot be used or the address not bound. A plugin that does not load is none: it is
    /// logged, and the others are served.
    pub async fn start(config: Config, values: PluginValues) -> anyhow::Result<Self> {
        metrics::install().context("cannot set up metrics")?;
        let policy = Arc::new(policy(&config));
        let database = connect_database(&config, &policy).await?;
        let events = connect_events(&config, &policy).await?;
        let passwords = Passwords::new().context("cannot hash passwords")?;
        bootstrap::first_user(&database, &passwords, &config.admin)
            .await
            .context("cannot create the first user")?;

        let access = Access::new(database.clone(), policy.permissions);
        let services = HostServices {
            database: database.clone(),
            events: Arc::clone(&events),
            values,
            cache: connect_cache(&config).await?,
            activities: connect_activities(&config).await?,
            access: access.clone(),
            branding: config.branding.clone().into(),
        };
        let sandbox = build_sandbox(&config, &policy, services)?;
        let metrics = Metrics::new(sandbox.clone())?;
        let lifecycle = build_lifecycle(&config, &policy, &database, sandbox.clone()).await?;
        lifecycle.settle().await.context("cannot read what is installed")?;

        let listener = bind(config.listen).await?;
        let metrics_listener = match config.metrics.listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let address = listener.local_addr().context("cannot read the bound address")?;
        let app = Arc::new(App {
            tokens: Tokens::new(&config.auth),
            sessions: Sessions::new(database.clone()),
            access,
            config,
            policy,
            database,
            events,
            lifecycle,
            metrics,
            passwords,
            loaded: SetOnce::new(),
        });
        Ok(Self { app, sandbox, listener, address, metrics_listener })
    }

    /// Where clients on this machine reach it.
    pub fn base_url(&self) -> String {
        let ip = match self.address.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// Where metrics are served, if apart from everything else.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_listener.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// The parts, for whoever serves in-process.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Serves until `stop` is cancelled, then takes everything down in the order in which it is
    /// needed: no new connections, running requests up to the grace, the event consumer, the
    /// plugins, the stores.
    ///
    /// # Errors
    /// Accepting connections failed.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        let Self { app, sandbox, listener, address, metrics_listener } = self;
        tracing::info!(%address, "serving");
        // Aborted when this function returns.
        let _upkeep = AbortOnDropHandle::new(tokio::spawn({
            let app = Arc::clone(&app);
            async move { app.metrics.keep_up().await }
        }));
        let idle_duration = app.config.sandbox.idle_duration;
        let _shrinking =
            AbortOnDropHandle::new(tokio::spawn(shrink_sandbox(sandbox, idle_duration)));
        let _metrics =
            metrics_listener.map(|listener| AbortOnDropHandle::new(spawn_metrics(&app, listener)));
        let loading = AbortOnDropHandle::new(spawn_loading(&app));
        let (consumer_stop, relay_stop) = (CancellationToken::new(), CancellationToken::new());
        let consumer = spawn_consumer(&app, consumer_stop.clone());
        let relay = spawn_relay(&app, relay_stop.clone());
        let follow_stop = CancellationToken::new();
        let _stopped_with_this = follow_stop.clone().drop_guard();
        let following = spawn_following(&app, follow_stop.clone());

        let grace = app.config.shutdown_grace;
        let router = router::build(Arc::clone(&app));
        // An answer in two parts would wait for the client's word about the first.
        let listener = listener.tap_io(|socket| drop(socket.set_nodelay(true)));
        let serve = axum::serve(listener, router)
            .with_graceful_shutdown(stop.clone().cancelled_owned())
            .into_future();
        let mut serve = std::pin::pin!(serve);
        let served = tokio::select! {
            ended = &mut serve => ended,
            () = stop.cancelled() => timeout(grace, serve).await.unwrap_or_else(|_| {
                tracing::warn!(?grace, "requests still running after the grace are dropped");
                Ok(())
            }),
        };

        consumer_stop.cancel();
        if timeout(grace, consumer).await.is_err() {
            tracing::warn!(?grace, "event handlers still running after the grace are dropped");
        }
        // After the consumer: it notes what was handled last.
        relay_stop.cancel();
        if timeout(grace, relay).await.is_err() {
            tracing::warn!(?grace, "the relay of events did not stop within the grace");
        }
        follow_stop.cancel();
        if timeout(grace, following).await.is_err() {
            tracing::warn!(?grace, "the registry was still being read after the grace");
        }
        // Whoever did not come to the end of it will do it at the next start.
        loading.abort();
        if timeout(grace, app.lifecycle.shutdown()).await.is_err() {
            tracing::warn!(?grace, "plugins did not shut down within the grace");
        }
        app.database.close().await;
        tracing::info!("stopped");
        served.context("serving failed")
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// The specification, with the limits the operator chose.
fn policy(config: &Config) -> Policy {
    let mut policy = Policy { limits: config.limits.clone(), ..Policy::default() };
    policy.events.first_pause = config.events.retry_pause;
    #[cfg(feature = "mutants")]
    mutants::apply(&mut policy);
    policy
}

async fn connect_database(config: &Config, policy: &Arc<Policy>) -> anyhow::Result<Database> {
    // Plugin roles need passwords that every replica derives alike and no plugin can guess. The
    // prefix keeps them apart from the tokens signed with the same secret.
    let role_secret = [b"plugin-roles:", config.auth.jwt_secret.expose().as_bytes()].concat();
    let settings = DatabaseConfig {
        core_connections: config.database.max_connections,
        plugin_connections: config.database.plugin_connections,
        plugin_connections_each: config.database.plugin_connections_each,
        acquire_timeout: config.database.acquire_timeout,
        statement_timeout: config.database.statement_timeout,
        ..DatabaseConfig::new(config.database.url.expose(), role_secret)
    };
    Database::connect(&settings, Arc::clone(policy))
        .await
        .context("cannot use the database of DATABASE_URL")
}

async fn connect_events(config: &Config, policy: &Policy) -> anyhow::Result<Arc<dyn EventBus>> {
    match &config.valkey.url {
        Some(url) => {
            let mut settings = ValkeyBusSettings::default();
            if let Some(name) = &config.events.host_name {
                settings.host_name.clone_from(name);
            }
            let bus = ValkeyBus::connect(url.expose(), policy, settings)
                .await
                .context("cannot use the store of VALKEY_URL")?;
            Ok(Arc::new(bus))
        }
        None => Ok(Arc::new(InProcessBus::new(policy))),
    }
}

async fn connect_cache(config: &Config) -> anyhow::Result<PluginCache> {
    match &config.valkey.url {
        Some(url) => {
            PluginCache::valkey(url.expose()).await.context("cannot use the store of VALKEY_URL")
        }
        None => Ok(PluginCache::in_process()),
    }
}

async fn connect_activities(config: &Config) -> anyhow::Result<Activities> {
    match &config.valkey.url {
        Some(url) => {
            Activities::valkey(url.expose()).await.context("cannot use the store of VALKEY_URL")
        }
        None => Ok(Activities::in_process()),
    }
}

fn build_sandbox(
    config: &Config,
    policy: &Arc<Policy>,
    services: HostServices,
) -> anyhow::Result<Sandbox> {
    let outbound = HttpOutboundConfig {
        test_hosts: config.plugins.outbound_test_hosts.get().clone(),
        trust_roots: trust_roots(
            "PLUGINS_OUTBOUND_CA_FILE",
            config.plugins.outbound_ca_file.as_deref(),
        )?,
    };
    let outbound = HttpOutbound::new(Arc::clone(policy), outbound)
        .context("cannot set up the HTTP client of plugins")?;
    let settings = SandboxConfig {
        module_cache_dir: config.plugins.module_cache_dir.clone(),
        module_cache_bytes: config.sandbox.module_cache_bytes,
        instance_slots: config.sandbox.instance_slots,
        warm_plugins: config.sandbox.warm_plugins,
        idle_duration: config.sandbox.idle_duration,
        ..SandboxConfig::default()
    };
    Sandbox::new(settings, Arc::clone(policy), Arc::new(services), Arc::new(outbound))
        .context("cannot set up the WebAssembly sandbox")
}

/// The authorities in the file that `setting` names, if it names one.
fn trust_roots(setting: &str, file: Option<&Path>) -> anyhow::Result<TrustRoots> {
    let Some(file) = file else { return Ok(TrustRoots::default()) };
    let read = || anyhow::Ok(TrustRoots::from_pem(&std::fs::read(file)?)?);
    read().with_context(|| format!("cannot use {setting} {}", file.display()))
}

async fn build_lifecycle(
    config: &Config,
    policy: &Arc<Policy>,
    database: &Database,
    sandbox: Sandbox,
) -> anyhow::Result<Lifecycle> {
    let plugins = &config.plugins;
    let staging_dir = plugins.staging_dir.clone();
    let settings = LifecycleConfig {
        staging_dir: staging_dir.unwrap_or_else(|| plugins.wasm_dir.join(".staging")),
        catalog_url: config.marketplace.catalog_url.clone(),
        timeout: config.marketplace.timeout,
        catalog_timeout: config.marketplace.catalog_timeout.unwrap_or(config.marketplace.timeout),
        allow_insecure: config.marketplace.allow_insecure,
        trust_roots: trust_roots(
            "PLUGINS_MARKETPLACE_CA_FILE",
            config.marketplace.ca_file.as_deref(),
        )?,
        crash_at: plugins.crash_at.clone(),
    };
    let artifacts = open_artifacts(config).await?;
    Lifecycle::new(settings, Arc::clone(policy), database.clone(), artifacts, sandbox)
        .await
        .context("cannot set up the plugin lifecycle")
}

async fn open_artifacts(config: &Config) -> anyhow::Result<ArtifactStore> {
    let plugins = &config.plugins;
    let store = match plugins.store {
        PluginStore::Local => ArtifactStoreConfig::Folders {
            backend: plugins.wasm_dir.clone(),
            frontend: plugins.frontend_dir.clone(),
            mcp: plugins.mcp_dir.clone(),
        },
        PluginStore::S3 => ArtifactStoreConfig::S3 {
            bucket: plugins.bucket.clone().unwrap_or_default(),
            prefix: plugins.bucket_prefix.clone(),
            variables: config.aws.0.clone(),
        },
    };
    ArtifactStore::open(store).await.context("cannot use the store of PLUGINS_STORE")
}

/// Serves metrics on an address of their own, until the host has stopped.
fn spawn_metrics(app: &Arc<App>, listener: TcpListener) -> JoinHandle<()> {
    let router = router::metrics(Arc::clone(app));
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "metrics are not served any more");
        }
    })
}

/// Ends guests that nobody uses, from time to time. Never returns.
async fn shrink_sandbox(sandbox: Sandbox, idle_duration: Duration) {
    // An instance then outstays its time by a quarter of it at most.
    let mut ticks = interval(idle_duration / 4);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        sandbox.shrink(ticks.tick().await.into());
    }
}

/// Loads the plugins. Requests are served meanwhile, to those that are loaded.
fn spawn_loading(app: &Arc<App>) -> JoinHandle<()> {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        app.lifecycle.load_installed().await;
        // Nobody else does this.
        let _ = app.loaded.set(());
    })
}

/// Waits until the plugins are loaded; false when the host is to stop before.
async fn loaded(app: &App, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = app.loaded.wait() => true,
        () = stop.cancelled() => false,
    }
}

/// Hands out events, once there is somebody to take them: an attempt that finds its plugin not loaded
/// yet would count.
fn spawn_consumer(app: &Arc<App>, stop: CancellationToken) -> JoinHandle<()> {
    let app = Arc::clone(app);
    let dispatcher = Arc::new(Dispatcher::new(app.lifecycle.clone()));
    tokio::spawn(async move {
        if loaded(&app, &stop).await {
            app.events.run_consumer(dispatcher, stop).await;
        }
    })
}

/// Follows what other hosts on the same database do, once this one has what it found.
fn spawn_following(app: &Arc<App>, stop: CancellationToken) -> JoinHandle<()> {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        if loaded(&app, &stop).await {
            app.lifecycle.follow(stop).await;
        }
    })
}

fn spawn_relay(app: &Arc<App>, stop: CancellationToken) -> JoinHandle<()> {
    let app = Arc::clone(app);
    let in_keeping = app.policy.limits.event_backlog_entries;
    tokio::spawn(
        async move { relay(&app.database, Arc::clone(&app.events), in_keeping, stop).await },
    )
}

/// Writes the base URL where `--ready-file` says: a temporary file first, then a rename, so that
/// whoever waits for the file never reads half of it.
///
/// # Errors
/// The file cannot be written.
pub fn write_ready_file(path: &Path, base_url: &str) -> anyhow::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    std::fs::write(&temporary, base_url)
        .and_then(|()| std::fs::rename(&temporary, path))
        .with_context(|| format!("cannot write the ready file {}", path.display()))
}
