//! How an operation begins and ends: with a record in the journal, and concluded, rolled back, or
//! settled by whoever comes after a crash.
//!
//! The row in the registry decides. [`Inner::committed`] compares it with the record; a record
//! whose operation is committed is carried forward, any other is undone.

use contract::manifest::Manifest;
use contract::name::PluginName;
use storage::registry::{PluginChange, PluginRow};
use uuid::Uuid;

use crate::error::LifecycleError;
use crate::files::blocking;
use crate::journal::{self, Action, Leftover, Record};
use crate::layout::{Staging, Tree};
use crate::lifecycle::Inner;
use crate::stage::Code;
use crate::swap;

/// An operation under way.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) staging: Staging,
    pub(crate) record: Record,
    /// The row before the operation, to be put back; none for an installation.
    pub(crate) before: Option<PluginRow>,
}

impl Inner {
    /// Writes down what is about to happen, before anything does.
    pub(crate) async fn begin(
        &self,
        action: Action,
        name: &PluginName,
        to: Option<String>,
        before: Option<PluginRow>,
    ) -> Result<Attempt, LifecycleError> {
        // An uninstallation moves every tree out and none in.
        let incoming = (action == Action::Uninstall).then(Vec::new);
        let record = Record { action, name: name.clone(), to, schema_is_new: None, incoming };
        let attempt = Attempt { staging: self.layout.staging(Uuid::new_v4()), record, before };
        self.write_down(&attempt).await?;
        Ok(attempt)
    }

    /// Records that the new version's trees are complete, so that a swap may begin.
    pub(crate) async fn record_trees(
        &self,
        attempt: &mut Attempt,
        trees: Vec<Tree>,
    ) -> Result<(), LifecycleError> {
        attempt.record.incoming = Some(trees);
        self.write_down(attempt).await
    }

    /// Makes the plugin's schema and roles ready for a version, and records whether they are new.
    pub(crate) async fn provision_for(
        &self,
        attempt: &mut Attempt,
        manifests: &[&Manifest],
    ) -> Result<(), LifecycleError> {
        let is_new = self.provision(&attempt.record.name, manifests).await?;
        // A second call finds what the first one made.
        if attempt.record.schema_is_new.is_none() {
            attempt.record.schema_is_new = Some(is_new);
            self.write_down(attempt).await?;
        }
        Ok(())
    }

    async fn write_down(&self, attempt: &Attempt) -> Result<(), LifecycleError> {
        let (staging, record) = (attempt.staging.clone(), attempt.record.clone());
        Ok(blocking(move || journal::write(&staging, &record)).await?)
    }

    /// Ends an operation: what succeeded is tidied up after, what failed is undone.
    pub(crate) async fn conclude<T>(
        &self,
        attempt: Attempt,
        outcome: Result<T, LifecycleError>,
    ) -> Result<T, LifecycleError> {
        let ended = match &outcome {
            Ok(_) => self.close(&attempt.staging).await,
            Err(_) => self.roll_back(&attempt).await,
        };
        if let Err(error) = ended {
            // Not the operation's result: the record stays, and the next operation on the plugin
            // or the next start settles it.
            let operation = attempt.staging.operation();
            tracing::error!(%operation, plugin = %attempt.record.name, error = chain(&error),
                "staging could not be tidied up; it will be tried again");
        }
        outcome
    }

    /// Makes everything as it was before the operation, applied migrations excepted.
    async fn roll_back(&self, attempt: &Attempt) -> Result<(), LifecycleError> {
        let Attempt { staging, record, before } = attempt;
        // Committed all the same: the swap failed, or the answer to the commit was lost.
        if self.committed(record).await? {
            // Files first: a kill in between finds a committed record and finishes the swap.
            self.swap_back(staging, record).await?;
            self.restore_row(record, before.as_ref()).await?;
        }
        self.undo(staging, record).await
    }

    async fn restore_row(
        &self,
        record: &Record,
        before: Option<&PluginRow>,
    ) -> Result<(), LifecycleError> {
        let registry = self.database.registry();
        if let Some(row) = before {
            let change = PluginChange {
                version: Some(&row.version),
                manifest: Some(&row.manifest),
                enabled: Some(row.enabled),
            };
            registry.update(row.id, change).await.map_err(LifecycleError::Registry)?;
        } else if let Some(row) = self.row_by_name(&record.name).await? {
            registry.delete(row.id).await.map_err(LifecycleError::Registry)?;
        }
        Ok(())
    }

