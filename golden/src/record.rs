//! A live Postgres, for the recording: each scenario has a database of its own, with the core tables,
//! the plugin's schema after its migrations, and the scenario's rows.

mod rows;

use std::path::Path;
use std::sync::Arc;

use policy::Policy;
use services::{ServicesError, TestDatabase};
use sqlx::Connection as _;
use storage::migrations::MigrationFile;
use storage::{DatabaseConfig, StorageError};

use crate::cassette::Cassette;
use crate::kit::{Kit, KitError, scenarios, shown};
use crate::plugin::Plugin;
use crate::run::{Running, chain};
use crate::scenario::Scenario;
use crate::stage::{Database, Live};

/// What a recording came to.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The scenario.
    pub scenario: String,
    /// Answers in its cassette.
    pub answers: usize,
    /// The cassette's file; absent when the scenario asks nothing.
    pub file: Option<String>,
    /// What did not hold. The cassette is written all the same: a failure is an answer too.
    pub failures: Vec<String>,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// As for a test.
    #[error(transparent)]
    Kit(#[from] KitError),
    /// A scenario's file is wrong.
    #[error("{0}")]
    Broken(String),
    /// There is no Postgres.
    #[error("a recording takes a Postgres")]
    Services(#[from] ServicesError),
    /// The database refuses what a host does with it.
    #[error("{what} failed")]
    Storage {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: StorageError,
    },
    /// A row or a statement of the scenario is refused.
    #[error("{file}: {what} failed: {reason}")]
    Rows {
        /// The scenario.
        file: String,
        /// Which rows.
        what: String,
        /// Why.
        reason: String,
    },
    /// The plugin's migrations are refused.
    #[error("the plugin's migrations are refused: {0}")]
    Migrations(String),
}

impl RecordError {
    /// Whether there is no Postgres.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Services(_))
    }
}

/// Records the scenarios of the plugin that `path` belongs to, one after the other.
pub async fn record(
    kit: &Kit,
    path: &Path,
    wasm: Option<&Path>,
    filters: &[String],
    mut done: impl FnMut(&Recording),
) -> Result<(), RecordError> {
    let plugin = Arc::new(Plugin::open(path, wasm).map_err(KitError::from)?);
    let (scenarios, _) = scenarios(&plugin, path, filters)?;
    let compiled = kit.engine().compile(plugin.wasm.clone()).await;
    let _compiled =
        compiled.map_err(|source| KitError::Compile { path: plugin.wasm_path.clone(), source })?;
    for read in scenarios {
        let scenario =
            read.map_err(|(_, diagnostic)| RecordError::Broken(diagnostic.to_string()))?;
        done(&one(kit, &plugin, &scenario).await?);
    }
    Ok(())
}

async fn one(
    kit: &Kit,
    plugin: &Arc<Plugin>,
    scenario: &Arc<Scenario>,
) -> Result<Recording, RecordError> {
    // Dropped last: it removes the database.
    let (_throw_away, database) = prepare(plugin, scenario).await?;
    let live = Database::Live(Live::new(database.clone()));
    let running = Running::new(kit.engine(), Arc::clone(plugin), Arc::clone(scenario), live);
    let ran = running.run().await;
    let cassette = match &running.stage().database {
        Database::Live(live) => live.cassette(),
        Database::Replay(_) => Cassette::default(),
    };
    database.close().await;
    let file = Cassette::path(&plugin.golden(), &scenario.name);
    cassette.write(&file).map_err(|source| KitError::Write { path: file.clone(), source })?;
    Ok(Recording {
        scenario: scenario.name.clone(),
        answers: cassette.answers.len(),
        file: (!cassette.answers.is_empty()).then(|| shown(&file)),
        failures: ran.failures.iter().map(|it| format!("{}: {}", it.step, it.message)).collect(),
    })
}

/// A database in which the plugin is installed and the scenario's rows are there.
async fn prepare(
    plugin: &Plugin,
    scenario: &Scenario,
) -> Result<(TestDatabase, storage::Database), RecordError> {
    const SECRET: &[u8] = b"golden";
    let policy = Arc::new(Policy::default());
    let key = format!("golden-{}", storage::core_schema_fingerprint());
    let template = Arc::clone(&policy);
    let throw_away = services::test_database(&key, async move |url: String| {
        let database =
            storage::Database::connect(&DatabaseConfig::new(url, SECRET), template).await?;
        database.close().await;
        Ok::<(), StorageError>(())
    })
    .await?;
    let failed = |what| move |source| RecordError::Storage { what, source };
    let config = DatabaseConfig::new(throw_away.url(), SECRET);
    let database =
        storage::Database::connect(&config, policy).await.map_err(failed("connecting"))?;
    let refused = |what: String, reason: String| RecordError::Rows {
        file: shown(&scenario.file),
        what,
        reason,
    };
    let mut connection = sqlx::PgConnection::connect(throw_away.url())
        .await
        .map_err(|error| refused("connecting".to_owned(), error.to_string()))?;
    rows::insert(&mut connection, &scenario.world)
        .await
        .map_err(|error| refused("inserting the rows".to_owned(), error.to_string()))?;
    // A connection that stays open would keep the database from being dropped.
    drop(connection.close().await);
    let name = &plugin.manifest.id;
    database
        .plugin_schemas()
        .provision(name, &plugin.manifest.permissions)
        .await
        .map_err(failed("making the plugin's schema"))?;
    let migrations: Vec<_> = plugin
        .migrations
        .iter()
        .map(|(name, sql)| MigrationFile { name: name.clone(), sql: sql.clone() })
        .collect();
    database
        .migrations()
        .run(name, &migrations)
        .await
        .map_err(|error| RecordError::Migrations(chain(&error)))?;
    for sql in &scenario.before {
        let sql = scenario.names.fill(sql);
        let done = database.plugin_sql().exec(name, &sql, None).await;
        done.map_err(|error| refused(format!("before: {sql}"), error.to_string()))?;
    }
    Ok((throw_away, database))
}
