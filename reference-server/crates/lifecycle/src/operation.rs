//! How an operation begins and ends.
//!
//! ```text
//! lock ─ record ─ …steps… ─ commit ─ publish ─ settle ─ record gone ─ lock free
//!                             │
//!                             └ the row names other files and says another version
//! ```
//!
//! The row in the registry decides what is true. [`Inner::settle`] makes schema and files what the
//! row says, whether the operation came to its commit or not, and whoever takes the lock after a
//! crash does the same. It may be cut short and run again.

use contract::manifest::Manifest;
use contract::name::{PluginName, SchemaName};
use storage::StorageError;
use storage::plugin_artifacts::{Keep, Release};
use storage::plugin_operations::{Action, Committed, Operation, OperationLock, RowChange};
use storage::registry::PluginRow;

use crate::error::LifecycleError;
use crate::files::blocking;
use crate::lifecycle::Inner;
use crate::stage::Code;
use crate::staging::Staging;

type Result<T> = std::result::Result<T, LifecycleError>;

/// An operation under way.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) record: Operation,
    pub(crate) name: PluginName,
    pub(crate) staging: Staging,
}

/// Whether a plugin may have rights that its manifest does not ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grants {
    Settled,
    ToSettle,
}

impl Inner {
    /// Runs an operation while nobody else works on the plugin, on any host. Settles what an earlier
    /// one left before it begins.
    pub(crate) async fn exclusively<T>(
        &self,
        name: &PluginName,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let _turn = self.turns.acquire().await.map_err(|_| LifecycleError::Interrupted)?;
        let lock = self.lock(name).await?.ok_or_else(|| LifecycleError::Busy(name.clone()))?;
        let outcome = match self.settle_leftover(name).await {
            Ok(()) => work.await,
            Err(error) => {
                tracing::error!(plugin = %name, error = chain(&error), "not settled");
                Err(LifecycleError::Unsettled(name.clone()))
            }
        };
        lock.release().await;
        outcome
    }

    async fn lock(&self, name: &PluginName) -> Result<Option<OperationLock>> {
        let lock = self.database.plugin_operations().lock(&schema_of(name)?).await;
        lock.map_err(LifecycleError::Registry)
    }

    /// The lock of a plugin whose operation nobody works on.
    pub(crate) async fn lock_to_settle(
        &self,
        name: &PluginName,
        record: &Operation,
    ) -> Result<Option<OperationLock>> {
        let operations = self.database.plugin_operations();
        let lock = operations.lock_to_settle(&schema_of(name)?, record.id).await;
        lock.map_err(LifecycleError::Registry)
    }

    /// Writes down what is about to happen, before anything does.
    pub(crate) async fn begin(&self, action: Action, name: &PluginName) -> Result<Attempt> {
        let record = self.database.plugin_operations().begin(name, action).await;
        let record = record.map_err(LifecycleError::Registry)?;
        let staging = self.staging.of(record.id);
        self.crash.pass(action, "begun");
        Ok(Attempt { record, name: name.clone(), staging })
    }

    /// The commit point: the row changes, and with it what is true.
    pub(crate) async fn commit(
        &self,
        attempt: &Attempt,
        change: RowChange<'_>,
    ) -> Result<Option<PluginRow>> {
        let committed = self.database.plugin_operations().commit(&attempt.record, change).await;
        let committed = match committed {
            Ok(committed) => committed,
            Err(StorageError::Conflict { .. }) => {
                return Err(LifecycleError::AlreadyInstalled(attempt.name.clone()));
            }
            // It may have happened, with the answer lost on its way.
            Err(error) if error.is_unavailable() => match self.record_of(attempt).await {
                Ok(Some(Operation { committed: true, .. })) => {
                    Committed::Row(self.row_by_name(&attempt.name).await?)
                }
                _ => return Err(LifecycleError::Registry(error)),
            },
            Err(error) => return Err(LifecycleError::Registry(error)),
        };
        self.crash.pass(attempt.record.action, "committed");
        match committed {
            Committed::Row(row) => Ok(row),
            Committed::NoSuchRow => Err(LifecycleError::NotInstalled),
            Committed::Superseded => Err(LifecycleError::Interrupted),
        }
    }

    async fn record_of(&self, attempt: &Attempt) -> Result<Option<Operation>> {
        let record = self.database.plugin_operations().find(&attempt.name).await;
        let record = record.map_err(LifecycleError::Registry)?;
        Ok(record.filter(|record| record.id == attempt.record.id))
    }

