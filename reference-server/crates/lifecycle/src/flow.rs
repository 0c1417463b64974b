//! The order of steps of every operation: the flows, then what the flows of installation and
//! upgrade share. The steps themselves are in [`crate::steps`], in the order in which they are
//! taken here.

use std::sync::Arc;

use contract::catalog::CatalogEntry;
use contract::manifest::Manifest;
use contract::name::PluginName;
use storage::plugin_artifacts::Release;
use storage::plugin_operations::{Action, RowChange};
use storage::registry::PluginRow;
use uuid::Uuid;

use crate::error::LifecycleError;
use crate::lifecycle::{Inner, Patch, Registration};
use crate::operation::{Attempt, Grants};
use crate::stage::{self, Code, Stager};
use crate::steps::{Candidate, canonical_version, may_need_tables, plugin_name};

type Result<T> = std::result::Result<T, LifecycleError>;

impl Inner {
    // ── Flows ───────────────────────────────────────────────────────────────────────────────────

    /// Decision L1: already installed → refused, nothing touched. Staging, checks, then one commit.
    pub(crate) async fn install(&self, name: &str, enabled: bool) -> Result<PluginRow> {
        let name = plugin_name(name)?;
        self.exclusively(&name, Box::pin(self.install_alone(&name, enabled))).await
    }

    async fn install_alone(&self, name: &PluginName, enabled: bool) -> Result<PluginRow> {
        self.refuse_installed(name).await?;
        let entry = self.offered(name).await?;
        let version = canonical_version(&entry.version)?;
        self.refuse_schema_conflict(name).await?;

        let attempt = self.begin(Action::Install, name).await?;
        let outcome = self.install_steps(&attempt, &entry, &version, enabled).await;
        self.conclude(attempt, outcome, Grants::Settled).await
    }

    async fn install_steps(
        &self,
        attempt: &Attempt,
        entry: &CatalogEntry,
        version: &str,
        enabled: bool,
    ) -> Result<PluginRow> {
        let candidate = self.prepare_offered(attempt, entry, None, enabled).await?;
        let manifest = Arc::clone(&candidate.manifest);
        let release = Some(attempt.record.id);
        let row = RowChange::Insert { version, manifest: manifest.raw(), enabled, release };
        self.commit_and_publish(attempt, row, candidate).await
    }

    /// A manual installation: no download, the files are where they belong or there are none.
    pub(crate) async fn register(&self, asked: Registration) -> Result<PluginRow> {
        let name = plugin_name(&asked.name)?;
        let version = canonical_version(&asked.version)?;
        let manifest = stage::check_manifest(asked.manifest, &name)?;
        self.refuse_other_version(&asked.version, &manifest)?;
        let manifest = Arc::new(manifest);
        self.exclusively(
            &name,
            Box::pin(self.register_alone(&name, &version, manifest, asked.enabled)),
        )
        .await
    }

    async fn register_alone(
        &self,
        name: &PluginName,
        version: &str,
        manifest: Arc<Manifest>,
        enabled: bool,
    ) -> Result<PluginRow> {
        self.refuse_installed(name).await?;
        self.refuse_schema_conflict(name).await?;

        let attempt = self.begin(Action::Install, name).await?;
        let outcome = self.register_steps(&attempt, version, manifest, enabled).await;
        self.conclude(attempt, outcome, Grants::Settled).await
    }

    async fn register_steps(
        &self,
        attempt: &Attempt,
        version: &str,
        manifest: Arc<Manifest>,
        enabled: bool,
    ) -> Result<PluginRow> {
        let raw = Arc::clone(&manifest);
        let candidate = self.prepare_live(attempt, manifest, None, None, enabled).await?;
        let row = RowChange::Insert { version, manifest: raw.raw(), enabled, release: None };
        self.commit_and_publish(attempt, row, candidate).await
    }

    /// Changes row and running code; files stay. The new state is loaded before it is persisted.
    pub(crate) async fn patch(&self, id: Uuid, asked: Patch) -> Result<PluginRow> {
        let name = self.name_of(id).await?;
        self.exclusively(&name, Box::pin(self.patch_alone(&name, id, asked))).await
    }

