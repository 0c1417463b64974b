//! A plugin's tables in a real Postgres, and the same rows for whoever asks without a host.

use std::sync::Arc;

use contract::name::PluginName;
use contract::permissions::Permissions;
use services::TestDatabase;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use storage::migrations::MigrationFile;
use storage::plugin_sql::Access;
use storage::{Database, DatabaseConfig};

use crate::prompt::Error;

/// A host's database with one plugin in it.
#[derive(Debug)]
pub struct Store {
    /// The host's way to it.
    pub database: Database,
    /// The plugin.
    pub plugin: PluginName,
    copy: TestDatabase,
}

impl Store {
    /// On the Postgres that `services exec` gave, or a way that `services` finds.
    ///
    /// # Errors
    /// There is no Postgres, or it refuses.
    pub async fn new() -> Result<Self, Error> {
        let copy = database().await?;
        let config = DatabaseConfig::new(copy.url(), "a secret of the benches");
        let database = Database::connect(&config, Arc::default()).await?;
        let plugin: PluginName = "com.example.bench".parse()?;
        database.plugin_schemas().provision(&plugin, &Permissions::default()).await?;
        Ok(Self { database, plugin, copy })
    }

    /// Makes a table of items, so many of them.
    ///
    /// # Errors
    /// Postgres refuses.
    pub async fn fill(&self, items: u32) -> Result<(), Error> {
        let file = MigrationFile {
            name: "0001_items.sql".to_owned(),
            sql: format!(
                "CREATE TABLE items (id bigint PRIMARY KEY, title text NOT NULL,
                     done boolean NOT NULL, at timestamptz NOT NULL);
                 INSERT INTO items SELECT n, 'Item number ' || n, n % 2 = 0, now()
                     FROM generate_series(1, {items}) AS n;"
            ),
        };
        self.database.migrations().run(&self.plugin, &[file]).await?;
        Ok(())
    }

    /// The plugin's statement, as its guest would have it run.
    ///
    /// # Errors
    /// It failed.
    pub async fn query(&self, sql: &str, params: &str) -> Result<String, Error> {
        let sql_of = self.database.plugin_sql();
        let rows = sql_of.query(&self.plugin, Access::ReadOnly, sql, Some(params)).await;
        rows.map_err(|error| error.to_string().into())
    }

    /// A session of the server's superuser, with the plugin's schema first.
    ///
    /// # Errors
    /// Postgres refuses.
    pub async fn connection(&self) -> Result<PgConnection, Error> {
        let mut connection = PgConnection::connect(self.copy.url()).await?;
        let schema = "plugin_data_com_example_bench";
        let path = AssertSqlSafe(format!("SET search_path = {schema}"));
        sqlx::raw_sql(path).execute(&mut connection).await?;
        Ok(connection)
    }
}

/// An own database with the core tables.
pub(crate) async fn database() -> Result<TestDatabase, Error> {
    let key = storage::core_schema_fingerprint();
    let made = services::test_database(&key, async |url: String| {
        let config = DatabaseConfig::new(url, "a secret of the benches");
        Database::connect(&config, Arc::default()).await?.close().await;
        Ok::<(), storage::StorageError>(())
    });
    Ok(made.await?)
}
