//! A whole host in this process, and a bare axum router that does the same JSON work.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use axum::routing::post;
use contract::envelope::{GuestResponse, RequestEnvelope, ResponseEnvelope};
use contract::header::capitalised;
use http::{HeaderMap, StatusCode, Uri, header};
use http_body_util::BodyExt as _;
use reference_server::config::{Config, PluginValues};
use reference_server::router;
use reference_server::server::Server;
use serde_json::json;
use services::TestDatabase;
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::prompt::Error;
use crate::{ECHO, store};

/// The plugin that echoes. Its guest does nothing.
pub const ECHO_PLUGIN: &str = "com.example.echo";
/// The plugin that echoes with the guest SDK.
pub const SDK_PLUGIN: &str = "com.example.sdk";

const PASSWORD: &str = "correct horse battery";

/// A host that serves in this process, with two plugins and somebody who is signed in.
#[derive(Debug)]
pub struct Served {
    /// The whole HTTP surface, layers included.
    pub router: Router,
    /// The `Authorization` of the administrator.
    pub authorization: String,
    // Kept for as long as the host lives.
    _server: Server,
    _database: TestDatabase,
    folder: TempDir,
}

impl Served {
    /// Starts one on an empty database of its own.
    ///
    /// # Errors
    /// There is no Postgres, or the host does not start.
    pub async fn start() -> Result<Self, Error> {
        let database = store::database().await?;
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name).display().to_string();
        let environment = [
            ("LISTEN", "127.0.0.1:0".to_owned()),
            ("DATABASE_URL", database.url().to_owned()),
            ("JWT_SECRET", "0123456789abcdef0123456789abcdef".to_owned()),
            ("ADMIN_USERNAME", "admin".to_owned()),
            ("ADMIN_PASSWORD", PASSWORD.to_owned()),
            ("PLUGINS_WASM_DIR", path("backend")),
            ("PLUGINS_FRONTEND_DIR", path("frontend")),
            ("PLUGINS_MCP_DIR", path("mcp")),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        let config = Config::load(None, &environment)?;
        let values = PluginValues::load(None, &environment)?;
        // As in the host that ships: spans are made, and lines below the level are dropped.
        reference_server::telemetry::init(&config.log)?;
        let server = Server::start(config, values).await?;
        let router = router::build(Arc::clone(server.app()));
        let authorization = sign_in(&router).await?;
        let host = Self { router, authorization, _server: server, _database: database, folder };
        host.install(ECHO_PLUGIN, &wat::parse_str(ECHO)?).await?;
        host.install(SDK_PLUGIN, fixtures_plugins::MINIMAL.wasm).await?;
        Ok(host)
    }

    async fn install(&self, name: &str, wasm: &[u8]) -> Result<(), Error> {
        let backend = self.folder.path().join("backend").join(name);
        std::fs::create_dir_all(&backend)?;
        std::fs::write(backend.join("backend.wasm"), wasm)?;
        let manifest = json!({
            "id": name, "displayName": "Echo", "version": "1.0.0",
            "backend": { "routes": [{ "method": "POST", "path": "/echo" }] },
        });
        let body =
            json!({ "name": name, "version": "1.0.0", "manifest": manifest, "enabled": true });
        let request = Request::post("/api/v1/admin/plugins")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, &self.authorization);
        let (status, text) = ask(&self.router, request.body(Body::from(body.to_string()))?).await?;
        if status != StatusCode::CREATED {
            return Err(format!("{name} was not installed: {text}").into());
        }
        Ok(())
    }
}

async fn sign_in(router: &Router) -> Result<String, Error> {
    let credentials = json!({ "username": "admin", "password": PASSWORD }).to_string();
    let request = Request::post("/api/v1/auth/login")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(credentials))?;
    let response = router.clone().oneshot(request).await?;
    let mut cookies = response.headers().get_all(header::SET_COOKIE).iter();
    let token = cookies
        .find_map(|cookie| cookie.to_str().ok()?.strip_prefix("access_token=")?.split(';').next())
        .ok_or("the login gave no token")?;
    Ok(format!("Bearer {token}"))
}

/// Asks a router; gives status and body.
///
/// # Errors
/// The body broke off.
pub async fn ask(router: &Router, request: Request) -> Result<(StatusCode, String), Error> {
    let response = router.clone().oneshot(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// What a browser would send, with these credentials.
///
/// # Panics
/// A path or credentials that no request can hold.
pub fn browser(path: &str, authorization: &str) -> Request {
    let mut request = Request::post(path).header(header::AUTHORIZATION, authorization);
    for (name, value) in crate::envelope().headers {
        request = request.header(name, value);
    }
    request.body(Body::from(crate::envelope().body)).expect("a request")
}

/// An axum router without plugins. `/echo` writes the envelope of a request and reads it as an answer,
/// as a host does around a guest that does nothing; `/handled` reads and writes in between as well, as
/// a guest does.
pub fn bare() -> Router {
    Router::new().route("/echo", post(echo)).route("/handled", post(handled))
}

async fn echo(uri: Uri, headers: HeaderMap, body: Bytes) -> Result<Response, StatusCode> {
    respond(&envelope(&uri, &headers, &body).encode())
}

async fn handled(uri: Uri, headers: HeaderMap, body: Bytes) -> Result<Response, StatusCode> {
    let encoded = envelope(&uri, &headers, &body).encode();
    let read: RequestEnvelope =
        serde_json::from_slice(&encoded).map_err(|_| StatusCode::BAD_REQUEST)?;
    let content_type = read.headers.get("Content-Type").cloned().unwrap_or_default();
    let answer = RequestEnvelope {
        headers: BTreeMap::from([("Content-Type".to_owned(), content_type)]),
        body: read.body,
        ..RequestEnvelope::default()
    };
    respond(&answer.encode())
}

fn envelope(uri: &Uri, headers: &HeaderMap, body: &Bytes) -> RequestEnvelope {
    let headers = headers.iter().filter(|(name, _)| *name != header::AUTHORIZATION);
    let headers = headers.filter_map(|(name, value)| {
        Some((capitalised(name.as_str()), value.to_str().ok()?.to_owned()))
    });
    RequestEnvelope {
        method: "POST".to_owned(),
        path: uri.path().trim_start_matches('/').to_owned(),
        headers: headers.collect(),
        body: body.to_vec(),
        ..RequestEnvelope::default()
    }
}

fn respond(answer: &[u8]) -> Result<Response, StatusCode> {
    let GuestResponse { status, headers, body } =
        ResponseEnvelope::decode(answer).map_err(|_| StatusCode::BAD_GATEWAY)?;
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).map_err(|_| StatusCode::BAD_GATEWAY)
}
