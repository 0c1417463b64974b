//! Operations on plugins: who works on which, and what a host that died was doing.
//!
//! Two things, because they end differently. The *lock* is a session: it is gone the moment its host
//! is. The *record* stays, and says what that host was about to do. So an operation is
//!
//! ```text
//! lock ─ begin (record) ─ …work… ─ commit (row and record in one transaction) ─ …tidy up… ─ end
//! ```
//!
//! and a record whose lock is free belongs to nobody any more: whoever takes the lock settles it.
//! [`Operations::commit`] refuses an operation whose record is gone, so a host that lost its lock and
//! does not know it changes nothing.

use contract::name::{PluginName, SchemaName};
use serde_json::Value;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::core_pool::CorePool;
use crate::error::StorageError;
use crate::registry::PluginRow;

/// Where changes of the registry are announced. The payload is `{host} {plugin}`.
pub(crate) const CHANGES: &str = "hostproof_plugins";

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Action {
    /// A plugin that was not there comes.
    Install,
    /// Its row changes, its files stay.
    Change,
    /// It gets files and row of another version.
    Upgrade,
    /// It goes.
    Uninstall,
}

impl Action {
    /// Its name, in records and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Change => "change",
            Self::Upgrade => "upgrade",
            Self::Uninstall => "uninstall",
        }
    }
}

/// An operation under way, or what is left of one.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Operation {
    /// The plugin's name.
    pub plugin_name: String,
    /// The operation, as opposed to others on the same plugin. Also names the release it makes.
    pub id: Uuid,
    /// What it does.
    pub action: Action,
    /// Whether the plugin had no schema before.
    pub schema_is_new: bool,
    /// Whether the plugin's row is what it will be.
    pub committed: bool,
}

/// The change of a plugin's row that an operation consists of.
#[derive(Clone, Copy, Debug)]
pub enum RowChange<'a> {
    /// A new row.
    Insert {
        /// The version.
        version: &'a str,
        /// The manifest as shipped.
        manifest: &'a Value,
        /// Whether it starts enabled.
        enabled: bool,
        /// Its files; `None` for those that an operator put in place.
        release: Option<Uuid>,
    },
    /// Fields to replace; `None` keeps what is there.
    Update {
        /// The row.
        id: Uuid,
        /// The version.
        version: Option<&'a str>,
        /// The manifest, whole.
        manifest: Option<&'a Value>,
        /// Whether it is enabled.
        enabled: Option<bool>,
        /// The files.
        release: Option<Uuid>,
    },
    /// No row any more, nor extension settings.
    Delete {
        /// The row.
        id: Uuid,
    },
}

/// How a commit ended, when the database answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Committed {
    /// The row as it is now; `None` when it was deleted.
    Row(Option<PluginRow>),
    /// The row to change is not there.
    NoSuchRow,
    /// Somebody else settled the operation: its host lost the lock.
    Superseded,
}

/// Proof that nobody else works on a plugin, on whatever host. Give it back with
/// [`release`](Self::release); one that is dropped is gone when the server notices.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct OperationLock {
    /// Holds the lock's row until it ends.
    transaction: Transaction<'static, Postgres>,
    locks: CorePool,
}

impl OperationLock {
    /// Gives the lock back, so that the next one to ask finds it free.
    pub async fn release(self) {
        let Self { transaction, locks } = self;
        // A session that cannot say so any more has lost its lock already.
        let _ = locks.bounded(transaction.rollback()).await;
    }
}

/// Access to `plugin_operations` and `plugin_locks`.
#[derive(Clone, Copy, Debug)]
pub struct Operations<'a> {
    pub(crate) pool: &'a CorePool,
    /// Sessions apart: an operation has one for as long as it takes, which is as long as a download
    /// does.
    pub(crate) locks: &'a CorePool,
    pub(crate) host: Uuid,
}

