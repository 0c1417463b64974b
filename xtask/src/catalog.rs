//! A catalog of a few plugins: a handful of files over HTTP, to the host next door.
//!
//! Reads the request line and answers with a file; that is all of HTTP it knows.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};

use crate::tool;

/// One plugin of a catalog.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its `plugin.json`, from which the entry's fields come.
    pub(crate) manifest: Value,
    /// Its archives.
    pub(crate) artifacts: Vec<Artifact>,
}

/// One archive: a file or folder of a folder.
#[derive(Debug)]
pub(crate) struct Artifact {
    /// `manifest`, `backend`, `migrations`, `frontend` or `mcp`.
    pub(crate) kind: &'static str,
    /// Where it is.
    pub(crate) folder: PathBuf,
    /// What of it goes into the archive.
    pub(crate) file: &'static str,
}

fn archive(folder: &Path, file: &str) -> Result<Vec<u8>> {
    let mut command = Command::new("tar");
    command.args(["--create", "--gzip", "--file", "-", "--directory"]).arg(folder).arg(file);
    let output = command.output().context("cannot run tar")?;
    ensure!(output.status.success(), "`{}` failed", tool::shown(&command));
    Ok(output.stdout)
}

/// A client that says nothing must not keep a thread for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// The running catalog. It ends with the process.
#[derive(Debug)]
pub(crate) struct Catalog {
    address: SocketAddr,
    shelves: Arc<Mutex<Shelves>>,
}

/// What is served.
#[derive(Debug, Default)]
struct Shelves {
    /// The document's entries, by plugin.
    entries: BTreeMap<String, Value>,
    /// The archives by path, without the leading slash. Those of earlier versions stay.
    files: BTreeMap<String, Arc<Vec<u8>>>,
}

impl Catalog {
    /// Starts one that offers nothing yet.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shelves = Arc::<Mutex<Shelves>>::default();
        let served = Arc::clone(&shelves);
        thread::Builder::new().name("catalog".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let shelves = Arc::clone(&served);
                thread::spawn(move || answer(&stream, &shelves));
            }
        })?;
        Ok(Self { address, shelves })
    }

    /// Offers a plugin of a module and one route, `POST /echo`, with the middlewares of a manifest that
    /// names none: whoever calls is looked up.
    pub(crate) fn offer(&self, name: &str, wasm: &[u8]) -> Result<()> {
        let manifest = json!({
            "id": name, "displayName": name, "description": "", "version": "1.0.0",
            "backend": { "routes": [{ "method": "POST", "path": "/echo" }] },
        });
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("plugin.json"), manifest.to_string())?;
        fs::write(folder.path().join("backend.wasm"), wasm)?;
        let artifact = |kind, file| Artifact { kind, folder: folder.path().to_owned(), file };
        let artifacts =
            vec![artifact("manifest", "plugin.json"), artifact("backend", "backend.wasm")];
        self.publish(&Entry { manifest, artifacts })
    }

    /// Offers a plugin, from now on in this version.
    pub(crate) fn publish(&self, entry: &Entry) -> Result<()> {
        let Entry { manifest, artifacts } = entry;
        let name = manifest["id"].as_str().context("the manifest's id")?;
        let version = manifest["version"].as_str().context("the manifest's version")?;
        let mut urls = Map::new();
        let mut files = BTreeMap::new();
        for Artifact { kind, folder, file } in artifacts {
            let path = format!("{name}/{version}/{kind}.tar.gz");
            urls.insert(format!("{kind}_tar_gz_url"), json!(format!("{}/{path}", self.url())));
            files.insert(path, Arc::new(archive(folder, file)?));
        }
        let entry = json!({
            "name": name,
            "display_name": manifest["displayName"],
            "description": manifest["description"],
            "version": version,
            "artifacts": urls,
        });
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.files.append(&mut files);
        shelves.entries.insert(name.to_owned(), entry);
        Ok(())
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Shelves {
    fn get(&self, path: &str) -> Option<Arc<Vec<u8>>> {
        if path == "catalog.json" {
            let plugins: Vec<_> = self.entries.values().collect();
            let document = json!({ "schema_version": 1, "plugins": plugins });
            return Some(Arc::new(document.to_string().into_bytes()));
        }
        self.files.get(path).cloned()
    }
}

/// A client that goes away in the middle loses its answer, and nobody else anything.
fn answer(mut stream: &TcpStream, shelves: &Mutex<Shelves>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    // A response sent before the request is read to its end may be lost with the connection.
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    let found = shelves.lock().unwrap_or_else(PoisonError::into_inner).get(path);
    let (status, body) = match &found {
        Some(file) => ("200 OK", file.as_slice()),
        None => ("404 Not Found", &[][..]),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}
