//! The catalog: one document for all cases that are under way, with an entry per plugin, and the
//! archives those entries name.

mod answer;

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::Request;
use hyper::body::Incoming;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio_rustls::TlsAcceptor;

use super::archive::{self, Artifact, Damage, Packed, Padding, Shape};
use super::authority::{Authority, AuthorityError};
use super::gate::Gate;
use super::serve::{self, Server};
use crate::case::{CatalogMode, Checksums};
use crate::evidence::Receipt;
use crate::target::{CatalogServer, Limits};

/// A plugin to publish.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Name in the catalog.
    pub name: String,
    /// Version in the catalog.
    pub version: String,
    /// Text of `plugin.json`.
    pub manifest: Vec<u8>,
    /// The module; absent publishes no backend.
    pub wasm: Option<Vec<u8>>,
    /// File name → SQL; empty publishes no migrations.
    pub migrations: BTreeMap<String, String>,
    /// Path → text; empty publishes no frontend.
    pub frontend: BTreeMap<String, String>,
    /// Path → text; empty publishes nothing for MCP servers.
    pub mcp: BTreeMap<String, String>,
    /// What is peculiar about an archive.
    pub damage: Option<Damage>,
    /// What an archive that is held waits for.
    pub gate: Gate,
    /// Checksums in the entry.
    pub checksums: Option<Checksums>,
    /// Merge patch over the entry.
    pub entry: Option<Value>,
}

/// A plugin as published.
#[derive(Debug)]
struct Published {
    entry: Value,
    archives: BTreeMap<String, Archive>,
}

#[derive(Debug)]
struct Archive {
    artifact: Artifact,
    bytes: Bytes,
    shape: Option<Shape>,
    padding: Option<Padding>,
    gate: Gate,
    /// Of the requests for it.
    asked: Vec<Receipt>,
}

#[derive(Debug)]
struct State {
    mode: CatalogMode,
    /// Whether anybody has asked for the document.
    read: bool,
    limits: Limits,
    plugins: BTreeMap<String, Published>,
}

/// The running catalog.
#[derive(Debug)]
pub struct Catalog {
    state: Arc<Mutex<State>>,
    url: String,
    revision: AtomicU64,
    packed: Arc<Packed>,
    server: Server,
}

/// The catalog cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Its address cannot be used.
    #[error("the catalog cannot listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Its certificate cannot be made.
    #[error("the catalog has no certificate")]
    Authority(#[from] AuthorityError),
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Catalog {
    /// Starts the server of `[catalog]`, for a host with these limits: over TLS where the target file
    /// names the authority. Makes that if there is none yet.
    pub async fn start(target: &CatalogServer, limits: &Limits) -> Result<Self, CatalogError> {
        let tls = match &target.ca_file {
            Some(file) => {
                let host = target.host();
                let (authority, _) = Authority::at(file, &[&host])?;
                Some(TlsAcceptor::from(authority.server_config_for(&host)?))
            }
            None => None,
        };
        let (mode, plugins) = (CatalogMode::Ok, BTreeMap::new());
        let state = State { mode, read: false, limits: limits.clone(), plugins };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let server = serve::serve(target.listen, tls, move |request: Request<Incoming>| {
            let (gate, reply) = answer::answer(&mut lock(&shared), &request);
            async move {
                if let Some(gate) = gate {
                    gate.opened().await;
                }
                reply
            }
        })
        .await
        .map_err(|source| CatalogError::Listen { address: target.listen, source })?;
        let url = target.url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { state, url, revision: AtomicU64::new(0), packed: Arc::default(), server })
    }

    /// The address it listens on.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// Whether anybody has asked for the document.
    pub fn was_read(&self) -> bool {
        lock(&self.state).read
    }

    /// What it answers from now on.
    pub fn set_mode(&self, mode: CatalogMode) {
        lock(&self.state).mode = mode;
    }

    /// Publishes a plugin, in place of what was published under its name. Packs its archives first, off
    /// the async threads, since a hostile one may be large.
    pub async fn publish(&self, bundle: Bundle) -> io::Result<()> {
        // Every publication has URLs of its own, so that no cache between can serve an older archive.
        let revision = self.revision.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("/artifacts/{}/{revision}", bundle.name);
        let base = self.url.clone();
        let name = bundle.name.clone();
        let limits = lock(&self.state).limits.clone();
        let packed = Arc::clone(&self.packed);
        let pack = move || publish(&bundle, &base, &prefix, &limits, &packed);
        let published = tokio::task::spawn_blocking(pack).await.map_err(io::Error::other)??;
        lock(&self.state).plugins.insert(name, published);
        Ok(())
    }

    /// Removes a plugin's entry and archives.
    pub fn withdraw(&self, name: &str) {
        lock(&self.state).plugins.remove(name);
    }

    /// The requests that came for an archive of what is published under a name.
    pub fn asked(&self, name: &str, artifact: Artifact) -> Vec<Receipt> {
        let state = lock(&self.state);
        let archives = state.plugins.get(name).into_iter().flat_map(|p| p.archives.values());
        let of_kind = archives.filter(|archive| archive.artifact == artifact);
        of_kind.flat_map(|archive| archive.asked.iter().cloned()).collect()
    }
}

