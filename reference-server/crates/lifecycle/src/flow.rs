//! The order of steps of every operation: the flows, then what the flows of installation and
//! upgrade share. The steps themselves are in [`crate::steps`], in the order in which they are
//! taken here.

use std::sync::Arc;

use contract::catalog::CatalogEntry;
use contract::manifest::Manifest;
use storage::registry::{PluginChange, PluginRow};
use uuid::Uuid;

use crate::attempt::{Attempt, chain};
use crate::error::LifecycleError;
use crate::journal::Action;
use crate::layout::Tree;
use crate::lifecycle::{Inner, Patch, Registration};
use crate::stage::{self, Code, Stager};
use crate::steps::{Candidate, canonical_version, may_need_tables, plugin_name};

type Result<T> = std::result::Result<T, LifecycleError>;

impl Inner {
    // ── Flows ───────────────────────────────────────────────────────────────────────────────────

    /// Decision L1: already installed → refused, nothing touched. Staging, checks, then one swap.
    pub(crate) async fn install(&self, name: &str, enabled: bool) -> Result<PluginRow> {
        let name = plugin_name(name)?;
        let _lock = self.lock(&name)?;
        self.settle_plugin(&name).await?;
        self.refuse_installed(&name).await?;
        let entry = self.offered(&name).await?;
        let version = canonical_version(&entry.version)?;
        self.refuse_schema_conflict(&name).await?;

        let mut attempt = self.begin(Action::Install, &name, Some(version), None).await?;
        let outcome = self.install_steps(&mut attempt, &entry, enabled).await;
        self.conclude(attempt, outcome).await
    }

    async fn install_steps(
        &self,
        attempt: &mut Attempt,
        entry: &CatalogEntry,
        enabled: bool,
    ) -> Result<PluginRow> {
        let candidate = self.prepare_offered(attempt, entry, None, enabled).await?;
        let row = self.persist_new(attempt, &candidate.manifest, enabled).await?;
        self.swap_forward(&attempt.staging, &attempt.record).await?;
        self.publish(&row, candidate);
        Ok(row)
    }

    /// A manual installation: no download, the files are where they belong or there are none.
    pub(crate) async fn register(&self, asked: Registration) -> Result<PluginRow> {
        let name = plugin_name(&asked.name)?;
        let version = canonical_version(&asked.version)?;
        let manifest = stage::check_manifest(asked.manifest, &name)?;
        self.refuse_other_version(&asked.version, &manifest)?;
        let _lock = self.lock(&name)?;
        self.settle_plugin(&name).await?;
        self.refuse_installed(&name).await?;
        self.refuse_schema_conflict(&name).await?;

        let mut attempt = self.begin(Action::Install, &name, Some(version), None).await?;
        let outcome = self.register_steps(&mut attempt, Arc::new(manifest), asked.enabled).await;
        self.conclude(attempt, outcome).await
    }

    async fn register_steps(
        &self,
        attempt: &mut Attempt,
        manifest: Arc<Manifest>,
        enabled: bool,
    ) -> Result<PluginRow> {
        let candidate = self.prepare_live(Some(attempt), manifest, None, enabled).await?;
        let row = self.persist_new(attempt, &candidate.manifest, enabled).await?;
        self.publish(&row, candidate);
        Ok(row)
    }

    /// Changes row and running code; files stay. The new state is loaded before it is persisted.
    pub(crate) async fn patch(&self, id: Uuid, asked: Patch) -> Result<PluginRow> {
        let (name, before, _lock) = self.installed(id).await?;
        let version = asked.version.as_deref().map(canonical_version).transpose()?;
        let old = Manifest::from_value(before.manifest.clone());
        let manifest = match &asked.manifest {
            Some(new) => stage::check_manifest(new.clone(), &name)?,
            None => old.clone().map_err(LifecycleError::Manifest)?,
        };
        if let (Some(version), Some(_)) = (&asked.version, &asked.manifest) {
            self.refuse_other_version(version, &manifest)?;
        }
        let enabled = asked.enabled.unwrap_or(before.enabled);
        let old = old.ok();

        let prepared = self.prepare_live(None, Arc::new(manifest), old.as_ref(), enabled).await;
        let change = PluginChange {
            version: version.as_deref(),
            manifest: asked.manifest.as_ref(),
            enabled: asked.enabled,
        };
        let outcome = match prepared {
            Ok(candidate) => self.persist_change(id, change).await.map(|row| (row, candidate)),
            Err(error) => Err(error),
        };
        match outcome {
            Ok((row, candidate)) => {
                let manifest = Arc::clone(&candidate.manifest);
                self.publish(&row, candidate);
                self.settle_grants(&name, old.as_ref(), &manifest).await;
                Ok(row)
            }
            Err(error) => {
                if let Some(old) = &old {
                    self.settle_grants(&name, None, old).await;
                }
                Err(error)
            }
        }
    }

