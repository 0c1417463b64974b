//! The connection to Postgres, and the way to every store on it.

use std::str::FromStr as _;
use std::sync::Arc;

use policy::Policy;
use sha2::{Digest as _, Sha256};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::api_keys::ApiKeys;
use crate::config::DatabaseConfig;
use crate::core_pool::CorePool;
use crate::core_reads::CoreReads;
use crate::error::StorageError;
use crate::members::Members;
use crate::metrics;
use crate::migrations::Migrations;
use crate::outbox::Outbox;
use crate::plugin_kv::PluginKv;
use crate::plugin_operations::Operations;
use crate::plugin_schema::{self, PluginSchemas, RoleNames};
use crate::plugin_session::{Login, SessionPool};
use crate::plugin_sql::PluginSql;
use crate::projects::Projects;
use crate::registry::Registry;
use crate::registry_changes::RegistryChanges;
use crate::roles::Roles;
use crate::sessions::Sessions;
use crate::tasks::Tasks;
use crate::users::Users;

/// The core tables, embedded.
static CORE_MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Names the state of the core tables: another value means other migrations. Keys templates of test
/// databases.
pub fn core_schema_fingerprint() -> String {
    let mut hash = Sha256::new();
    for migration in CORE_MIGRATIONS.iter() {
        hash.update(&migration.checksum);
    }
    hex::encode(hash.finalize())
}

/// The host's database. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct Database {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    core: CorePool,
    /// Sessions that hold locks of plugins.
    locks: CorePool,
    /// There are new events in the outbox.
    news: Notify,
    /// This host, among those that share the database; another one after every start.
    host: Uuid,
    names: RoleNames,
    sessions: Arc<SessionPool>,
    config: DatabaseConfig,
    policy: Arc<Policy>,
}

/// Plugins that a host locks at a time: those it works on, and those it looks at.
const LOCKS: u32 = 10;

/// The oldest Postgres that has all this crate and the specification use: MERGE.
const OLDEST_SERVER: (i32, &str) = (150_000, "15");

