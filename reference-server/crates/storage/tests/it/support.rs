//! A database, a plugin and the few calls every test makes.

use contract::name::PluginName;
use contract::permissions::Permissions;
use services::TestDatabase;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use std::sync::Arc;
use storage::migrations::{MigrationError, MigrationFile};
use storage::plugin_operations::{Action, Committed, RowChange};
use storage::plugin_sql::{Access, SqlError};
use storage::projects::{NewProject, Project};
use storage::registry::PluginRow;
use storage::users::{NewUser, User};
use storage::{Database, DatabaseConfig, StorageError};

/// A host's database of the test's own.
pub(crate) struct Host {
    pub(crate) database: Database,
    pub(crate) copy: TestDatabase,
}

/// A provisioned plugin on a host.
pub(crate) struct Plugin<'a> {
    pub(crate) host: &'a Host,
    pub(crate) name: PluginName,
}

impl Host {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// A host whose plugins have other limits.
    pub(crate) async fn start_limited(limits: policy::Limits) -> Self {
        let Self { copy, .. } = Self::start().await;
        let policy = policy::Policy { limits, ..policy::Policy::default() };
        let database = Database::connect(&config(copy.url()), policy.into()).await.unwrap();
        Self { database, copy }
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut DatabaseConfig)) -> Self {
        let copy = services::test_database(&storage::core_schema_fingerprint(), async |url| {
            let config = DatabaseConfig::new(url, "a secret");
            Database::connect(&config, Arc::default()).await?.close().await;
            Ok::<(), storage::StorageError>(())
        })
        .await
        .unwrap();
        let mut config = config(copy.url());
        change(&mut config);
        let database = Database::connect(&config, Arc::default()).await.unwrap();
        Self { database, copy }
    }

    pub(crate) async fn plugin(&self, name: &str, permissions: &[&str]) -> Plugin<'_> {
        let name = PluginName::parse(name).unwrap();
        self.database.plugin_schemas().provision(&name, &permitted(permissions)).await.unwrap();
        Plugin { host: self, name }
    }

    /// A session of the server's superuser in this database.
    pub(crate) async fn superuser(&self) -> PgConnection {
        PgConnection::connect(self.copy.url()).await.unwrap()
    }

    /// Changes a plugin's row as an operation does.
    pub(crate) async fn change(
        &self,
        plugin: &str,
        action: Action,
        change: RowChange<'_>,
    ) -> Result<Option<PluginRow>, StorageError> {
        let operations = self.database.plugin_operations();
        let operation =
            operations.begin(&PluginName::parse(plugin).unwrap(), action).await.unwrap();
        let done = operations.commit(&operation, change).await;
        operations.end(operation.id).await.unwrap();
        match done? {
            Committed::Row(row) => Ok(row),
            other => panic!("{other:?}"),
        }
    }

    /// The row of a plugin that was installed now.
    pub(crate) async fn row(&self, plugin: &str) -> PluginRow {
        let manifest = serde_json::json!({});
        let insert = RowChange::Insert {
            version: "1.0.0",
            manifest: &manifest,
            enabled: true,
            release: None,
        };
        self.change(plugin, Action::Install, insert).await.unwrap().unwrap()
    }

    pub(crate) async fn user(&self, name: &str) -> User {
        let user = NewUser {
            username: name,
            password_hash: "$argon2id$a-hash",
            full_name: "Some Body",
            role: "USER",
            must_change_password: false,
        };
        self.database.users().create(user, uuid::Uuid::nil()).await.unwrap().unwrap()
    }

    pub(crate) async fn project(&self, owner: &User) -> Project {
        let project = NewProject {
            name: "A project",
            description: "",
            settings: &serde_json::json!({}),
            created_by: owner.id,
        };
        self.database.projects().create(project).await.unwrap()
    }
}

impl Plugin<'_> {
    pub(crate) async fn query(
        &self,
        sql: &str,
        params: &str,
    ) -> Result<serde_json::Value, SqlError> {
        self.query_text(sql, params).await.map(|json| serde_json::from_str(&json).unwrap())
    }

    pub(crate) async fn query_text(&self, sql: &str, params: &str) -> Result<String, SqlError> {
        let plugin_sql = self.host.database.plugin_sql();
        plugin_sql.query(&self.name, Access::ReadOnly, sql, Some(params)).await
    }

    pub(crate) async fn query2(
        &self,
        sql: &str,
        params: &str,
    ) -> Result<serde_json::Value, SqlError> {
        let plugin_sql = self.host.database.plugin_sql();
        let json = plugin_sql.query(&self.name, Access::ReadWrite, sql, Some(params)).await?;
        Ok(serde_json::from_str(&json).unwrap())
    }

    pub(crate) async fn exec(&self, sql: &str, params: &str) -> Result<u64, SqlError> {
        self.host.database.plugin_sql().exec(&self.name, sql, Some(params)).await
    }

    pub(crate) async fn migrate(
        &self,
        files: &[(&str, &str)],
    ) -> Result<Vec<String>, MigrationError> {
        self.host.database.migrations().run(&self.name, &as_files(files)).await
    }

    /// The first value of the first row.
    pub(crate) async fn value(&self, sql: &str) -> serde_json::Value {
        self.query(sql, "").await.unwrap()["rows"][0][0].take()
    }
}

pub(crate) fn as_files(files: &[(&str, &str)]) -> Vec<MigrationFile> {
    let file = |(name, sql): &(&str, &str)| MigrationFile {
        name: (*name).to_owned(),
        sql: (*sql).to_owned(),
    };
    files.iter().map(file).collect()
}

pub(crate) fn config(url: &str) -> DatabaseConfig {
    let mut config = DatabaseConfig::new(url, "a secret");
    // Many tests share one server.
    config.core_connections = 4;
    config.plugin_connections = 4;
    config.plugin_connections_each = 2;
    config
}

pub(crate) fn permitted(permissions: &[&str]) -> Permissions {
    Permissions::new(permissions.iter().map(ToString::to_string).collect())
}

/// One value, by a statement of the test's own.
pub(crate) async fn scalar<T>(connection: &mut PgConnection, sql: &str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(connection).await.unwrap()
}

pub(crate) async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.unwrap();
}