impl Operations<'_> {
    /// Takes the lock of a plugin, or nothing when somebody has it. By schema: two names that share
    /// one contend for the same tables.
    pub async fn lock(&self, schema: &SchemaName) -> Result<Option<OperationLock>, StorageError> {
        self.lock_if(schema, None).await
    }

    /// Takes the lock of a plugin for settling an operation, if that is still to be settled: whoever
    /// ended it meanwhile has others waiting for the lock.
    pub async fn lock_to_settle(
        &self,
        schema: &SchemaName,
        operation: Uuid,
    ) -> Result<Option<OperationLock>, StorageError> {
        self.lock_if(schema, Some(operation)).await
    }

    async fn lock_if(
        &self,
        schema: &SchemaName,
        operation: Option<Uuid>,
    ) -> Result<Option<OperationLock>, StorageError> {
        let failed = StorageError::database("locking a plugin");
        let taken = self.pool.bounded(async {
            sqlx::query("INSERT INTO plugin_locks VALUES ($1) ON CONFLICT DO NOTHING")
                .bind(schema.as_str())
                .execute(self.pool)
                .await?;
            let mut transaction = self.locks.begin().await?;
            let row: Option<i32> = sqlx::query_scalar(
                "SELECT 1 FROM plugin_locks
                 WHERE schema_name = $1
                   AND ($2::uuid IS NULL OR EXISTS (SELECT FROM plugin_operations WHERE id = $2))
                 FOR UPDATE SKIP LOCKED",
            )
            .bind(schema.as_str())
            .bind(operation)
            .fetch_optional(&mut *transaction)
            .await?;
            Ok(row.map(|_| transaction))
        });
        let transaction = taken.await.map_err(failed)?;
        Ok(transaction.map(|transaction| OperationLock { transaction, locks: self.locks.clone() }))
    }

    /// Writes down what is about to happen. To be called with the lock, and when no record of an
    /// earlier operation is left.
    pub async fn begin(
        &self,
        plugin: &PluginName,
        action: Action,
    ) -> Result<Operation, StorageError> {
        let schema = plugin.schema_name()?;
        sqlx::query_as(
            "INSERT INTO plugin_operations (plugin_name, id, action, schema_is_new)
             VALUES ($1, $2, $3, NOT EXISTS
                 (SELECT FROM plugin_schemas WHERE schema_name = $4 AND plugin_name = $1))
             RETURNING plugin_name, id, action, schema_is_new, committed",
        )
        .bind(plugin.as_str())
        .bind(Uuid::new_v4())
        .bind(action)
        .bind(schema.as_str())
        .fetch_one(self.pool)
        .await
        .map_err(StorageError::database("recording an operation"))
    }

    /// Changes the plugin's row and marks the operation as committed, both or neither, and tells the
    /// other hosts. The instant before this the old state is true, the instant after the new one.
    ///
    /// After an error that [`is_unavailable`](StorageError::is_unavailable) it may have happened;
    /// [`find`](Self::find) tells.
    pub async fn commit(
        &self,
        operation: &Operation,
        change: RowChange<'_>,
    ) -> Result<Committed, StorageError> {
        let work = async {
            let mut transaction = self.pool.begin().await?;
            let marked = sqlx::query(
                "UPDATE plugin_operations SET committed = true WHERE id = $1 AND NOT committed",
            )
            .bind(operation.id)
            .execute(&mut *transaction)
            .await?;
            if marked.rows_affected() != 1 {
                return Ok(Committed::Superseded);
            }
            let Some(row) = apply(&mut transaction, &operation.plugin_name, change).await? else {
                return Ok(Committed::NoSuchRow);
            };
            sqlx::query("SELECT pg_notify($1, $2)")
                .bind(CHANGES)
                .bind(format!("{} {}", self.host, operation.plugin_name))
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            let row = (!matches!(change, RowChange::Delete { .. })).then_some(row);
            Ok(Committed::Row(row))
        };
        self.pool.bounded(work).await.map_err(StorageError::database("changing a plugin's row"))
    }

    /// The record of the last operation on a plugin, if it is not ended.
    pub async fn find(&self, plugin: &PluginName) -> Result<Option<Operation>, StorageError> {
        sqlx::query_as(
            "SELECT plugin_name, id, action, schema_is_new, committed
             FROM plugin_operations WHERE plugin_name = $1",
        )
        .bind(plugin.as_str())
        .fetch_optional(self.pool)
        .await
        .map_err(StorageError::database("looking for an operation"))
    }

    /// All records.
    pub async fn list(&self) -> Result<Vec<Operation>, StorageError> {
        sqlx::query_as(
            "SELECT plugin_name, id, action, schema_is_new, committed
             FROM plugin_operations ORDER BY began_at",
        )
        .fetch_all(self.pool)
        .await
        .map_err(StorageError::database("listing operations"))
    }

    /// Removes a record: everything is of one version.
    pub async fn end(&self, id: Uuid) -> Result<(), StorageError> {
        sqlx::query("DELETE FROM plugin_operations WHERE id = $1")
            .bind(id)
            .execute(self.pool)
            .await
            .map(drop)
            .map_err(StorageError::database("ending an operation"))
    }
}

async fn apply(
    connection: &mut PgConnection,
    plugin: &str,
    change: RowChange<'_>,
) -> Result<Option<PluginRow>, sqlx::Error> {
    match change {
        RowChange::Insert { version, manifest, enabled, release } => sqlx::query_as(
            "INSERT INTO plugins (name, version, manifest, enabled, release)
             VALUES ($1, $2, $3, $4, $5) RETURNING *",
        )
        .bind(plugin)
        .bind(version)
        .bind(manifest)
        .bind(enabled)
        .bind(release)
        .fetch_one(connection)
        .await
        .map(Some),
        RowChange::Update { id, version, manifest, enabled, release } => {
            sqlx::query_as(
                "UPDATE plugins SET version = coalesce($2, version),
                                    manifest = coalesce($3, manifest),
                                    enabled = coalesce($4, enabled),
                                    release = coalesce($5, release),
                                    revision = nextval('plugin_revision'),
                                    updated_at = now()
                 WHERE id = $1 RETURNING *",
            )
            .bind(id)
            .bind(version)
            .bind(manifest)
            .bind(enabled)
            .bind(release)
            .fetch_optional(connection)
            .await
        }
        RowChange::Delete { id } => {
            sqlx::query_as("DELETE FROM plugins WHERE id = $1 RETURNING *")
                .bind(id)
                .fetch_optional(connection)
                .await
        }
    }
}
