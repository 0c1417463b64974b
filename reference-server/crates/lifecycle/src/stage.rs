//! Filling the staging area: downloads, unpacked archives, and the trees made from them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use contract::catalog::{ArtifactKind, CatalogEntry};
use contract::manifest::{Manifest, ManifestProblems, Problem, code};
use contract::name::PluginName;
use policy::{Limits, Policy};
use serde_json::Value;
use storage::migrations::MigrationFile;
use storage::plugin_artifacts::{ArtifactStore, MANIFEST, Release, Tree};

use crate::archive::{self, ArchiveError};
use crate::artifacts;
use crate::error::LifecycleError;
use crate::fetch::Fetcher;
use crate::files::{self, At, blocking};
use crate::staging::Staging;

/// The module within a backend tree.
const WASM: &str = "backend.wasm";
/// The migrations within a backend tree.
const MIGRATIONS: &str = "migrations";

/// The files of a backend tree, as the store has them.
#[derive(Debug, Default)]
pub(crate) struct Code {
    pub(crate) wasm: Option<Bytes>,
    pub(crate) migrations: Vec<MigrationFile>,
}

impl Code {
    /// Whether a plugin with this code has a schema: with neither backend nor migrations there is
    /// nobody to use one.
    pub(crate) fn needs_schema(&self, manifest: &Manifest) -> bool {
        manifest.backend.is_some() || !self.migrations.is_empty()
    }

    /// Reads a backend tree; one that is not there has neither module nor migrations.
    pub(crate) async fn read(
        store: &ArtifactStore,
        release: Release<'_>,
    ) -> Result<Self, LifecycleError> {
        let wasm = store.read(Tree::Backend, release, &[WASM]).await;
        let wasm = wasm.map_err(LifecycleError::Artifacts)?;
        let names = store.list(Tree::Backend, release, MIGRATIONS).await;
        let mut migrations = Vec::new();
        for name in names.map_err(LifecycleError::Artifacts)?.into_iter().filter(|n| is_sql(n)) {
            let text = store.read(Tree::Backend, release, &[MIGRATIONS, &name]).await;
            if let Some(text) = text.map_err(LifecycleError::Artifacts)? {
                let sql = String::from_utf8(text.into());
                let sql = sql.map_err(|_| LifecycleError::Unreadable(name.clone()))?;
                migrations.push(MigrationFile { name, sql });
            }
        }
        Ok(Self { wasm, migrations })
    }
}

fn is_sql(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found.eq_ignore_ascii_case("sql"))
}

/// Reads a manifest and checks that it is the one of the plugin it was shipped for.
pub(crate) fn parse_manifest(bytes: &[u8], name: &PluginName) -> Result<Manifest, LifecycleError> {
    match serde_json::from_slice(bytes) {
        Ok(value) => check_manifest(value, name),
        // Not JSON; the contract says so in its own words.
        Err(_) => Manifest::parse(bytes).map_err(LifecycleError::Manifest),
    }
}

/// The same for a manifest that is JSON already. A wrong id is reported beside the other problems,
/// not after they are mended (decision R3).
pub(crate) fn check_manifest(value: Value, name: &PluginName) -> Result<Manifest, LifecycleError> {
    let id = value.get("id").and_then(Value::as_str).map(str::to_owned);
    let problems = match Manifest::from_value(value) {
        Ok(manifest) => match manifest.check_name(name) {
            Ok(()) => return Ok(manifest),
            Err(problem) => ManifestProblems(vec![problem]),
        },
        Err(mut problems) => {
            let told = problems.0.iter().any(|problem| problem.pointer == "/id");
            if let Some(id) = id.filter(|id| *id != name.as_str() && !told) {
                let message = format!("the id is '{id}' but the plugin is named '{name}'");
                problems.0.push(Problem::new("/id", code::NAME_MISMATCH, message));
            }
            problems
        }
    };
    Err(LifecycleError::Manifest(problems))
}

/// Downloads and unpacks artifacts of one catalog entry.
#[derive(Debug)]
pub(crate) struct Stager<'a> {
    pub(crate) fetcher: &'a Fetcher,
    pub(crate) policy: &'a Arc<Policy>,
    pub(crate) staging: &'a Staging,
    pub(crate) entry: &'a CatalogEntry,
}

