//! A catalog of a few plugins: a handful of files over HTTP, to the host next door.
//!
//! Reads the request line and answers with a file; that is all of HTTP it knows.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::tool;

/// Files by path, without the leading slash. `{url}` in `catalog.json` becomes our URL.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

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
    /// `manifest`, `backend` or `migrations`.
    pub(crate) kind: &'static str,
    /// Where it is.
    pub(crate) folder: PathBuf,
    /// What of it goes into the archive.
    pub(crate) file: &'static str,
}

/// The catalog's document and every archive it names.
pub(crate) fn files(entries: &[Entry]) -> Result<Files> {
    let mut files = Files::new();
    let mut plugins = Vec::new();
    for Entry { manifest, artifacts } in entries {
        let name = manifest["id"].as_str().context("the manifest's id")?;
        let mut urls = serde_json::Map::new();
        for Artifact { kind, folder, file } in artifacts {
            let path = format!("{name}/{kind}.tar.gz");
            urls.insert(format!("{kind}_tar_gz_url"), json!(format!("{{url}}/{path}")));
            files.insert(path, archive(folder, file)?);
        }
        plugins.push(json!({
            "name": name,
            "display_name": manifest["displayName"],
            "description": manifest["description"],
            "version": manifest["version"],
            "artifacts": urls,
        }));
    }
    let catalog = json!({ "schema_version": 1, "plugins": plugins });
    files.insert("catalog.json".to_owned(), catalog.to_string().into_bytes());
    Ok(files)
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
pub(crate) struct Catalog(SocketAddr);

impl Catalog {
    pub(crate) fn start(mut files: Files) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let catalog = Self(listener.local_addr()?);
        if let Some(document) = files.get_mut("catalog.json") {
            *document =
                String::from_utf8_lossy(document).replace("{url}", &catalog.url()).into_bytes();
        }
        let files = Arc::new(files);
        thread::Builder::new().name("catalog".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let files = Arc::clone(&files);
                thread::spawn(move || answer(&stream, &files));
            }
        })?;
        Ok(catalog)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0)
    }
}

/// A client that goes away in the middle loses its answer, and nobody else anything.
fn answer(mut stream: &TcpStream, files: &Files) -> std::io::Result<()> {
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
    let (status, body) = match files.get(path) {
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