    /// Finishes or undoes what an interrupted operation left.
    pub(crate) async fn settle(&self, leftover: &Leftover) -> Result<(), LifecycleError> {
        let Leftover { staging, record } = leftover;
        let committed = self.committed(record).await?;
        tracing::warn!(operation = %staging.operation(), plugin = %record.name,
            action = ?record.action, committed, "settling an interrupted operation");
        if committed {
            self.finish(staging, record).await
        } else {
            self.undo(staging, record).await
        }
    }

    /// Settles what earlier operations on one plugin left in this process, and publishes what the
    /// plugin is after that.
    pub(crate) async fn settle_plugin(&self, name: &PluginName) -> Result<(), LifecycleError> {
        let layout = self.layout.clone();
        let (found, _) = blocking(move || journal::leftovers(&layout)).await?;
        let mut settled = false;
        for leftover in found.iter().filter(|leftover| leftover.record.name == *name) {
            if let Err(error) = self.settle(leftover).await {
                tracing::error!(plugin = %name, error = chain(&error), "not settled");
                return Err(LifecycleError::Unsettled(name.clone()));
            }
            settled = true;
        }
        if settled {
            self.publish_from_registry(name).await?;
        }
        Ok(())
    }

    /// Whether the row is what it will be once the operation is done.
    async fn committed(&self, record: &Record) -> Result<bool, LifecycleError> {
        let row = self.row_by_name(&record.name).await?;
        Ok(match record.action {
            Action::Install => row.is_some(),
            Action::Upgrade => row.map(|row| row.version) == record.to,
            Action::Uninstall => row.is_none(),
        })
    }

    /// Carries a committed operation to its end.
    pub(crate) async fn finish(
        &self,
        staging: &Staging,
        record: &Record,
    ) -> Result<(), LifecycleError> {
        self.swap_forward(staging, record).await?;
        if record.action == Action::Uninstall {
            let schemas = self.database.plugin_schemas();
            schemas.detach(&record.name).await.map_err(LifecycleError::Schema)?;
        }
        self.close(staging).await
    }

    /// Takes back an operation that is not committed.
    async fn undo(&self, staging: &Staging, record: &Record) -> Result<(), LifecycleError> {
        self.swap_back(staging, record).await?;
        let schemas = self.database.plugin_schemas();
        let name = &record.name;
        match (record.action, record.schema_is_new) {
            (Action::Install | Action::Upgrade, Some(true)) => {
                schemas.remove(name).await.map_err(LifecycleError::Schema)?;
            }
            // Data kept from an earlier installation stays kept.
            (Action::Install, _) => {
                schemas.detach(name).await.map_err(LifecycleError::Schema)?;
            }
            (Action::Upgrade, None) => {}
            (Action::Upgrade, Some(false)) | (Action::Uninstall, _) => {
                self.restore_schema(name, record.action).await?;
            }
        }
        self.close(staging).await
    }

    /// Brings the schema of a plugin that stays back to what its row says: a new version may have
    /// asked for more rights, and down migrations that ran before one failed took tables with them.
    async fn restore_schema(
        &self,
        name: &PluginName,
        action: Action,
    ) -> Result<(), LifecycleError> {
        let Some(row) = self.row_by_name(name).await? else { return Ok(()) };
        let Ok(manifest) = Manifest::from_value(row.manifest) else { return Ok(()) };
        let code = Code::read(self.layout.live(Tree::Backend, name)).await?;
        if code.needs_schema(&manifest) {
            self.provision(name, &[&manifest]).await?;
            if action == Action::Uninstall {
                self.migrate_up(name, &code).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn swap_forward(
        &self,
        staging: &Staging,
        record: &Record,
    ) -> Result<(), LifecycleError> {
        let (staging, record) = (staging.clone(), record.clone());
        Ok(blocking(move || match &record.incoming {
            Some(has) => swap::forward(&staging, &record.name, has),
            None => Ok(()),
        })
        .await?)
    }

    async fn swap_back(&self, staging: &Staging, record: &Record) -> Result<(), LifecycleError> {
        let (staging, record) = (staging.clone(), record.clone());
        Ok(blocking(move || match &record.incoming {
            Some(has) => swap::back(&staging, &record.name, has),
            None => Ok(()),
        })
        .await?)
    }

    async fn close(&self, staging: &Staging) -> Result<(), LifecycleError> {
        let staging = staging.clone();
        Ok(blocking(move || journal::close(&staging)).await?)
    }

    pub(crate) async fn row_by_name(
        &self,
        name: &PluginName,
    ) -> Result<Option<PluginRow>, LifecycleError> {
        let registry = self.database.registry();
        registry.by_name(name.as_str()).await.map_err(LifecycleError::Registry)
    }
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
