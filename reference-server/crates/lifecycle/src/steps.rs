//! The steps of the operations, in the order in which [`crate::flow`] takes them.

use std::sync::Arc;

use contract::catalog::{CatalogEntry, RejectedEntry};
use contract::manifest::Manifest;
use contract::name::PluginName;
use contract::permissions::{CoreRead, Permissions};
use contract::version::PluginVersion;
use sandbox::{LoadError, LoadRequest};
use storage::StorageError;
use storage::migrations::MigrationFile;
use storage::plugin_artifacts::Release;
use storage::registry::PluginRow;
use uuid::Uuid;

use crate::error::LifecycleError;
use crate::lifecycle::Inner;
use crate::operation::Attempt;
use crate::snapshot::{Installed, Running};
use crate::stage::Code;

type Result<T> = std::result::Result<T, LifecycleError>;

/// A version that is staged and checked, and loaded where it is to run.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) running: Option<Running>,
}

impl Inner {
    // ── Before anything happens ─────────────────────────────────────────────────────────────────

    /// The name of an installed plugin.
    pub(crate) async fn name_of(&self, id: Uuid) -> Result<PluginName> {
        plugin_name(&self.row(id).await?.name)
    }

    pub(crate) async fn row(&self, id: Uuid) -> Result<PluginRow> {
        let row = self.database.registry().get(id).await.map_err(LifecycleError::Registry)?;
        row.ok_or(LifecycleError::NotInstalled)
    }

    pub(crate) async fn refuse_installed(&self, name: &PluginName) -> Result<()> {
        match self.row_by_name(name).await? {
            None => Ok(()),
            Some(_) => Err(LifecycleError::AlreadyInstalled(name.clone())),
        }
    }

    /// What the catalog offers now under this name.
    pub(crate) async fn offered(&self, name: &PluginName) -> Result<CatalogEntry> {
        let catalog = self.catalog().await?;
        if let Some(entry) = catalog.find(name) {
            return Ok(entry.clone());
        }
        let named = |entry: &&RejectedEntry| entry.name.as_deref() == Some(name.as_str());
        let hidden_because =
            catalog.rejected.iter().find(named).map(|rejected| rejected.reason.clone());
        Err(LifecycleError::NotOffered { name: name.clone(), hidden_because })
    }

    /// Decision D6: no two plugins share a schema, and none has a name that Postgres would cut.
    pub(crate) async fn refuse_schema_conflict(&self, name: &PluginName) -> Result<()> {
        let schemas = self.database.plugin_schemas();
        schemas.check_free(name).await.map_err(|error| schema_error(name, error))?;
        // Plugins of files only have no schema yet, and may get one with their next version.
        let rows = self.database.registry().list().await.map_err(LifecycleError::Registry)?;
        let wanted = name.schema_name().ok();
        let same = |row: &&PluginRow| {
            PluginName::parse(&row.name).is_ok_and(|other| other.schema_name().ok() == wanted)
        };
        match rows.iter().find(same) {
            None => Ok(()),
            Some(row) => Err(LifecycleError::SchemaConflict {
                name: name.clone(),
                reason: format!("plugin {} would have the same", row.name),
            }),
        }
    }

    pub(crate) fn refuse_other_version(&self, announced: &str, manifest: &Manifest) -> Result<()> {
        let found = manifest.version.to_string();
        if self.policy.versions.is_same(announced, &found) {
            return Ok(());
        }
        Err(LifecycleError::VersionMismatch { announced: announced.to_owned(), manifest: found })
    }

    // ── Schema, migrations, load ────────────────────────────────────────────────────────────────

    /// The plugin's schema and roles, with the rights that any of the given manifests asks for.
    /// True when they were made now.
    pub(crate) async fn provision(
        &self,
        name: &PluginName,
        manifests: &[&Manifest],
    ) -> Result<bool> {
        let permissions = united(manifests);
        let schemas = self.database.plugin_schemas();
        let made = schemas.provision(name, &permissions).await;
        made.map_err(|error| schema_error(name, error))
    }

