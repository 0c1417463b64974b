//! The catalog: one document for all cases that are under way, with an entry per plugin, and the
//! archives those entries name.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::archive::{self, Artifact, Damage, Shape};
use super::serve::{self, Body, Hangup, Reply, Server};
use crate::case::{CatalogMode, Checksums};
use crate::target::CatalogServer;

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
    /// What is wrong with an archive.
    pub damage: Option<Damage>,
    /// Checksums in the entry.
    pub checksums: Option<Checksums>,
    /// Merge patch over the entry.
    pub entry: Option<Value>,
}

/// A plugin as published.
#[derive(Debug, Clone)]
struct Published {
    entry: Value,
    archives: BTreeMap<String, Archive>,
}

#[derive(Debug, Clone)]
struct Archive {
    bytes: Bytes,
    shape: Option<Shape>,
}

#[derive(Debug)]
struct State {
    mode: CatalogMode,
    plugins: BTreeMap<String, Published>,
}

/// The running catalog.
#[derive(Debug)]
pub struct Catalog {
    state: Arc<Mutex<State>>,
    url: String,
    revision: AtomicU64,
    server: Server,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Catalog {
    /// Starts the server of `[catalog]`.
    pub async fn start(target: &CatalogServer) -> io::Result<Self> {
        let state = State { mode: CatalogMode::Ok, plugins: BTreeMap::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let server = serve::serve(target.listen, move |request: Request<Incoming>| {
            let reply = answer(&lock(&shared), request.uri().path());
            async move { reply }
        })
        .await?;
        let url = target.url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { state, url, revision: AtomicU64::new(0), server })
    }

    /// The address it listens on.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
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
        let published = tokio::task::spawn_blocking(move || publish(&bundle, &base, &prefix))
            .await
            .map_err(io::Error::other)??;
        lock(&self.state).plugins.insert(name, published);
        Ok(())
    }

    /// Removes a plugin's entry and archives.
    pub fn withdraw(&self, name: &str) {
        lock(&self.state).plugins.remove(name);
    }
}

fn publish(bundle: &Bundle, base: &str, prefix: &str) -> io::Result<Published> {
    let mut archives = BTreeMap::new();
    let mut artifacts = serde_json::Map::new();
    for artifact in Artifact::ALL {
        let files = files(bundle, *artifact);
        if files.is_empty() {
            continue;
        }
        let shape = bundle.damage.filter(|d| d.artifact == *artifact).map(|d| d.shape);
        let bytes = archive::build(&files, shape)?;
        let path = format!("{prefix}/{artifact}.tar.gz");
        artifacts.insert(format!("{artifact}_tar_gz_url"), Value::from(format!("{base}{path}")));
        let wrong = (shape == Some(Shape::WrongChecksum)).then_some(Checksums::Wrong);
        if let Some(checksums) = wrong.or(bundle.checksums) {
            let mut sum = hex::encode(Sha256::digest(&bytes));
            if checksums == Checksums::Wrong {
                sum = sum.chars().rev().collect();
            }
            artifacts.insert(format!("{artifact}_tar_gz_sha256"), Value::from(sum));
        }
        archives.insert(path, Archive { bytes: Bytes::from(bytes), shape });
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

fn files(bundle: &Bundle, artifact: Artifact) -> Vec<(String, Vec<u8>)> {
    match artifact {
        Artifact::Manifest => vec![("plugin.json".to_owned(), bundle.manifest.clone())],
        Artifact::Backend => {
            bundle.wasm.iter().map(|wasm| ("backend.wasm".to_owned(), wasm.clone())).collect()
        }
        Artifact::Migrations => bundle
            .migrations
            .iter()
            .map(|(name, sql)| (name.clone(), sql.clone().into_bytes()))
            .collect(),
    }
}

fn answer(state: &State, path: &str) -> Reply {
    if path == "/catalog.json" {
        return catalog(state);
    }
    let archive = state.plugins.values().find_map(|plugin| plugin.archives.get(path));
    let not_found = || serve::response(404, "text/plain", serve::full("no such archive\n"));
    Ok(match archive {
        Some(Archive { shape: Some(Shape::Missing), .. }) | None => not_found(),
        Some(Archive { bytes, shape: Some(Shape::Dropped) }) => {
            let half = bytes.slice(..bytes.len() / 2);
            let mut response = serve::response(200, "application/gzip", serve::broken(half));
            // The whole length is announced, so that the missing half cannot be overlooked.
            response.headers_mut().insert(http::header::CONTENT_LENGTH, bytes.len().into());
            response
        }
        Some(Archive { bytes, .. }) => {
            serve::response(200, "application/gzip", serve::full(bytes.clone()))
        }
    })
}

fn catalog(state: &State) -> Reply {
    let json = |body: Body| serve::response(200, "application/json", body);
    Ok(match state.mode {
        CatalogMode::Ok => {
            let plugins: Vec<&Value> = state.plugins.values().map(|p| &p.entry).collect();
            let document = json!({ "schema_version": 1, "plugins": plugins });
            json(serve::full(document.to_string()))
        }
        CatalogMode::Down => return Err(Hangup),
        CatalogMode::Garbage => json(serve::full("<html>under construction")),
        CatalogMode::Redirect => {
            let mut response: Response<Body> = serve::response(302, "text/plain", serve::full(""));
            let here = http::HeaderValue::from_static("/catalog.json");
            response.headers_mut().insert(http::header::LOCATION, here);
            response
        }
    })
}
