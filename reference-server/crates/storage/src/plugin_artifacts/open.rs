//! Opening the store.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use super::{ArtifactError, ArtifactStore, Root, Tree};

/// How the library calls the two stores in its errors.
pub(super) const S3: &str = "S3";
pub(super) const FOLDERS: &str = "LocalFileSystem";

/// No answer for so long, and the bucket counts as away.
const ANSWER: Duration = Duration::from_secs(10);

/// Attempts at one request take no longer than this together.
const ATTEMPTS: Duration = Duration::from_secs(15);

/// Where plugins' files are.
#[derive(Clone)]
pub enum ArtifactStoreConfig {
    /// Folders of this machine, or of a file system that all hosts mount.
    Folders {
        /// `PLUGINS_WASM_DIR`.
        backend: PathBuf,
        /// `PLUGINS_FRONTEND_DIR`.
        frontend: PathBuf,
        /// `PLUGINS_MCP_DIR`.
        mcp: PathBuf,
    },
    /// A bucket, at Amazon or at anything that speaks its protocol.
    S3 {
        /// `STORAGE_BUCKET`.
        bucket: String,
        /// `PLUGINS_S3_PREFIX`: what every key begins with; may be empty.
        prefix: String,
        /// The usual variables, by name: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
        /// `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ALLOW_HTTP` and so on. Unknown ones are ignored.
        variables: Vec<(String, String)>,
    },
}

impl fmt::Debug for ArtifactStoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folders { backend, frontend, mcp } => f
                .debug_struct("Folders")
                .field("backend", backend)
                .field("frontend", frontend)
                .field("mcp", mcp)
                .finish(),
            // The variables are credentials.
            Self::S3 { bucket, prefix, .. } => f
                .debug_struct("S3")
                .field("bucket", bucket)
                .field("prefix", prefix)
                .finish_non_exhaustive(),
        }
    }
}

impl ArtifactStore {
    /// Opens the store. Folders are made where they are missing, and refused where two are one: a
    /// module would be served to browsers. A bucket is not asked for anything yet.
    pub async fn open(config: ArtifactStoreConfig) -> Result<Self, ArtifactError> {
        let roots = match config {
            ArtifactStoreConfig::Folders { backend, frontend, mcp } => {
                let mut seen = Vec::new();
                [
                    folder(backend, &mut seen).await?,
                    folder(frontend, &mut seen).await?,
                    folder(mcp, &mut seen).await?,
                ]
            }
            ArtifactStoreConfig::S3 { bucket, prefix, variables } => {
                let part = |tree: Tree| {
                    let prefix = prefix.split('/').filter(|part| !part.is_empty());
                    let prefix: Key = prefix.chain([tree.as_str()]).collect();
                    bucket_root(&bucket, prefix, &variables)
                };
                [part(Tree::Backend)?, part(Tree::Frontend)?, part(Tree::Mcp)?]
            }
        };
        Ok(Self { trees: Arc::new(roots) })
    }
}

async fn folder(path: PathBuf, seen: &mut Vec<PathBuf>) -> Result<Root, ArtifactError> {
    let made = tokio::fs::create_dir_all(&path).await;
    made.map_err(|error| ArtifactError::io("create folder", &path, error))?;
    let real = tokio::fs::canonicalize(&path).await;
    let real = real.map_err(|error| ArtifactError::io("resolve folder", &path, error))?;
    if seen.contains(&real) {
        let error = std::io::Error::other("the folders of plugins' files must differ");
        return Err(ArtifactError::io("use folder", &path, error));
    }
    seen.push(real);
    let store = LocalFileSystem::new_with_prefix(&path);
    let store = store.map_err(ArtifactError::at("use folder", path.display()))?;
    Ok(Root { store: Box::new(store), prefix: Key::default(), folder: Some(path) })
}

fn bucket_root(
    bucket: &str,
    prefix: Key,
    variables: &[(String, String)],
) -> Result<Root, ArtifactError> {
    let retry = RetryConfig {
        max_retries: 3,
        retry_timeout: ATTEMPTS,
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(2),
            ..BackoffConfig::default()
        },
    };
    // Refused when another part of the process installed one first, which does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A file that is sent to a slow client takes its time; a bucket that does not answer has none.
    let client = ClientOptions::new()
        .with_connect_timeout(ANSWER)
        .with_timeout_disabled()
        .with_read_timeout(ANSWER);
    let mut builder = AmazonS3Builder::new().with_retry(retry).with_client_options(client);
    for (name, value) in variables {
        if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    let store = builder.with_bucket_name(bucket).build();
    let store = store.map_err(ArtifactError::at("use bucket", bucket))?;
    Ok(Root { store: Box::new(store), prefix, folder: None })
}