    pub(crate) async fn migrate_up(&self, name: &PluginName, code: &Code) -> Result<()> {
        let migrations = self.database.migrations();
        let applied = migrations.run(name, &code.migrations).await;
        let applied = applied.map_err(|source| LifecycleError::Migration { source })?;
        if !applied.is_empty() {
            tracing::info!(plugin = %name, files = ?applied, "migrations applied");
        }
        Ok(())
    }

    /// Runs the down migrations of a plugin that is about to go. One of them failing keeps the
    /// plugin.
    pub(crate) async fn migrate_down(&self, attempt: &Attempt, row: &PluginRow) -> Result<()> {
        let name = &attempt.name;
        let code = Code::read(&self.artifacts, Release { plugin: name, id: row.release }).await?;
        if !code.migrations.iter().any(MigrationFile::is_down) {
            return Ok(());
        }
        let undone = self.database.migrations().run_down(name, &code.migrations).await;
        let undone = undone.map_err(|source| LifecycleError::Migration { source })?;
        tracing::info!(plugin = %name, files = ?undone, "migrations undone");
        Ok(())
    }

    /// The running code of a version; none without a backend.
    pub(crate) async fn load(
        &self,
        manifest: &Arc<Manifest>,
        code: &Code,
    ) -> Result<Option<Running>> {
        if manifest.backend.is_none() {
            return Ok(None);
        }
        let wasm = code.wasm.clone().ok_or(LifecycleError::NoModule)?;
        let (name, manifest) = (manifest.id.clone(), Arc::clone(manifest));
        let loaded = self.sandbox.load(LoadRequest { name, manifest, wasm }).await;
        loaded.map(|plugin| Some(Running::new(plugin))).map_err(LifecycleError::Load)
    }

    // ── After the commit ────────────────────────────────────────────────────────────────────────

    /// Requests that begin from now on see the new state; those under way finish on the old one.
    pub(crate) fn publish(&self, row: &PluginRow, candidate: Candidate) {
        let Candidate { manifest, running } = candidate;
        tracing::info!(
            plugin = row.name,
            version = row.version,
            enabled = row.enabled,
            running = running.is_some(),
            "published"
        );
        self.current.put(Installed::new(row.clone(), manifest, running));
    }
}

/// Permissions that grant whatever any of the manifests is granted.
fn united(manifests: &[&Manifest]) -> Permissions {
    let everything = |manifest: &&&Manifest| manifest.permissions.core_read() == CoreRead::All;
    if let Some(manifest) = manifests.iter().find(everything) {
        return manifest.permissions.clone();
    }
    let declared = manifests.iter().flat_map(|manifest| manifest.permissions.declared());
    Permissions::new(declared.cloned().collect())
}

pub(crate) fn plugin_name(text: &str) -> Result<PluginName> {
    PluginName::parse(text)
        .map_err(|source| LifecycleError::InvalidName { name: text.to_owned(), source })
}

/// The version as the registry keeps it: `X.Y.Z`, without `v` and leading zeros.
pub(crate) fn canonical_version(text: &str) -> Result<String> {
    match PluginVersion::parse(text) {
        Ok(version) => Ok(version.to_string()),
        Err(source) => Err(LifecycleError::InvalidVersion { version: text.to_owned(), source }),
    }
}

fn schema_error(name: &PluginName, error: StorageError) -> LifecycleError {
    match error {
        StorageError::SchemaTaken { .. } | StorageError::SchemaNameTooLong(_) => {
            LifecycleError::SchemaConflict { name: name.clone(), reason: error.to_string() }
        }
        other => LifecycleError::Schema(other),
    }
}

/// `Init` ran and failed; everything before it has nothing to do with tables.
pub(crate) fn may_need_tables(error: &LoadError) -> bool {
    matches!(error, LoadError::Initialise { .. } | LoadError::InitRefused(_))
}
