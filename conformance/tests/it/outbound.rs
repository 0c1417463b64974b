//! The outbound server: over http, over TLS, and byte for byte.

use std::io;
use std::path::Path;
use std::sync::Arc;

use hostproof::client::{Client, Outgoing, Transcript};
use hostproof::peers::{Authority, AuthorityError, End, Outbound, Script};
use hostproof::target::OutboundServer;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{AUTHORITY, target};

async fn outbound() -> Outbound {
    Outbound::start(&settings()).await.unwrap()
}

fn settings() -> OutboundServer {
    target("http://127.0.0.1:1").outbound.unwrap()
}

async fn get(
    client: &Client,
    path: &str,
) -> Result<hostproof::client::Answer, hostproof::client::TransportError> {
    client.send(&Transcript::default(), &Outgoing::plain("GET", path)).await
}

/// What the server sends over TLS to a client that trusts its authority, and how that ended.
async fn over_tls(outbound: &Outbound, host: &str, path: &str) -> (String, io::Result<()>) {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(AUTHORITY).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(outbound.address()).await.unwrap();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let mut stream = match connector.connect(name, stream).await {
        Ok(stream) => stream,
        Err(error) => return (String::new(), Err(error)),
    };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await.map(drop);
    (String::from_utf8(bytes).unwrap(), end)
}

fn script(send: &'static str, end: End) -> Script {
    Script {
        send: send.into(),
        repeat: "".into(),
        times: None,
        pause: None,
        tail: "".into(),
        end,
        gate: None,
    }
}

#[tokio::test]
async fn the_outbound_server_behaves_by_path_and_remembers_by_token() {
    let outbound = outbound().await;
    let client =
        Client::new(format!("http://{}", outbound.address()).parse().unwrap(), None).unwrap();
    let echo = Outgoing::json("PUT", "/echo?token=t1", &json!({ "a": 1 }))
        .with(&[("x-custom".to_owned(), "v".to_owned())]);
    let answer = client.send(&Transcript::default(), &echo).await.unwrap();
    assert_eq!(answer.pointer("/method").unwrap(), "PUT");
    assert_eq!(answer.pointer("/headers/x-custom").unwrap(), "v");
    assert_eq!(answer.pointer("/body").unwrap(), "{\"a\":1}");

    assert_eq!(get(&client, "/status/503").await.unwrap().status, 503);
    assert_eq!(get(&client, "/bytes/100").await.unwrap().body.len(), 100);
    assert!(std::str::from_utf8(&get(&client, "/binary").await.unwrap().body).is_err());
    let redirect = get(&client, "/redirect?to=http%3A%2F%2Fx.test%2Fy").await.unwrap();
    assert_eq!(redirect.headers["location"], "http://x.test/y");
    let moved = get(&client, "/redirect?status=308&to=%2Fy").await.unwrap();
    assert_eq!((moved.status, &moved.headers["location"]), (308, &"/y".parse().unwrap()));
    let hop = get(&client, "/hops/3?token=t4").await.unwrap();
    assert_eq!((hop.status, &hop.headers["location"]), (302, &"/hops/2?token=t4".parse().unwrap()));
    assert_eq!(get(&client, "/hops/0").await.unwrap().status, 200);
    assert_eq!(get(&client, "/loop").await.unwrap().headers["location"], "/loop");
    assert!(get(&client, "/hangup?token=t2").await.is_err());
    let slow =
        tokio::time::timeout(std::time::Duration::from_millis(200), get(&client, "/slow")).await;
    assert!(slow.is_err());

    let seen = outbound.seen("t1");
    assert_eq!(
        (seen.len(), seen[0].method.as_str(), seen[0].path.as_str()),
        (1, "PUT", "/echo?token=t1")
    );
    assert_eq!(outbound.seen("t2").len(), 1);
    assert!(outbound.seen("t3").is_empty());
}

#[tokio::test]
async fn certificates_are_right_for_two_names_and_wrong_for_three() {
    let outbound = outbound().await;
    let settings = settings();
    for host in [&settings.allowed_host, &settings.other_host] {
        let (answer, end) = over_tls(&outbound, host, "/status/200?token=tls").await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && end.is_ok(),
            "{host}: {answer} {end:?}"
        );
    }
    for (host, reason) in [
        (&settings.untrusted_host, "BadSignature"),
        (&settings.expired_host, "certificate expired"),
        (&settings.misnamed_host, "not valid for name"),
    ] {
        let (_, end) = over_tls(&outbound, host, "/status/200?token=tls").await;
        let error = end.unwrap_err().to_string();
        assert!(error.contains(reason), "{host}: {error}");
    }
    assert_eq!(outbound.seen("tls").len(), 2);
}

#[tokio::test]
async fn a_script_is_sent_byte_for_byte_and_ends_as_it_says() {
    let outbound = outbound().await;
    let host = settings().allowed_host;
    let scripted = async |token: &str, script: Script| {
        outbound.script(token.to_owned(), script);
        over_tls(&outbound, &host, &format!("/scripted?token={token}")).await
    };
    let (answer, end) = scripted("close", script("no HTTP\r\n", End::Close)).await;
    assert!(answer == "no HTTP\r\n" && end.is_ok(), "{answer} {end:?}");
    let (answer, end) = scripted("cut", script("no HTTP\r\n", End::Cut)).await;
    assert_eq!(answer, "no HTTP\r\n");
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);

    let many = Script {
        repeat: "ab".into(),
        times: Some(100_000),
        tail: "!".into(),
        ..script("<", End::Close)
    };
    let (answer, _) = scripted("many", many.clone()).await;
    assert_eq!(answer, format!("<{}!", "ab".repeat(100_000)));
    let slowly =
        Script { times: Some(3), pause: Some(std::time::Duration::from_millis(1)), ..many };
    assert_eq!(scripted("slowly", slowly).await.0, "<ababab!");

    assert_eq!(outbound.seen("close").len(), 1, "the request is remembered like any other");
    let (nothing, _) = over_tls(&outbound, &host, "/scripted?token=unknown").await;
    assert_eq!(nothing, "");
}

#[tokio::test]
async fn silence_lasts_until_the_client_has_enough() {
    let outbound = outbound().await;
    outbound.script("hold".to_owned(), script("HTTP/1.1 200 OK\r\n", End::Hold));
    let host = settings().allowed_host;
    let answer = over_tls(&outbound, &host, "/scripted?token=hold");
    assert!(tokio::time::timeout(std::time::Duration::from_millis(200), answer).await.is_err());
}

#[test]
fn an_authority_is_made_once_and_vouches_for_its_names_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/ca.pem");
    let (_, made) = Authority::at(&file, &settings().hosts()).unwrap();
    assert!(made);
    let text = std::fs::read_to_string(&file).unwrap();
    let (_, made) = Authority::at(&file, &settings().hosts()).unwrap();
    assert!(!made && std::fs::read_to_string(&file).unwrap() == text);
    assert!(!text.contains("PRIVATE"), "what the host gets to read is no key");
    assert_mode(&file.with_extension("key"), 0o600);

    let mut elsewhere = settings();
    elsewhere.ca_file.clone_from(&file);
    elsewhere.allowed_host = "renamed.test".to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(Outbound::start(&elsewhere)).unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    let source = source.downcast_ref::<AuthorityError>();
    assert!(matches!(source, Some(AuthorityError::Mismatch { .. })), "{error:?}");
}

#[cfg(unix)]
fn assert_mode(file: &Path, expected: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, expected, "{}", file.display());
}

#[cfg(not(unix))]
fn assert_mode(_file: &Path, _expected: u32) {}
