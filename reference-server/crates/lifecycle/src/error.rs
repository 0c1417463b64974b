//! What can go wrong, a variant per failing operation.
//!
//! Which text goes where: `Display` of a [`LifecycleError`] and its [`details`] are for the
//! administrator who asked for the operation, and hold nothing of the host's inside (no paths, no
//! connection details). The chain of [`source`]s is for the log. [`code`] decides the status.
//!
//! [`details`]: LifecycleError::details
//! [`source`]: std::error::Error::source
//! [`code`]: LifecycleError::code

use contract::api::ErrorCode;
use contract::catalog::ArtifactKind;
use contract::manifest::ManifestProblems;
use contract::name::{InvalidName, PluginName};
use contract::version::InvalidVersion;
use policy::versions::UpgradeRefusal;
use sandbox::LoadError;
use serde_json::{Value, json};
use storage::StorageError;
use storage::migrations::MigrationError;
use storage::plugin_artifacts::ArtifactError;

use crate::archive::ArchiveError;
use crate::catalog::CatalogFailure;
use crate::fetch::FetchError;
use crate::files::FileError;

/// Why a lifecycle operation did not happen. Unless a variant says otherwise, everything is as it
/// was before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LifecycleError {
    /// The request names something that cannot be a plugin.
    #[error("'{name}' is no plugin name")]
    InvalidName {
        /// As requested.
        name: String,
        /// What is wrong with it.
        source: InvalidName,
    },
    /// Another operation on the plugin is running.
    #[error("another operation on plugin '{0}' is running")]
    Busy(PluginName),
    /// No installed plugin has this id.
    #[error("no such plugin is installed")]
    NotInstalled,
    /// The catalog offers no usable entry of that name.
    #[error("the catalog does not offer plugin '{name}'")]
    NotOffered {
        /// As requested.
        name: PluginName,
        /// Why an entry of that name was hidden, if there was one.
        hidden_because: Option<String>,
    },
    /// A plugin of that name is installed.
    #[error("plugin '{0}' is already installed")]
    AlreadyInstalled(PluginName),
    /// The plugin's schema is another plugin's, or its name is too long (decision D6).
    #[error("plugin '{name}' cannot have a schema of its own: {reason}")]
    SchemaConflict {
        /// The refused plugin.
        name: PluginName,
        /// What its schema collides with.
        reason: String,
    },
    /// The catalog could not be had.
    #[error("the marketplace catalog is unavailable")]
    Catalog(#[source] CatalogFailure),
    /// An artifact could not be downloaded.
    #[error("the {} artifact could not be downloaded", artifact.as_str())]
    Download {
        /// Which.
        artifact: ArtifactKind,
        /// Why.
        source: FetchError,
    },
    /// An artifact was downloaded and is refused.
    #[error("the {} artifact is refused: {source}", artifact.as_str())]
    Archive {
        /// Which.
        artifact: ArtifactKind,
        /// Why.
        source: ArchiveError,
    },
    /// The manifest declares a backend, and there is no module for it.
    #[error("the manifest declares a backend, but there is no wasm module")]
    NoModule,
    /// The manifest has problems; the details list all of them.
    #[error("the manifest has {} problem(s)", .0.0.len())]
    Manifest(ManifestProblems),
    /// A version is not strict X.Y.Z.
    #[error("'{version}' is no plugin version")]
    InvalidVersion {
        /// As given.
        version: String,
        /// What is wrong with it.
        source: InvalidVersion,
    },
    /// The manifest's version is not the announced one (decision L2).
    #[error("the manifest says version {manifest}, {announced} was announced")]
    VersionMismatch {
        /// By the catalog or the request.
        announced: String,
        /// In the manifest.
        manifest: String,
    },
    /// The offered version may not replace the installed one (decision L2).
    #[error("the upgrade is not done: {0}")]
    Upgrade(UpgradeRefusal),
    /// The module does not compile, keep to the ABI, or initialise.
    #[error("the plugin's module cannot be loaded")]
    Load(#[source] LoadError),
    /// A migration failed. Files before it stay applied if the plugin was installed before.
    #[error("migration {source}")]
    Migration {
        /// File, line and reason.
        source: MigrationError,
    },
    /// The plugin's schema or roles could not be prepared or removed.
    #[error("the plugin's schema could not be prepared")]
    Schema(#[source] StorageError),
    /// The registry could not be read or written.
    #[error("the plugin registry could not be used")]
    Registry(#[source] StorageError),
    /// The host's own file work failed.
    #[error("the plugin's files could not be handled")]
    Files(#[from] FileError),
    /// The store of artifacts failed.
    #[error("the plugin's files could not be stored or read")]
    Artifacts(#[source] ArtifactError),
    /// A stored migration is no text.
    #[error("the stored migration '{0}' is not UTF-8 text")]
    Unreadable(String),
    /// What an earlier, interrupted operation left could not be settled yet.
    #[error("an earlier operation on plugin '{0}' is not settled yet")]
    Unsettled(PluginName),
    /// The operation died, or its host lost the plugin's lock to another one. What it left is settled
    /// by whoever has the lock next.
    #[error("the operation was interrupted")]
    Interrupted,
}

impl LifecycleError {
    /// The code a client sees.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidName { .. } => ErrorCode::BadRequest,
            Self::Busy(_) => ErrorCode::PluginBusy,
            Self::NotInstalled | Self::NotOffered { .. } => ErrorCode::PluginNotFound,
            Self::AlreadyInstalled(_) => ErrorCode::PluginNameTaken,
            Self::SchemaConflict { .. } => ErrorCode::PluginSchemaConflict,
            Self::Catalog(_) => ErrorCode::MarketplaceUnavailable,
            Self::Download { source: FetchError::TooLarge { .. }, .. } => {
                ErrorCode::PluginArchiveInvalid
            }
            Self::Download { source: FetchError::File(_), .. }
            | Self::Archive { source: ArchiveError::File(_), .. } => ErrorCode::InternalError,
            Self::Download { .. } => ErrorCode::PluginDownloadFailed,
            Self::Archive { .. } => ErrorCode::PluginArchiveInvalid,
            Self::Manifest(_) => ErrorCode::PluginManifestInvalid,
            Self::InvalidVersion { .. } | Self::Upgrade(UpgradeRefusal::Invalid { .. }) => {
                ErrorCode::PluginVersionInvalid
            }
            Self::VersionMismatch { .. } => ErrorCode::PluginVersionMismatch,
            Self::Upgrade(UpgradeRefusal::Equal(_)) => ErrorCode::PluginAlreadyUpToDate,
            Self::Upgrade(UpgradeRefusal::Older { .. }) => ErrorCode::PluginDowngradeNotAllowed,
            // Nothing is wrong with the module.
            Self::Load(LoadError::NoRoom { .. }) => ErrorCode::PluginOverloaded,
            Self::Load(_) | Self::NoModule => ErrorCode::PluginLoadFailed,
            Self::Migration { source } if source.is_unavailable() => ErrorCode::ServiceUnavailable,
            Self::Migration { .. } => ErrorCode::PluginMigrationFailed,
            Self::Schema(source) | Self::Registry(source) if source.is_unavailable() => {
                ErrorCode::ServiceUnavailable
            }
            Self::Artifacts(source) if source.is_unavailable() => ErrorCode::ServiceUnavailable,
            Self::Unsettled(_) => ErrorCode::ServiceUnavailable,
            Self::Schema(_)
            | Self::Registry(_)
            | Self::Files(_)
            | Self::Artifacts(_)
            | Self::Unreadable(_)
            | Self::Interrupted => ErrorCode::InternalError,
        }
    }

    /// Whether the cause lies in a store that is away, or in other plugins, and may be over later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.code(), ErrorCode::ServiceUnavailable | ErrorCode::PluginOverloaded)
    }

    /// Structured detail for clients, for the codes that have any.
    pub fn details(&self) -> Option<Value> {
        let details = match self {
            Self::NotOffered { hidden_because: Some(reason), .. } => {
                json!({ "hidden_because": reason })
            }
            Self::SchemaConflict { reason, .. } => json!({ "reason": reason }),
            Self::Catalog(CatalogFailure::Fetch(source)) => json!({ "reason": source.to_string() }),
            Self::Catalog(source) => json!({ "reason": source.to_string() }),
            Self::Download { artifact, source } => {
                json!({ "artifact": artifact.as_str(), "reason": source.to_string() })
            }
            Self::Archive { artifact, source } => json!({
                "artifact": artifact.as_str(),
                "reason": source.reason(),
                "message": source.to_string(),
            }),
            Self::Manifest(problems) => json!({ "problems": problems }),
            Self::InvalidVersion { version, source } => {
                json!({ "version": version, "reason": source.to_string() })
            }
            Self::VersionMismatch { announced, manifest } => {
                json!({ "announced": announced, "manifest": manifest })
            }
            Self::Upgrade(UpgradeRefusal::Equal(version)) => json!({ "installed": version }),
            Self::Upgrade(UpgradeRefusal::Older { installed, offered }) => {
                json!({ "installed": installed, "offered": offered })
            }
            Self::Upgrade(UpgradeRefusal::Invalid { text, reason }) => {
                json!({ "version": text, "reason": reason.to_string() })
            }
            Self::Load(source) => json!({ "reason": source.to_string() }),
            Self::Migration { source } => json!({
                "file": source.file,
                "line": source.line,
                "code": source.code,
                "message": source.message,
            }),
            _ => return None,
        };
        Some(details)
    }
}