impl Stager<'_> {
    /// Fetches the manifest archive; gives the manifest's bytes as shipped.
    pub(crate) async fn manifest(&self) -> Result<Vec<u8>, LifecycleError> {
        let kind = ArtifactKind::Manifest;
        let found = self.unpacked(kind).await?;
        let limits = self.policy.limits.clone();
        blocking(move || {
            let manifest = match found {
                Some(root) => artifacts::find_manifest(&root)?,
                None => None,
            };
            let path = manifest.ok_or(ArchiveError::Lacks("plugin.json"))?;
            read_capped(&path, limits.manifest_bytes as u64)
        })
        .await
        .map_err(|source| LifecycleError::Archive { artifact: kind, source })
    }

    /// Fetches the other archives and makes the plugin's trees of them; gives those it has.
    pub(crate) async fn trees(
        &self,
        manifest: &Manifest,
        manifest_bytes: Vec<u8>,
    ) -> Result<Vec<Tree>, LifecycleError> {
        let mut trees = vec![Tree::Backend];
        self.backend_tree(manifest_bytes).await?;
        for (kind, tree, prefix, url) in [
            (
                ArtifactKind::Frontend,
                Tree::Frontend,
                "plugins",
                &manifest.frontend_remote_entry_url,
            ),
            (ArtifactKind::Mcp, Tree::Mcp, "plugins-mcp", &manifest.mcp_remote_entry_url),
        ] {
            let Some(root) = self.unpacked(kind).await? else { continue };
            let (name, url) = (manifest.id.clone(), url.clone());
            let incoming = self.staging.tree(tree);
            blocking(move || {
                let root = artifacts::tree_root(&root, prefix, &name, url.as_deref())?;
                files::rename(&root, &incoming)
            })
            .await?;
            trees.push(tree);
        }
        Ok(trees)
    }

    async fn backend_tree(&self, manifest: Vec<u8>) -> Result<(), LifecycleError> {
        let incoming = self.staging.tree(Tree::Backend);
        let path = incoming.clone();
        blocking(move || {
            files::create_dir(&path)?;
            let path = path.join(MANIFEST);
            std::fs::write(&path, &manifest).at("write", &path)
        })
        .await?;
        if let Some(root) = self.unpacked(ArtifactKind::Backend).await? {
            let incoming = incoming.clone();
            blocking(move || {
                let wasm = artifacts::find_wasm(&root)?.ok_or(ArchiveError::Lacks("*.wasm"))?;
                Ok(files::rename(&wasm, &incoming.join(WASM))?)
            })
            .await
            .map_err(|source| LifecycleError::Archive {
                artifact: ArtifactKind::Backend,
                source,
            })?;
        }
        if let Some(root) = self.unpacked(ArtifactKind::Migrations).await? {
            let limits = self.policy.limits.clone();
            blocking(move || move_migrations(&limits, &root, &incoming)).await.map_err(
                |source| LifecycleError::Archive { artifact: ArtifactKind::Migrations, source },
            )?;
        }
        Ok(())
    }

    /// Downloads one archive, checks its digest and unpacks it; `None` when the plugin has none.
    async fn unpacked(&self, kind: ArtifactKind) -> Result<Option<PathBuf>, LifecycleError> {
        let Some((url, digest)) = self.entry.artifacts.get(kind) else { return Ok(None) };
        let scratch = self.staging.scratch();
        let archive = scratch.join(format!("{}.tar.gz", kind.as_str()));
        let into = scratch.join(kind.as_str());
        let cap = self.policy.limits.artifact_bytes as u64;
        blocking(move || files::create_dir(&scratch)).await?;
        let received = self
            .fetcher
            .save(url, cap, &archive, kind.as_str())
            .await
            .map_err(|source| LifecycleError::Download { artifact: kind, source })?;
        let refused = |source| LifecycleError::Archive { artifact: kind, source };
        let actual = hex::encode(received.sha256);
        if let Some(expected) = digest.map(str::to_ascii_lowercase)
            && expected != actual
        {
            return Err(refused(ArchiveError::Checksum { expected, actual }));
        }
        let policy = Arc::clone(self.policy);
        blocking(move || {
            archive::unpack(&policy.archives, &policy.limits, &archive, &into)?;
            // Room for the next one; two hundred megabytes of archives help nobody.
            files::remove_file(&archive)?;
            Ok(Some(into))
        })
        .await
        .map_err(refused)
    }
}

fn move_migrations(limits: &Limits, root: &Path, incoming: &Path) -> Result<(), ArchiveError> {
    let found = artifacts::find_migrations(root)?.map_err(ArchiveError::SameName)?;
    let folder = incoming.join(MIGRATIONS);
    for (name, path) in found {
        let text = read_capped(&path, limits.migration_bytes as u64)?;
        if std::str::from_utf8(&text).is_err() {
            return Err(ArchiveError::NotText(name));
        }
        files::rename(&path, &folder.join(&name))?;
    }
    Ok(())
}

fn read_capped(path: &Path, limit: u64) -> Result<Vec<u8>, ArchiveError> {
    let size = path.metadata().at("look at", path)?.len();
    if size > limit {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Err(ArchiveError::FileTooLarge { file, limit });
    }
    Ok(std::fs::read(path).at("read", path)?)
}
