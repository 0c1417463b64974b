//! The other end of a plugin's `fetch`: answers by path, or byte for byte as a case says, over http
//! and over TLS on one port, and remembers requests by their token.

mod behaviour;
mod connection;
mod script;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::{Map, Value};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::authority::{Authority, AuthorityError};
use super::serve::{self, Hangup, Server};
use crate::evidence::Receipt;
use crate::target::OutboundServer;

pub use script::{End, Script};

/// Longest request body it reads.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The first byte of a TLS handshake; no HTTP request begins with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// A request that reached the server.
#[derive(Debug, Clone)]
pub struct SeenRequest {
    /// Method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers, lower-case name → value.
    pub headers: Map<String, Value>,
    /// Body.
    pub body: Bytes,
    /// Proof that the host sent it.
    pub receipt: Receipt,
}

/// What the server knows, by token.
#[derive(Debug, Default)]
struct Books {
    seen: Mutex<HashMap<String, Vec<SeenRequest>>>,
    scripts: Mutex<HashMap<String, Script>>,
}

/// The running server.
#[derive(Debug)]
pub struct Outbound {
    books: Arc<Books>,
    server: Server,
}

/// The server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// Its address cannot be used.
    #[error("it cannot listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Its certificates cannot be made.
    #[error("it has no certificates")]
    Authority(#[from] AuthorityError),
}

impl Outbound {
    /// Starts the server of `[outbound]`. Makes its certificate authority if there is none yet.
    pub async fn start(target: &OutboundServer) -> Result<Self, OutboundError> {
        let (authority, _) = Authority::at(&target.ca_file, &target.hosts())?;
        let tls = TlsAcceptor::from(authority.server_config(target)?);
        let books = Arc::<Books>::default();
        let shared = Arc::clone(&books);
        let server = serve::listen(target.listen, move |stream| {
            accept(stream, tls.clone(), Arc::clone(&shared))
        })
        .await
        .map_err(|source| OutboundError::Listen { address: target.listen, source })?;
        Ok(Self { books, server })
    }

    /// The address it listens on.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// All requests with `?token=` this, in order of arrival.
    pub fn seen(&self, token: &str) -> Vec<SeenRequest> {
        lock(&self.books.seen).get(token).cloned().unwrap_or_default()
    }

    /// What `/scripted?token=` answers for this token from now on.
    pub fn script(&self, token: String, script: Script) {
        lock(&self.books.scripts).insert(token, script);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One connection, with or without TLS. How it ends is the host's business.
async fn accept(stream: TcpStream, tls: TlsAcceptor, books: Arc<Books>) {
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) if first[0] == TLS_HANDSHAKE => {
            if let Ok(stream) = tls.accept(stream).await {
                connection::attend(stream, books).await;
            }
        }
        Ok(1) => connection::attend(stream, books).await,
        _ => {}
    }
}

impl Books {
    /// Reads a request to its end and remembers it.
    async fn receive(
        &self,
        request: Request<Incoming>,
    ) -> Result<(SeenRequest, HashMap<String, String>), Hangup> {
        let receipt = Receipt::of_request(&request);
        let (head, body) = request.into_parts();
        let body = Limited::new(body, MAX_BODY).collect().await.map_err(|_| Hangup)?.to_bytes();
        let query: HashMap<String, String> =
            url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
        let mut headers = Map::new();
        for (name, value) in &head.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.insert(name.to_string(), Value::from(value));
        }
        let request = SeenRequest {
            method: head.method.to_string(),
            path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            headers,
            body,
            receipt,
        };
        if let Some(token) = query.get("token") {
            lock(&self.seen).entry(token.clone()).or_default().push(request.clone());
        }
        Ok((request, query))
    }
}