    async fn patch_alone(&self, name: &PluginName, id: Uuid, asked: Patch) -> Result<PluginRow> {
        let before = self.row(id).await?;
        let version = asked.version.as_deref().map(canonical_version).transpose()?;
        let old = Manifest::from_value(before.manifest.clone());
        let manifest = match &asked.manifest {
            Some(new) => stage::check_manifest(new.clone(), name)?,
            None => old.clone().map_err(LifecycleError::Manifest)?,
        };
        if let (Some(version), Some(_)) = (&asked.version, &asked.manifest) {
            self.refuse_other_version(version, &manifest)?;
        }
        let (old, manifest) = (old.ok(), Arc::new(manifest));
        let grants = grants(old.as_ref(), &manifest);

        let attempt = self.begin(Action::Change, name).await?;
        let change = RowChange::Update {
            id,
            version: version.as_deref(),
            manifest: asked.manifest.as_ref(),
            enabled: asked.enabled,
            release: None,
        };
        let enabled = asked.enabled.unwrap_or(before.enabled);
        let prepared =
            self.prepare_live(&attempt, manifest, old.as_ref(), before.release, enabled).await;
        let outcome = match prepared {
            Ok(candidate) => self.commit_and_publish(&attempt, change, candidate).await,
            Err(error) => Err(error),
        };
        self.conclude(attempt, outcome, grants).await
    }

    /// Decision L2: strictly newer, loaded before persisted; any failure leaves the old version.
    pub(crate) async fn upgrade(&self, id: Uuid) -> Result<PluginRow> {
        let name = self.name_of(id).await?;
        self.exclusively(&name, Box::pin(self.upgrade_alone(&name, id))).await
    }

    async fn upgrade_alone(&self, name: &PluginName, id: Uuid) -> Result<PluginRow> {
        let before = self.row(id).await?;
        let entry = self.offered(name).await?;
        let versions = &self.policy.versions;
        versions
            .decide_upgrade(&before.version, &entry.version)
            .map_err(LifecycleError::Upgrade)?;
        let version = canonical_version(&entry.version)?;

        let attempt = self.begin(Action::Upgrade, name).await?;
        let outcome = self.upgrade_steps(&attempt, &entry, &version, before).await;
        self.conclude(attempt, outcome, Grants::ToSettle).await
    }

    async fn upgrade_steps(
        &self,
        attempt: &Attempt,
        entry: &CatalogEntry,
        version: &str,
        before: PluginRow,
    ) -> Result<PluginRow> {
        let old = Manifest::from_value(before.manifest).ok();
        let candidate = self.prepare_offered(attempt, entry, old.as_ref(), before.enabled).await?;
        let manifest = Arc::clone(&candidate.manifest);
        let change = RowChange::Update {
            id: before.id,
            version: Some(version),
            manifest: Some(manifest.raw()),
            enabled: None,
            release: Some(attempt.record.id),
        };
        self.commit_and_publish(attempt, change, candidate).await
    }

    /// Decision L4: row, module and artifacts go; data stays, unless there are down migrations.
    pub(crate) async fn uninstall(&self, id: Uuid) -> Result<()> {
        let name = self.name_of(id).await?;
        self.exclusively(&name, Box::pin(self.uninstall_alone(&name, id))).await
    }

    async fn uninstall_alone(&self, name: &PluginName, id: Uuid) -> Result<()> {
        let before = self.row(id).await?;
        let attempt = self.begin(Action::Uninstall, name).await?;
        let outcome = self.uninstall_steps(&attempt, &before).await;
        self.conclude(attempt, outcome, Grants::Settled).await
    }

    async fn uninstall_steps(&self, attempt: &Attempt, row: &PluginRow) -> Result<()> {
        self.migrate_down(attempt, row).await?;
        self.crash.pass(attempt.record.action, "migrated");
        self.commit(attempt, RowChange::Delete { id: row.id }).await?;
        // What requests under way need is taken away after they are done.
        if let Some(removed) = self.current.remove(attempt.name.as_str()) {
            removed.retire(self.policy.limits.call_duration).await;
        }
        self.crash.pass(attempt.record.action, "published");
        Ok(())
    }

