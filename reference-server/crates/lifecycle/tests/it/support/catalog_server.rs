//! A catalog and its artifacts, served over loopback HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use super::bundle::Bundle;

/// What one path answers.
#[derive(Clone)]
pub(crate) enum Answer {
    Bytes(Vec<u8>),
    Status(u16),
    Redirect(String),
    /// Says that it was asked, and answers once it is told to.
    Gate(Arc<Gate>, Vec<u8>),
}

/// A request that waits.
#[derive(Default)]
pub(crate) struct Gate {
    pub(crate) asked: Notify,
    pub(crate) open: Notify,
}

type Answers = Arc<Mutex<HashMap<String, Answer>>>;

/// The server; it stops when the runtime of the test ends.
#[derive(Clone)]
pub(crate) struct CatalogServer {
    base: String,
    answers: Answers,
    entries: Arc<Mutex<Vec<Value>>>,
}

impl CatalogServer {
    pub(crate) async fn start() -> Self {
        let answers = Answers::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&answers));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let server = Self { base, answers, entries: Arc::default() };
        server.publish_entries();
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/catalog.json", self.base)
    }

    /// Sets what a path answers.
    pub(crate) fn set(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// Puts a plugin's entry and archives in the catalog, in place of an earlier version.
    pub(crate) fn publish(&self, bundle: &Bundle) {
        self.publish_with(bundle, |_| {});
    }

    /// The same, with a change made to the entry.
    pub(crate) fn publish_with(&self, bundle: &Bundle, change: impl FnOnce(&mut Value)) {
        let mut artifacts = serde_json::Map::new();
        for (kind, bytes) in bundle.packed() {
            let path = format!("/{}/{}/{kind}.tar.gz", bundle.name, bundle.version);
            artifacts.insert(format!("{kind}_tar_gz_url"), json!(format!("{}{path}", self.base)));
            if bundle.checksums {
                let sum = hex::encode(Sha256::digest(&bytes));
                artifacts.insert(format!("{kind}_tar_gz_sha256"), json!(sum));
            }
            self.set(&path, Answer::Bytes(bytes));
        }
        let mut entry = json!({
            "name": bundle.name,
            "display_name": "A plugin",
            "description": "For the tests of the lifecycle.",
            "version": bundle.version,
            "artifacts": artifacts,
        });
        change(&mut entry);
        let mut entries = self.entries.lock().unwrap();
        entries.retain(|known| known["name"] != bundle.name.as_str());
        entries.push(entry);
        drop(entries);
        self.publish_entries();
    }

    /// Makes the next readers of the catalog wait at a gate.
    pub(crate) fn gate(&self) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        self.set("/catalog.json", Answer::Gate(Arc::clone(&gate), self.catalog()));
        gate
    }

    /// Makes the next download of one artifact wait at a gate.
    pub(crate) fn gate_artifact(&self, name: &str, version: &str, kind: &str) -> Arc<Gate> {
        let path = format!("/{name}/{version}/{kind}.tar.gz");
        let Some(Answer::Bytes(bytes)) = self.answers.lock().unwrap().get(&path).cloned() else {
            panic!("{path} is not published");
        };
        let gate = Arc::new(Gate::default());
        self.set(&path, Answer::Gate(Arc::clone(&gate), bytes));
        gate
    }

    /// Takes a plugin out of the catalog.
    pub(crate) fn withdraw(&self, name: &str) {
        self.entries.lock().unwrap().retain(|known| known["name"] != name);
        self.publish_entries();
    }

    /// Adds an entry as it is.
    pub(crate) fn add_entry(&self, entry: Value) {
        self.entries.lock().unwrap().push(entry);
        self.publish_entries();
    }

    /// Serves the catalog again after it was made to answer something else.
    pub(crate) fn publish_entries(&self) {
        self.set("/catalog.json", Answer::Bytes(self.catalog()));
    }

    fn catalog(&self) -> Vec<u8> {
        let plugins = self.entries.lock().unwrap();
        json!({ "schema_version": 1, "plugins": *plugins }).to_string().into_bytes()
    }

    /// The address of a path here.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

async fn answer(State(answers): State<Answers>, uri: Uri) -> axum::response::Response {
    let answer = answers.lock().unwrap().get(uri.path()).cloned();
    match answer {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(Answer::Bytes(bytes)) => bytes.into_response(),
        Some(Answer::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Answer::Gate(gate, bytes)) => {
            gate.asked.notify_one();
            gate.open.notified().await;
            bytes.into_response()
        }
        Some(Answer::Redirect(to)) => (StatusCode::FOUND, [("location", to)]).into_response(),
    }
}