fn publish(
    bundle: &Bundle,
    base: &str,
    prefix: &str,
    limits: &Limits,
    packed: &Packed,
) -> io::Result<Published> {
    let mut archives = BTreeMap::new();
    let mut artifacts = serde_json::Map::new();
    for artifact in Artifact::ALL.iter().copied() {
        let files = files(bundle, artifact);
        if files.is_empty() {
            continue;
        }
        let shape = bundle.damage.filter(|d| d.artifact == artifact).map(|d| d.shape);
        let bytes = match shape {
            None => packed.ordinary(&files, limits)?,
            Some(_) => Bytes::from(archive::build(&files, shape, limits)?),
        };
        let path = format!("{prefix}/{artifact}.tar.gz");
        artifacts.insert(format!("{artifact}_tar_gz_url"), Value::from(format!("{base}{path}")));
        let wrong = (shape == Some(Shape::WrongChecksum)).then_some(Checksums::Wrong);
        if let Some(checksums) = wrong.or(bundle.checksums) {
            let sum = checksum(&bytes, checksums);
            artifacts.insert(format!("{artifact}_tar_gz_sha256"), Value::from(sum));
        }
        let padding = shape.and_then(|shape| Padding::of(shape, limits));
        let (gate, asked) = (bundle.gate.clone(), Vec::new());
        archives.insert(path, Archive { artifact, bytes, shape, padding, gate, asked });
    }
    let mut entry = json!({
        "name": bundle.name,
        "display_name": "Hostproof",
        "description": "A plugin of the conformance suite",
        "version": bundle.version,
        "artifacts": artifacts,
    });
    if let Some(patch) = &bundle.entry {
        crate::patch::merge(&mut entry, patch);
    }
    Ok(Published { entry, archives })
}

fn checksum(bytes: &[u8], checksums: Checksums) -> String {
    let sum = hex::encode(Sha256::digest(bytes));
    match checksums {
        Checksums::Correct => sum,
        Checksums::UpperCase => sum.to_ascii_uppercase(),
        Checksums::Wrong => sum.chars().rev().collect(),
    }
}

fn files(bundle: &Bundle, artifact: Artifact) -> Vec<(String, Vec<u8>)> {
    let texts = |files: &BTreeMap<String, String>| {
        files.iter().map(|(name, text)| (name.clone(), text.clone().into_bytes())).collect()
    };
    match artifact {
        Artifact::Manifest => vec![("plugin.json".to_owned(), bundle.manifest.clone())],
        Artifact::Backend => {
            bundle.wasm.iter().map(|wasm| ("backend.wasm".to_owned(), wasm.clone())).collect()
        }
        Artifact::Frontend => texts(&bundle.frontend),
        Artifact::Mcp => texts(&bundle.mcp),
        Artifact::Migrations => texts(&bundle.migrations),
    }
}
