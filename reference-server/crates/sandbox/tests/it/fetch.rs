//! `fetch` (decision F1), through the guest, against a server of the test's own.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use sandbox::Plugin;
use serde_json::{Value, json};

use crate::guests::{BODY, handle, module};
use crate::world::{Setup, World, text};

/// Requests that reached the server, by path.
type Seen = Arc<Mutex<Vec<String>>>;

struct Peer {
    world: World,
    seen: Seen,
}

impl Peer {
    /// A server that `allowed.test` and `other.test` lead to.
    async fn start(change: impl FnOnce(&mut policy::Limits)) -> Self {
        let seen = Seen::default();
        let router = Router::new()
            .route("/echo", any(echo))
            .route("/binary", any(|| async { [0_u8, 255, 128] }))
            .route(
                "/bytes/{count}",
                any(|Path(count): Path<usize>| async move { vec![b'x'; count] }),
            )
            .route("/chunked/{count}", any(chunked))
            .route("/to/{*target}", any(redirect))
            .route(
                "/status/{status}",
                any(|Path(status): Path<u16>| async move { StatusCode::from_u16(status).unwrap() }),
            )
            .layer(axum::middleware::from_fn_with_state(Arc::clone(&seen), remember));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let closed =
            tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut setup = Setup {
            test_hosts: format!("allowed.test={address},other.test={address},closed.test={closed}"),
            ..Setup::default()
        };
        change(&mut setup.limits);
        Self { world: World::with(setup), seen }
    }

    async fn plugin(&self, domains: &[&str]) -> Plugin {
        let manifest = json!({"backend": {"routes": [], "allowedOutboundDomains": domains}});
        self.world.load_with("com.example.guest", manifest, &fetcher()).await.unwrap()
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn remember(
    State(seen): State<Seen>,
    uri: Uri,
    headers: HeaderMap,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let host = headers[header::HOST].to_str().unwrap_or_default().to_owned();
    seen.lock().unwrap().push(format!("{host}{}", uri.path()));
    next.run(request).await
}

async fn echo(method: Method, headers: HeaderMap, body: Bytes) -> Response {
    let names: Vec<_> = headers.keys().map(|name| name.as_str().to_owned()).collect();
    let value = json!({
        "method": method.as_str(),
        "headers": names,
        "mine": headers.get("x-mine").and_then(|value| value.to_str().ok()),
        "body": String::from_utf8_lossy(&body),
    });
    ([("x-theirs", "yes"), ("keep-alive", "timeout=5")], value.to_string()).into_response()
}

/// Without a declared length.
async fn chunked(Path(count): Path<usize>) -> Response {
    let chunks = (0..count).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 1000])));
    Body::from_stream(futures_util::stream::iter(chunks)).into_response()
}

async fn redirect(Path(target): Path<String>) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, target)]).into_response()
}

/// The body is the request; the answer is the response.
pub(crate) fn fetcher() -> String {
    module(&handle(&format!(
        "{BODY} (call $fetch (local.get $p) (local.get $q) (i64.const 0) (i64.const 4))
         (call $answer_out)"
    )))
}

async fn fetch(plugin: &Plugin, request: Value) -> Value {
    serde_json::from_str(&text(plugin, &request.to_string()).await).unwrap()
}

async fn get(plugin: &Plugin, url: &str) -> Value {
    fetch(plugin, json!({"url": url})).await
}

/// The code of a refusal.
fn code(response: &Value) -> &str {
    assert_eq!(response["status"], 0, "{response}");
    response["error"].as_str().unwrap().split_once(": ").unwrap().0
}

#[tokio::test]
async fn method_headers_and_body_go_out_and_status_headers_and_body_come_back() {
    let peer = Peer::start(|_| ()).await;
    let plugin = peer.plugin(&["Allowed.Test."]).await;
    let response = fetch(
        &plugin,
        json!({
            "method": "put",
            "url": "http://allowed.test/echo",
            "headers": {"X-Mine": "1", "Host": "forged.test", "Connection": "close", "Content-Length": "1"},
            "body": "hello",
        }),
    )
    .await;
    assert_eq!(response["status"], 200, "{response}");
    assert_eq!(response["headers"]["X-Theirs"], "yes", "{response}");
    assert_eq!(response["headers"]["Keep-Alive"], Value::Null, "it is the connection's");
    let echoed: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    assert_eq!(echoed["method"], "PUT");
    assert_eq!(echoed["mine"], "1");
    assert_eq!(echoed["body"], "hello");
    assert_eq!(peer.seen(), ["allowed.test/echo"]);

    assert_eq!(get(&plugin, "http://allowed.test/status/503").await["status"], 503);
    // A test host's connection goes where it is mapped, whatever port the guest names.
    assert_eq!(get(&plugin, "http://allowed.test:1/status/204").await["status"], 204);
    assert_eq!(peer.seen()[2], "allowed.test:1/status/204");
}

#[tokio::test]
async fn bodies_that_are_no_text_are_base64() {
    let peer = Peer::start(|_| ()).await;
    let response = get(&peer.plugin(&["allowed.test"]).await, "http://allowed.test/binary").await;
    assert_eq!((&response["body"], &response["body_base64"]), (&json!("AP+A"), &json!(true)));
}

