//! The other end of a plugin's `fetch`: answers by path, and remembers requests by their token.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::{Map, Value, json};

use super::serve::{self, Hangup, Reply, Server};
use crate::evidence::Receipt;
use crate::target::OutboundServer;

/// Longest request body it reads.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// Longest body it sends for `/bytes/N`: above the specification's cap on responses, 50 MiB.
const MAX_SENT: usize = 64 * 1024 * 1024;

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

type Seen = Arc<Mutex<HashMap<String, Vec<SeenRequest>>>>;

/// The running server.
#[derive(Debug)]
pub struct Outbound {
    seen: Seen,
    server: Server,
}

impl Outbound {
    /// Starts the server of `[outbound]`.
    pub async fn start(target: &OutboundServer) -> io::Result<Self> {
        let seen = Seen::default();
        let shared = Arc::clone(&seen);
        let server =
            serve::serve(target.listen, move |request| answer(Arc::clone(&shared), request))
                .await?;
        Ok(Self { seen, server })
    }

    /// The address it listens on.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// All requests with `?token=` this, in order of arrival.
    pub fn seen(&self, token: &str) -> Vec<SeenRequest> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(token).cloned().unwrap_or_default()
    }
}

async fn answer(seen: Seen, request: Request<Incoming>) -> Reply {
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
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.entry(token.clone()).or_default().push(request.clone());
    }
    let path = head.uri.path();
    let (name, argument) = path.trim_start_matches('/').split_once('/').unwrap_or((&path[1..], ""));
    reply(name, argument, &query, &request).await
}

async fn reply(
    name: &str,
    argument: &str,
    query: &HashMap<String, String>,
    request: &SeenRequest,
) -> Reply {
    let text =
        |status, text: &str| serve::response(status, "text/plain", serve::full(text.to_owned()));
    let json =
        |value: Value| serve::response(200, "application/json", serve::full(value.to_string()));
    Ok(match name {
        "echo" => {
            let body = match std::str::from_utf8(&request.body) {
                Ok(text) => json!({ "body": text }),
                Err(_) => json!({ "body_base64": STANDARD.encode(&request.body) }),
            };
            let mut answer = json!({ "method": request.method, "path": request.path, "headers": request.headers });
            crate::patch::merge(&mut answer, &body);
            json(answer)
        }
        "headers" => json(Value::Object(request.headers.clone())),
        "status" => text(argument.parse().unwrap_or(400), "as asked\n"),
        "redirect" => {
            let mut response = text(302, "");
            let to = query.get("to").and_then(|to| to.parse().ok()).ok_or(Hangup)?;
            response.headers_mut().insert(http::header::LOCATION, to);
            response
        }
        "bytes" => {
            let count = argument.parse::<usize>().unwrap_or(0).min(MAX_SENT);
            serve::response(200, "application/octet-stream", serve::full(vec![b'x'; count]))
        }
        "binary" => {
            let bytes: &[u8] = &[0x00, 0xff, 0x80, 0xfe];
            serve::response(200, "application/octet-stream", serve::full(bytes.to_vec()))
        }
        "hangup" => return Err(Hangup),
        // Never answers; the task ends with the connection or with the server.
        "slow" => std::future::pending().await,
        _ => text(404, "no such behaviour\n"),
    })
}