    /// Ends an operation: makes everything what the row says now.
    pub(crate) async fn conclude<T>(
        &self,
        attempt: Attempt,
        outcome: Result<T>,
        grants: Grants,
    ) -> Result<T> {
        let ended = match self.record_of(&attempt).await {
            // Somebody else settled it: this host had lost its lock.
            Ok(None) => Ok(()),
            Ok(Some(record)) => {
                let grants = if outcome.is_ok() { grants } else { Grants::ToSettle };
                self.settle(&record, grants).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            // Not the operation's result: the record stays, and is settled by the next operation on
            // the plugin, by the next start, or by any host that looks.
            tracing::error!(operation = %attempt.record.id, plugin = %attempt.name,
                error = chain(&error), "not tidied up; it will be tried again");
        }
        outcome
    }

    /// Settles what an operation that nobody works on left. To be called with the lock.
    pub(crate) async fn settle_leftover(&self, name: &PluginName) -> Result<()> {
        let record = self.database.plugin_operations().find(name).await;
        let Some(record) = record.map_err(LifecycleError::Registry)? else { return Ok(()) };
        tracing::warn!(operation = %record.id, plugin = %name, action = record.action.as_str(),
            committed = record.committed, "settling an interrupted operation");
        self.settle(&record, Grants::ToSettle).await?;
        self.catch_up(name).await
    }

    /// Makes schema and files what the row says, and forgets the operation.
    async fn settle(&self, record: &Operation, grants: Grants) -> Result<()> {
        let name = crate::steps::plugin_name(&record.plugin_name)?;
        let row = self.row_by_name(&name).await?;
        self.settle_schema(&name, record, row.as_ref(), grants).await?;
        self.crash.pass(record.action, "schema-settled");
        let keep = match &row {
            Some(PluginRow { release: Some(release), .. }) => Keep::Release(*release),
            // What an operator put in place goes with an uninstallation only.
            None if record.action == Action::Uninstall => Keep::Nothing,
            _ => Keep::Placed,
        };
        self.artifacts.keep_only(&name, keep).await.map_err(LifecycleError::Artifacts)?;
        self.crash.pass(record.action, "files-settled");
        let staging = self.staging.of(record.id);
        blocking(move || staging.remove()).await?;
        self.crash.pass(record.action, "unstaged");
        let ended = self.database.plugin_operations().end(record.id).await;
        ended.map_err(LifecycleError::Registry)?;
        self.crash.pass(record.action, "ended");
        Ok(())
    }

    /// Schema, roles and rights. An undone upgrade may have asked for more rights than the version
    /// that stays, and down migrations that ran before one failed took tables with them.
    async fn settle_schema(
        &self,
        name: &PluginName,
        record: &Operation,
        row: Option<&PluginRow>,
        grants: Grants,
    ) -> Result<()> {
        let schemas = self.database.plugin_schemas();
        let Some(row) = row else {
            // Data kept from an earlier installation stays kept.
            let undone = record.action == Action::Install && record.schema_is_new;
            let gone = if undone { schemas.remove(name).await } else { schemas.detach(name).await };
            return gone.map_err(LifecycleError::Schema);
        };
        if record.committed && grants == Grants::Settled {
            return Ok(());
        }
        let Ok(manifest) = Manifest::from_value(row.manifest.clone()) else { return Ok(()) };
        let code = Code::read(&self.artifacts, Release { plugin: name, id: row.release }).await?;
        if !code.needs_schema(&manifest) {
            if record.schema_is_new {
                schemas.remove(name).await.map_err(LifecycleError::Schema)?;
            }
            return Ok(());
        }
        self.provision(name, &[&manifest]).await?;
        if record.action == Action::Uninstall {
            self.migrate_up(name, &code).await?;
        }
        Ok(())
    }

    pub(crate) async fn row_by_name(&self, name: &PluginName) -> Result<Option<PluginRow>> {
        let registry = self.database.registry();
        registry.by_name(name.as_str()).await.map_err(LifecycleError::Registry)
    }
}

fn schema_of(name: &PluginName) -> Result<SchemaName> {
    name.schema_name().map_err(|source| LifecycleError::SchemaConflict {
        name: name.clone(),
        reason: source.to_string(),
    })
}

/// An error with its sources, for one field of a log line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