    /// Decision L2: strictly newer, loaded before persisted; any failure leaves the old version.
    pub(crate) async fn upgrade(&self, id: Uuid) -> Result<PluginRow> {
        let (name, before, _lock) = self.installed(id).await?;
        let entry = self.offered(&name).await?;
        let versions = &self.policy.versions;
        versions
            .decide_upgrade(&before.version, &entry.version)
            .map_err(LifecycleError::Upgrade)?;
        let version = canonical_version(&entry.version)?;

        let mut attempt = self.begin(Action::Upgrade, &name, Some(version), Some(before)).await?;
        let outcome = self.upgrade_steps(&mut attempt, &entry).await;
        self.conclude(attempt, outcome).await
    }

    async fn upgrade_steps(
        &self,
        attempt: &mut Attempt,
        entry: &CatalogEntry,
    ) -> Result<PluginRow> {
        let before = attempt.before.clone().ok_or(LifecycleError::NotInstalled)?;
        let old = Manifest::from_value(before.manifest).ok();
        let candidate = self.prepare_offered(attempt, entry, old.as_ref(), before.enabled).await?;
        let manifest = Arc::clone(&candidate.manifest);
        let change = PluginChange {
            version: attempt.record.to.as_deref(),
            manifest: Some(manifest.raw()),
            enabled: None,
        };
        let row = self.persist_change(before.id, change).await?;
        self.swap_forward(&attempt.staging, &attempt.record).await?;
        self.publish(&row, candidate);
        self.settle_grants(&attempt.record.name, old.as_ref(), &manifest).await;
        Ok(row)
    }

    /// Decision L4: row, module and artifacts go; data stays, unless there are down migrations.
    pub(crate) async fn uninstall(&self, id: Uuid) -> Result<()> {
        let (name, before, _lock) = self.installed(id).await?;
        let attempt = self.begin(Action::Uninstall, &name, None, Some(before)).await?;
        let deleted = match self.migrate_down(&attempt).await {
            Ok(()) => self.persist_removal(id).await,
            Err(error) => Err(error),
        };
        if let Err(error) = deleted {
            return self.conclude(attempt, Err(error)).await;
        }
        // The row is gone, and with it the plugin. What fails from here on is tidied up by the next
        // operation on this name or the next start; it is no failure of the uninstallation.
        if let Some(removed) = self.current.remove(name.as_str()) {
            removed.retire(self.policy.limits.call_duration).await;
        }
        let tidied = self.finish(&attempt.staging, &attempt.record).await;
        if let Err(error) = tidied {
            tracing::error!(plugin = %name, error = chain(&error), "uninstalled, not tidied up");
        }
        Ok(())
    }

    // ── Staging, checks, migrations, load ───────────────────────────────────────────────────────

    /// From a catalog entry to a candidate whose trees wait in staging.
    async fn prepare_offered(
        &self,
        attempt: &mut Attempt,
        entry: &CatalogEntry,
        old: Option<&Manifest>,
        enabled: bool,
    ) -> Result<Candidate> {
        let staging = attempt.staging.clone();
        let (fetcher, policy) = (&self.fetcher, &self.policy);
        let stager = Stager { fetcher, policy, staging: &staging, entry };
        let shipped = stager.manifest().await?;
        let manifest = Arc::new(stage::parse_manifest(&shipped, &entry.name)?);
        self.refuse_other_version(&entry.version, &manifest)?;
        let trees = stager.trees(&manifest, shipped).await?;
        let code = Code::read(staging.incoming(Tree::Backend)).await?;
        let candidate = self.prepare(Some(&mut *attempt), manifest, code, old, enabled).await?;
        self.record_trees(attempt, trees).await?;
        Ok(candidate)
    }

    /// From a manifest to a candidate, with the files that are live already. One that is not to run
    /// is taken on the manifest's word.
    async fn prepare_live(
        &self,
        attempt: Option<&mut Attempt>,
        manifest: Arc<Manifest>,
        old: Option<&Manifest>,
        enabled: bool,
    ) -> Result<Candidate> {
        if !enabled {
            return Ok(Candidate { manifest, running: None });
        }
        let code = Code::read(self.layout.live(Tree::Backend, &manifest.id)).await?;
        self.prepare(attempt, manifest, code, old, true).await
    }

    /// Everything between files and row. A module that can never load is refused before the
    /// migrations run; one whose `Init` fails is tried again after them, since `Init` may need its
    /// tables.
    async fn prepare(
        &self,
        attempt: Option<&mut Attempt>,
        manifest: Arc<Manifest>,
        code: Code,
        old: Option<&Manifest>,
        enabled: bool,
    ) -> Result<Candidate> {
        let name = &manifest.id.clone();
        let needs_schema = code.needs_schema(&manifest);
        if needs_schema {
            let both: Vec<&Manifest> = old.into_iter().chain([&*manifest]).collect();
            match attempt {
                Some(attempt) => self.provision_for(attempt, &both).await?,
                None => drop(self.provision(name, &both).await?),
            }
        }
        let first = match self.load(&manifest, &code).await {
            Err(LifecycleError::Load(error)) if may_need_tables(&error) => None,
            other => Some(other?),
        };
        if needs_schema {
            self.migrate_up(name, &code).await?;
        }
        let running = match first {
            Some(running) => running,
            // A plugin that is not to run yet may lack what it needs for running.
            None if !enabled => None,
            None => self.load(&manifest, &code).await?,
        };
        Ok(Candidate { manifest, running: running.filter(|_| enabled) })
    }
}
