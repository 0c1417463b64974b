//! The marketplace catalog (facts 7.1). One bad entry hides itself only (decision L1).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::name::PluginName;
use crate::version::PluginVersion;

/// A catalog as fetched: what can be offered, and what cannot with the reason.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Usable entries in catalog order; of several with one name, the first.
    pub entries: Vec<CatalogEntry>,
    /// Entries that hide themselves.
    pub rejected: Vec<RejectedEntry>,
}

/// One offered plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CatalogEntry {
    /// The plugin's name; its manifest's id must equal it.
    #[schema(value_type = String)]
    pub name: PluginName,
    /// Name for humans.
    #[serde(default)]
    pub display_name: String,
    /// What it does.
    #[serde(default)]
    pub description: String,
    /// The offered version, as written. It is judged when an install or upgrade asks for it, with
    /// an error of its own, hence not parsed here.
    pub version: String,
    /// Picture for the marketplace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// Where its source is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_url: Option<String>,
    /// Where its files are.
    pub artifacts: Artifacts,
}

impl CatalogEntry {
    /// The offered version, if it is one.
    pub fn parsed_version(&self) -> Result<PluginVersion, crate::version::InvalidVersion> {
        PluginVersion::parse(&self.version)
    }
}

/// Download addresses of one version, each optionally with the file's sha256 in hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Artifacts {
    /// Archive that holds `plugin.json`.
    pub manifest_tar_gz_url: String,
    /// Digest of the manifest archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_tar_gz_sha256: Option<String>,
    /// Archive that holds the wasm module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_tar_gz_url: Option<String>,
    /// Digest of the backend archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_tar_gz_sha256: Option<String>,
    /// Archive of the web frontend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontend_tar_gz_url: Option<String>,
    /// Digest of the frontend archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontend_tar_gz_sha256: Option<String>,
    /// Archive of SQL migrations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrations_tar_gz_url: Option<String>,
    /// Digest of the migrations archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrations_tar_gz_sha256: Option<String>,
    /// Archive of MCP modules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_tar_gz_url: Option<String>,
    /// Digest of the MCP archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_tar_gz_sha256: Option<String>,
}

/// A kind of artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArtifactKind {
    /// `plugin.json`.
    Manifest,
    /// The wasm module.
    Backend,
    /// Files of the web frontend.
    Frontend,
    /// SQL files.
    Migrations,
    /// MCP modules.
    Mcp,
}

impl ArtifactKind {
    /// Every kind, in the order in which they are fetched.
    pub const ALL: [Self; 5] =
        [Self::Manifest, Self::Backend, Self::Frontend, Self::Migrations, Self::Mcp];

    /// The kind's name, as in the catalog's field names.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Backend => "backend",
            Self::Frontend => "frontend",
            Self::Migrations => "migrations",
            Self::Mcp => "mcp",
        }
    }
}

impl Artifacts {
    /// Address and expected digest of one kind, if it is offered.
    pub fn get(&self, kind: ArtifactKind) -> Option<(&str, Option<&str>)> {
        let (url, digest) = match kind {
            ArtifactKind::Manifest => {
                (Some(&self.manifest_tar_gz_url), &self.manifest_tar_gz_sha256)
            }
            ArtifactKind::Backend => {
                (self.backend_tar_gz_url.as_ref(), &self.backend_tar_gz_sha256)
            }
            ArtifactKind::Frontend => {
                (self.frontend_tar_gz_url.as_ref(), &self.frontend_tar_gz_sha256)
            }
            ArtifactKind::Migrations => {
                (self.migrations_tar_gz_url.as_ref(), &self.migrations_tar_gz_sha256)
            }
            ArtifactKind::Mcp => (self.mcp_tar_gz_url.as_ref(), &self.mcp_tar_gz_sha256),
        };
        // An empty address is what generators write for "none".
        let url = url.map(String::as_str).filter(|url| !url.is_empty())?;
        Some((url, digest.as_deref().filter(|digest| !digest.is_empty())))
    }
}

/// An entry that cannot be offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedEntry {
    /// Position in the catalog's `plugins`.
    pub index: usize,
    /// The name it gives itself, if it gives one.
    pub name: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

impl Catalog {
    /// Reads a catalog. Only a document that is no catalog at all is an error.
    pub fn parse(bytes: &[u8]) -> Result<Self, CatalogError> {
        #[derive(Deserialize)]
        struct Document {
            plugins: Vec<Value>,
        }
        let document: Document = serde_json::from_slice(bytes).map_err(CatalogError)?;
        let mut catalog = Self::default();
        let mut names = BTreeSet::new();
        for (index, value) in document.plugins.into_iter().enumerate() {
            let name = value.get("name").and_then(Value::as_str).map(str::to_owned);
            match entry(value) {
                Ok(entry) if names.insert(entry.name.clone()) => catalog.entries.push(entry),
                Ok(_) => catalog.rejected.push(RejectedEntry {
                    index,
                    name,
                    reason: "an earlier entry has the same name".to_owned(),
                }),
                Err(reason) => catalog.rejected.push(RejectedEntry { index, name, reason }),
            }
        }
        Ok(catalog)
    }

    /// The entry of a plugin.
    pub fn find(&self, name: &PluginName) -> Option<&CatalogEntry> {
        self.entries.iter().find(|entry| entry.name == *name)
    }
}

/// Name, version and the manifest's address are required; digests must look like digests.
fn entry(value: Value) -> Result<CatalogEntry, String> {
    let entry: CatalogEntry =
        serde_path_to_error::deserialize(value).map_err(|error| error.to_string())?;
    if entry.version.trim().is_empty() {
        return Err("version: must not be empty".to_owned());
    }
    if entry.artifacts.get(ArtifactKind::Manifest).is_none() {
        return Err("artifacts.manifest_tar_gz_url: must not be empty".to_owned());
    }
    for kind in ArtifactKind::ALL {
        if let Some((_, Some(digest))) = entry.artifacts.get(kind)
            && !is_sha256(digest)
        {
            return Err(format!(
                "artifacts.{}_tar_gz_sha256: must be 64 hexadecimal digits",
                kind.as_str()
            ));
        }
    }
    Ok(entry)
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The document is no catalog: not JSON, or without a list `plugins`.
#[derive(Debug, thiserror::Error)]
#[error("the catalog cannot be read")]
pub struct CatalogError(#[source] serde_json::Error);