impl Database {
    /// Connects, brings the core tables up to date and prepares what plugin roles need.
    ///
    /// Hosts that start together on one database take turns. A database that a newer host made is
    /// refused rather than used.
    pub async fn connect(
        config: &DatabaseConfig,
        policy: Arc<Policy>,
    ) -> Result<Self, StorageError> {
        let options = PgConnectOptions::from_str(&config.url).map_err(|error| {
            StorageError::InvalidUrl { store: "database", reason: error.to_string() }
        })?;
        let failed = |source| StorageError::from_sqlx("connecting", source);
        let core = CorePool::connect(options.clone(), config).await.map_err(failed)?;
        check_version(&core).await?;
        migrate(&options).await?;
        let database: String = sqlx::query_scalar("SELECT current_database()::text")
            .fetch_one(&core)
            .await
            .map_err(failed)?;
        let names = RoleNames::new(&database, &config.role_secret);
        plugin_schema::prepare(&core, &names, &policy.core_data)
            .await
            .map_err(StorageError::database("preparing the database for plugins"))?;
        let locks = options.clone().application_name("hostproof-locks");
        let locks = CorePool::apart(locks, config, LOCKS);
        let login = Login::new(options, names.clone(), config.acquire_timeout);
        let sessions = SessionPool::new(login, config);
        let config = config.clone();
        Ok(Self {
            inner: Arc::new(Inner {
                core,
                locks,
                news: Notify::new(),
                host: Uuid::new_v4(),
                names,
                sessions,
                config,
                policy,
            }),
        })
    }

    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), StorageError> {
        sqlx::query("SELECT 1")
            .execute(&self.inner.core)
            .await
            .map(drop)
            .map_err(StorageError::database("pinging"))
    }

    /// Sets the gauges of the pools. For whoever is about to read them.
    pub fn record_metrics(&self) {
        let Inner { core, sessions, .. } = &*self.inner;
        metrics::record("core", core.state_now());
        metrics::record("plugins", sessions.state_now());
    }

    /// Closes every connection; later calls fail as unavailable.
    pub async fn close(&self) {
        self.inner.sessions.shut_down();
        self.inner.locks.close().await;
        self.inner.core.close().await;
    }

    pub(crate) fn core(&self) -> &CorePool {
        &self.inner.core
    }

    pub(crate) fn names(&self) -> &RoleNames {
        &self.inner.names
    }

    pub(crate) fn sessions(&self) -> &Arc<SessionPool> {
        &self.inner.sessions
    }

    pub(crate) fn config(&self) -> &DatabaseConfig {
        &self.inner.config
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// Installed plugins and their extension settings.
    pub fn registry(&self) -> Registry<'_> {
        Registry { pool: &self.inner.core }
    }

    /// Operations on plugins.
    pub fn plugin_operations(&self) -> Operations<'_> {
        let Inner { core, locks, host, .. } = &*self.inner;
        Operations { pool: core, locks, host: *host }
    }

    /// Follows what other hosts change in the registry.
    pub fn registry_changes(&self) -> RegistryChanges {
        RegistryChanges::follow(self.inner.config.url.clone(), self.inner.host)
    }

    /// Users and their password hashes.
    pub fn users(&self) -> Users<'_> {
        Users { pool: &self.inner.core, outbox: self.outbox() }
    }

    /// Global and project roles.
    pub fn roles(&self) -> Roles<'_> {
        Roles { pool: &self.inner.core }
    }

    /// Projects.
    pub fn projects(&self) -> Projects<'_> {
        Projects { pool: &self.inner.core }
    }

    /// Members of projects.
    pub fn members(&self) -> Members<'_> {
        Members { pool: &self.inner.core }
    }

    /// Tasks.
    pub fn tasks(&self) -> Tasks<'_> {
        Tasks { pool: &self.inner.core, outbox: self.outbox() }
    }

    /// Core events on their way to the bus.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox { pool: &self.inner.core, news: &self.inner.news }
    }

    /// The core as guests read it.
    pub fn core_reads(&self) -> CoreReads<'_> {
        CoreReads { pool: &self.inner.core }
    }

    /// Who is signed in.
    pub fn sessions_of_users(&self) -> Sessions<'_> {
        Sessions { pool: &self.inner.core }
    }

    /// API keys.
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys { pool: &self.inner.core }
    }

    /// Plugin schemas and the roles that own and use them.
    pub fn plugin_schemas(&self) -> PluginSchemas<'_> {
        PluginSchemas { database: self }
    }

    /// Plugins' own statements.
    pub fn plugin_sql(&self) -> PluginSql<'_> {
        PluginSql { database: self }
    }

    /// Plugins' key-value stores.
    pub fn plugin_kv(&self) -> PluginKv<'_> {
        PluginKv { database: self }
    }

    /// Plugins' migrations.
    pub fn migrations(&self) -> Migrations<'_> {
        Migrations { database: self }
    }
}

/// Brings the core tables up to date, in a session of its own: a change of a large table takes the
/// time it takes, and hosts that start together wait for each other.
async fn migrate(options: &PgConnectOptions) -> Result<(), StorageError> {
    let connecting = StorageError::database("connecting for the core migrations");
    let mut session = options
        .clone()
        .application_name("hostproof-migrations")
        .connect()
        .await
        .map_err(connecting)?;
    CORE_MIGRATIONS.run(&mut session).await.map_err(StorageError::from_migrate)?;
    // It has done its work; how it ends does not matter.
    let _ = session.close().await;
    Ok(())
}

async fn check_version(core: &CorePool) -> Result<(), StorageError> {
    let (number, found): (i32, String) = sqlx::query_as(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version')",
    )
    .fetch_one(core)
    .await
    .map_err(StorageError::database("asking for the server's version"))?;
    let (oldest, required) = OLDEST_SERVER;
    if number < oldest {
        return Err(StorageError::UnsupportedServer { found, required });
    }
    Ok(())
}

/// Deletes a row of a table that plugins' foreign keys may point at. False when there was none.
///
/// The row takes plugins' rows with it, and Postgres evaluates in this session, though with the
/// plugin's rights, what the plugin put on them: defaults, checks, conditions. Such an expression
/// could leave settings behind, a search path for one. So the session ends with the deletion.
pub(crate) async fn delete_referenced(
    pool: &CorePool,
    statement: &'static str,
    keys: [Uuid; 2],
) -> Result<bool, sqlx::Error> {
    pool.bounded(async {
        let mut session = pool.acquire().await?;
        session.close_on_drop();
        let [first, second] = keys;
        let done = sqlx::query(statement).bind(first).bind(second).execute(&mut *session).await?;
        Ok(done.rows_affected() == 1)
    })
    .await
}