    /// The end of every flow but the uninstallation.
    async fn commit_and_publish(
        &self,
        attempt: &Attempt,
        change: RowChange<'_>,
        candidate: Candidate,
    ) -> Result<PluginRow> {
        let row = self.commit(attempt, change).await?.ok_or(LifecycleError::NotInstalled)?;
        self.publish(&row, candidate);
        self.crash.pass(attempt.record.action, "published");
        Ok(row)
    }

    // ── Staging, checks, migrations, load ───────────────────────────────────────────────────────

    /// From a catalog entry to a candidate whose files are in the store, where no row names them yet.
    async fn prepare_offered(
        &self,
        attempt: &Attempt,
        entry: &CatalogEntry,
        old: Option<&Manifest>,
        enabled: bool,
    ) -> Result<Candidate> {
        let staging = &attempt.staging;
        let stager = Stager { fetcher: &self.fetcher, policy: &self.policy, staging, entry };
        let shipped = stager.manifest().await?;
        let manifest = Arc::new(stage::parse_manifest(&shipped, &entry.name)?);
        self.refuse_other_version(&entry.version, &manifest)?;
        let trees = stager.trees(&manifest, shipped).await?;
        self.crash.pass(attempt.record.action, "staged");

        let release = Release { plugin: &attempt.name, id: Some(attempt.record.id) };
        for tree in trees {
            let stored = self.artifacts.put(tree, release, &staging.tree(tree)).await;
            stored.map_err(LifecycleError::Artifacts)?;
        }
        self.crash.pass(attempt.record.action, "stored");
        let code = Code::read(&self.artifacts, release).await?;
        self.prepare(attempt, manifest, code, old, enabled).await
    }

    /// From a manifest to a candidate, with the files that are there already. One that is not to run
    /// is taken on the manifest's word.
    async fn prepare_live(
        &self,
        attempt: &Attempt,
        manifest: Arc<Manifest>,
        old: Option<&Manifest>,
        release: Option<Uuid>,
        enabled: bool,
    ) -> Result<Candidate> {
        if !enabled {
            return Ok(Candidate { manifest, running: None });
        }
        let release = Release { plugin: &attempt.name, id: release };
        let code = Code::read(&self.artifacts, release).await?;
        self.prepare(attempt, manifest, code, old, true).await
    }

    /// Everything between files and row. A module that can never load is refused before the
    /// migrations run; one whose `Init` fails is tried again after them, since `Init` may need its
    /// tables.
    async fn prepare(
        &self,
        attempt: &Attempt,
        manifest: Arc<Manifest>,
        code: Code,
        old: Option<&Manifest>,
        enabled: bool,
    ) -> Result<Candidate> {
        let (name, action) = (&attempt.name, attempt.record.action);
        let needs_schema = code.needs_schema(&manifest);
        if needs_schema {
            let both: Vec<&Manifest> = old.into_iter().chain([&*manifest]).collect();
            self.provision(name, &both).await?;
        }
        self.crash.pass(action, "provisioned");
        let first = match self.load(&manifest, &code).await {
            Err(LifecycleError::Load(error)) if may_need_tables(&error) => None,
            other => Some(other?),
        };
        if needs_schema {
            self.migrate_up(name, &code).await?;
        }
        self.crash.pass(action, "migrated");
        let running = match first {
            Some(running) => running,
            // A plugin that is not to run yet may lack what it needs for running.
            None if !enabled => None,
            None => self.load(&manifest, &code).await?,
        };
        self.crash.pass(action, "loaded");
        Ok(Candidate { manifest, running: running.filter(|_| enabled) })
    }
}

/// Whether a change of manifests changes what the plugin may read. While it happens, the plugin may
/// read what either asks for.
fn grants(old: Option<&Manifest>, new: &Manifest) -> Grants {
    match old {
        Some(old) if old.permissions == new.permissions => Grants::Settled,
        _ => Grants::ToSettle,
    }
}