#[tokio::test]
async fn refusals_name_their_reason_and_nothing_is_sent() {
    let peer = Peer::start(|_| ()).await;
    let plugin = peer.plugin(&["allowed.test", "localhost", "127.0.0.1"]).await;
    for (url, expected) in [
        ("http://other.test/echo", "domain_not_allowed"),
        ("http://sub.allowed.test/echo", "scheme_not_allowed"),
        ("https://sub.allowed.test/echo", "domain_not_allowed"),
        ("ftp://allowed.test/echo", "scheme_not_allowed"),
        ("http://user@allowed.test/echo", "userinfo_not_allowed"),
        ("allowed.test/echo", "invalid_url"),
        ("https://localhost/echo", "address_not_allowed"),
        ("https://127.0.0.1/echo", "address_not_allowed"),
        ("https://0x7f.1/echo", "address_not_allowed"),
        ("http://localhost/echo", "scheme_not_allowed"),
    ] {
        assert_eq!(code(&get(&plugin, url).await), expected, "{url}");
    }
    // Any host is not any address.
    let anywhere = peer.plugin(&["*"]).await;
    for url in ["https://[::1]/echo", "https://[::ffff:127.0.0.1]/echo", "https://10.0.0.1/echo"] {
        assert_eq!(code(&get(&anywhere, url).await), "address_not_allowed", "{url}");
    }
    let with = |request: Value| fetch(&plugin, request);
    let url = "http://allowed.test/echo";
    let trace = with(json!({"url": url, "method": "TRACE"})).await;
    assert_eq!(code(&trace), "method_not_allowed");
    let split = with(json!({"url": url, "headers": {"x-a": "1\r\nx-b: 2"}})).await;
    assert_eq!(code(&split), "header_not_allowed");
    assert_eq!(code(&with(json!(["no request"])).await), "invalid_request");
    let base64 = with(json!({"url": url, "body": "?", "body_base64": true})).await;
    assert_eq!(code(&base64), "invalid_request");
    assert_eq!(peer.seen(), Vec::<String>::new());

    let nowhere = peer.plugin(&[]).await;
    assert_eq!(code(&get(&nowhere, url).await), "domain_not_allowed");
}

#[tokio::test]
async fn every_hop_of_a_redirect_is_judged() {
    let peer = Peer::start(|_| ()).await;
    let plugin = peer.plugin(&["allowed.test", "closed.test", "127.0.0.1", "localhost"]).await;

    let followed = get(&plugin, "http://allowed.test/to/http://allowed.test/echo").await;
    assert_eq!(followed["status"], 200, "{followed}");
    assert_eq!(peer.seen(), ["allowed.test/to/http://allowed.test/echo", "allowed.test/echo"]);
    peer.seen.lock().unwrap().clear();

    for target in [
        "http://other.test/echo",
        "https://user@allowed.test/echo",
        "https://127.0.0.1/echo",
        "file:///etc/passwd",
        // Only resolving shows where this one leads.
        "https://localhost/echo",
    ] {
        let response = get(&plugin, &format!("http://allowed.test/to/{target}")).await;
        assert_eq!(code(&response), "redirect_not_allowed", "{target}");
    }
    assert_eq!(peer.seen().len(), 5, "only the first hops: {:?}", peer.seen());
}

#[tokio::test]
async fn redirects_without_end_are_ended() {
    let peer = Peer::start(|limits| limits.fetch_redirects = 2).await;
    let plugin = peer.plugin(&["allowed.test"]).await;
    // Relative to itself: leads to `/to/again`, which leads to `/to/again`.
    let response = get(&plugin, "http://allowed.test/to/again").await;
    assert_eq!(code(&response), "too_many_redirects");
    assert_eq!(peer.seen().len(), 3);
}

#[tokio::test]
async fn responses_are_bounded_with_and_without_declared_length() {
    let peer = Peer::start(|limits| limits.fetch_response_bytes = 10_000).await;
    let plugin = peer.plugin(&["allowed.test"]).await;
    let sized = get(&plugin, "http://allowed.test/bytes/10000").await;
    assert_eq!(sized["body"].as_str().unwrap().len(), 10_000);
    let streamed = get(&plugin, "http://allowed.test/chunked/10").await;
    assert_eq!(streamed["body"].as_str().unwrap().len(), 10_000);
    for path in ["bytes/10001", "chunked/11"] {
        let response = get(&plugin, &format!("http://allowed.test/{path}")).await;
        assert_eq!(code(&response), "response_too_large", "{path}");
    }
}

#[tokio::test]
async fn a_response_that_the_guest_has_no_room_for_is_a_refusal() {
    let peer = Peer::start(|_| ()).await;
    let plugin = peer.plugin(&["allowed.test"]).await;
    let response = get(&plugin, "http://allowed.test/bytes/200000").await;
    assert_eq!(code(&response), "response_too_large");
}

#[tokio::test]
async fn a_failed_connection_is_told_and_the_call_goes_on() {
    let peer = Peer::start(|_| ()).await;
    let plugin = peer.plugin(&["closed.test", "no-such-host.invalid"]).await;
    assert_eq!(code(&get(&plugin, "http://closed.test/").await), "connection_failed");
    assert_eq!(code(&get(&plugin, "https://no-such-host.invalid/").await), "connection_failed");
}
