//! A catalog of one plugin: a handful of files over HTTP, to the host next door.
//!
//! Reads the request line and answers with a file; that is all of HTTP it knows.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use anyhow::Result;

/// Files by path, without the leading slash. `{url}` in `catalog.json` becomes our URL.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

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
