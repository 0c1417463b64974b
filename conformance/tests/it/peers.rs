//! The suite's own servers, asked by the suite's own client.

use std::collections::BTreeMap;
use std::time::Duration;

use hostproof::case::{CatalogMode, Checksums};
use hostproof::client::{Client, Outgoing, Transcript};
use hostproof::peers::archive::{Artifact, Damage, Shape};
use hostproof::peers::{Authority, Bundle, Catalog, Gate};
use hostproof::target::{CatalogServer, Limits};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

fn client(address: std::net::SocketAddr) -> Client {
    Client::new(format!("http://{address}").parse().unwrap(), None).unwrap()
}

fn bundle(name: &str) -> Bundle {
    Bundle {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        manifest: b"{}".to_vec(),
        wasm: Some(vec![0; 4096]),
        migrations: BTreeMap::new(),
        frontend: BTreeMap::new(),
        mcp: BTreeMap::new(),
        damage: None,
        gate: Gate::default(),
        checksums: None,
        entry: None,
    }
}

async fn get(
    client: &Client,
    path: &str,
) -> Result<hostproof::client::Answer, hostproof::client::TransportError> {
    client.send(&Transcript::default(), &Outgoing::plain("GET", path)).await
}

fn server() -> CatalogServer {
    CatalogServer {
        listen: "127.0.0.1:0".parse().unwrap(),
        url: "http://catalog.test/base/".parse().unwrap(),
        ca_file: None,
    }
}

async fn catalog() -> (Catalog, Client) {
    let catalog = Catalog::start(&server(), &Limits::default()).await.unwrap();
    let client = client(catalog.address());
    (catalog, client)
}

fn path_of(url: &Value) -> String {
    url.as_str().unwrap().strip_prefix("http://catalog.test/base").unwrap().to_owned()
}

#[tokio::test]
async fn a_published_plugin_is_listed_and_its_archives_are_served() {
    let (catalog, client) = catalog().await;
    let with_sums = Bundle { checksums: Some(Checksums::Correct), ..bundle("a") };
    catalog.publish(with_sums).await.unwrap();
    let patched =
        Bundle { entry: Some(json!({ "version": "2", "artifacts": null })), ..bundle("b") };
    catalog.publish(patched).await.unwrap();

    let listed = get(&client, "/catalog.json").await.unwrap().json().unwrap();
    let artifacts = &listed["plugins"][0]["artifacts"];
    let archive = get(&client, &path_of(&artifacts["backend_tar_gz_url"])).await.unwrap();
    assert_eq!(archive.status, 200);
    assert_eq!(artifacts["backend_tar_gz_sha256"], hex::encode(Sha256::digest(&archive.body)));
    assert_eq!(artifacts.get("migrations_tar_gz_url"), None);
    assert_eq!(listed["plugins"][1]["version"], "2");
    assert_eq!(listed["plugins"][1].get("artifacts"), None);

    catalog.withdraw("a");
    let listed = get(&client, "/catalog.json").await.unwrap().json().unwrap();
    assert_eq!(listed["plugins"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_catalog_can_be_down_garbage_and_endless() {
    let (catalog, client) = catalog().await;
    catalog.set_mode(CatalogMode::Down);
    assert!(get(&client, "/catalog.json").await.is_err());
    catalog.set_mode(CatalogMode::Garbage);
    assert!(get(&client, "/catalog.json").await.unwrap().json().is_none());
    catalog.set_mode(CatalogMode::Redirect);
    let answer = get(&client, "/catalog.json").await.unwrap();
    assert_eq!(
        (answer.status, &answer.headers["location"]),
        (302, &"/catalog.json".parse().unwrap())
    );
    catalog.set_mode(CatalogMode::OtherScheme);
    let answer = get(&client, "/catalog.json").await.unwrap();
    assert!(answer.headers["location"].to_str().unwrap().starts_with("ftp:"));
    catalog.set_mode(CatalogMode::Ok);
    assert_eq!(get(&client, "/catalog.json").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_catalog_is_one_as_text_padded_and_behind_a_redirect_and_none_beyond_the_limit() {
    let (catalog, client) = catalog().await;
    catalog.publish(bundle("a")).await.unwrap();
    let names = |answer: &hostproof::client::Answer| answer.pointer("/plugins/0/name");
    for mode in [CatalogMode::Text, CatalogMode::Padded, CatalogMode::Error] {
        catalog.set_mode(mode);
        let answer = get(&client, "/catalog.json").await.unwrap();
        assert_eq!(names(&answer), Some(json!("a")), "{mode}");
        assert_eq!(answer.status == 500, mode == CatalogMode::Error);
        let limit = Limits::default().catalog_bytes;
        assert!((answer.body.len() as u64) < limit);
    }
    catalog.set_mode(CatalogMode::Moved);
    let moved = get(&client, "/catalog.json").await.unwrap();
    assert_eq!(moved.status, 302);
    let answer = get(&client, moved.headers["location"].to_str().unwrap()).await.unwrap();
    assert_eq!(names(&answer), Some(json!("a")));
    // Right otherwise, so that nothing but its length can be the reason to refuse it.
    catalog.set_mode(CatalogMode::Oversize);
    let answer = get(&client, "/catalog.json").await.unwrap();
    assert!(answer.body.len() as u64 > Limits::default().catalog_bytes);
    assert_eq!(names(&answer), Some(json!("a")));
    assert_eq!(answer.headers.get("content-length"), None);
    catalog.set_mode(CatalogMode::OtherShape);
    let answer = get(&client, "/catalog.json").await.unwrap().json().unwrap();
    assert_eq!(answer[0]["name"], "a");
    catalog.set_mode(CatalogMode::Slow);
    let slow = get(&client, "/catalog.json");
    assert!(tokio::time::timeout(Duration::from_millis(300), slow).await.is_err());
}

#[tokio::test]
async fn frontend_and_mcp_files_are_archives_of_their_own() {
    let (catalog, client) = catalog().await;
    let files = |name: &str| BTreeMap::from([(name.to_owned(), "text".to_owned())]);
    let (frontend, mcp) = (files("a.js"), files("b.js"));
    catalog
        .publish(Bundle { frontend, mcp, checksums: Some(Checksums::UpperCase), ..bundle("a") })
        .await
        .unwrap();
    let listed = get(&client, "/catalog.json").await.unwrap().json().unwrap();
    let artifacts = &listed["plugins"][0]["artifacts"];
    for (artifact, name) in [("frontend", "a.js"), ("mcp", "b.js")] {
        let path = path_of(&artifacts[format!("{artifact}_tar_gz_url")]);
        let answer = get(&client, &path).await.unwrap();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&*answer.body));
        let first = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(first.path().unwrap().to_str(), Some(name));
        let sum = hex::encode(Sha256::digest(&answer.body)).to_uppercase();
        assert_eq!(artifacts[format!("{artifact}_tar_gz_sha256")], sum);
    }
}

#[tokio::test]
async fn an_archive_can_be_held_and_those_who_ask_are_counted() {
    let (catalog, client) = catalog().await;
    let gate = Gate::default();
    let damage = Some(Damage { artifact: Artifact::Backend, shape: Shape::Held });
    catalog.publish(Bundle { damage, gate: gate.clone(), ..bundle("a") }).await.unwrap();
    let listed = get(&client, "/catalog.json").await.unwrap().json().unwrap();
    let path = path_of(&listed["plugins"][0]["artifacts"]["backend_tar_gz_url"]);
    assert!(catalog.asked("a", Artifact::Backend).is_empty());
    let asking = get(&client, &path);
    tokio::pin!(asking);
    while catalog.asked("a", Artifact::Backend).is_empty() {
        tokio::select! {
            biased;
            _ = &mut asking => panic!("it was not held"),
            () = tokio::task::yield_now() => {}
        }
    }
    gate.open();
    assert_eq!(asking.await.unwrap().status, 200);
    assert_eq!(get(&client, &path).await.unwrap().status, 200);
    assert_eq!(catalog.asked("a", Artifact::Backend).len(), 2);
    assert!(catalog.asked("a", Artifact::Manifest).is_empty());
    assert!(catalog.asked("b", Artifact::Backend).is_empty());
}

#[tokio::test]
async fn an_archive_can_be_moved_endless_and_beyond_the_limit() {
    let limits = Limits { artifact_bytes: 300_000, ..Limits::default() };
    let catalog = Catalog::start(&server(), &limits).await.unwrap();
    let client = client(catalog.address());
    let shapes =
        [Shape::Moved, Shape::Redirect, Shape::Error, Shape::OverCap, Shape::OverCapUnannounced];
    for shape in shapes {
        let damage = Some(Damage { artifact: Artifact::Backend, shape });
        catalog.publish(Bundle { damage, ..bundle("a") }).await.unwrap();
        let listed = get(&client, "/catalog.json").await.unwrap().json().unwrap();
        let path = path_of(&listed["plugins"][0]["artifacts"]["backend_tar_gz_url"]);
        let answer = get(&client, &path).await.unwrap();
        let location = answer.headers.get("location").map(|to| to.to_str().unwrap().to_owned());
        match shape {
            Shape::Moved => {
                assert_eq!(get(&client, &location.unwrap()).await.unwrap().status, 200);
            }
            Shape::Redirect => assert_eq!(location, Some(path)),
            Shape::Error => assert_eq!(answer.status, 500),
            _ => {
                assert_eq!(answer.status, 200);
                assert!(answer.body.len() > 300_000);
                let announced = answer.headers.contains_key("content-length");
                assert_eq!(announced, shape == Shape::OverCap);
            }
        }
    }
}

#[tokio::test]
async fn an_archive_can_be_missing_break_off_or_have_a_wrong_checksum() {
    let (catalog, client) = catalog().await;
    for (shape, name) in [(Shape::Missing, "m"), (Shape::Dropped, "d"), (Shape::WrongChecksum, "w")]
    {
        let damage = Some(Damage { artifact: Artifact::Backend, shape });
        catalog.publish(Bundle { damage, ..bundle(name) }).await.unwrap();
    }
    let listed = get(&client, "/catalog.json").await.unwrap().json().unwrap();
    let of = |index: usize| listed["plugins"][index]["artifacts"].clone();
    let (dropped, missing, wrong) = (of(0), of(1), of(2));
    assert!(get(&client, &path_of(&dropped["backend_tar_gz_url"])).await.is_err());
    assert_eq!(get(&client, &path_of(&missing["backend_tar_gz_url"])).await.unwrap().status, 404);
    let archive = get(&client, &path_of(&wrong["backend_tar_gz_url"])).await.unwrap();
    assert_ne!(wrong["backend_tar_gz_sha256"], hex::encode(Sha256::digest(&archive.body)));
    assert_eq!(missing.get("backend_tar_gz_sha256"), None);
}

/// Whoever trusts the authority in the file can read a catalog over TLS, and nobody else; without TLS
/// there is no answer.
#[tokio::test]
async fn a_catalog_over_tls_is_for_those_who_trust_the_authority() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let url = "https://127.0.0.1/".parse().unwrap();
    let at = CatalogServer { url, ca_file: Some(file.clone()), ..server() };
    let catalog = Catalog::start(&at, &Limits::default()).await.unwrap();
    let address = catalog.address();

    let trusted = std::fs::read(&file).unwrap();
    assert_eq!(handshake(address, &trusted).await.unwrap(), "HTTP/1.1 200");
    let other = folder.path().join("other.pem");
    Authority::at(&other, &["127.0.0.1"]).unwrap();
    let stranger = std::fs::read(&other).unwrap();
    assert!(handshake(address, &stranger).await.is_err());
    assert!(get(&client(address), "/catalog.json").await.is_err());
}

/// The first bytes of the catalog's answer, for a client that trusts these authorities.
async fn handshake(address: std::net::SocketAddr, authorities: &[u8]) -> std::io::Result<String> {
    use rustls::pki_types::pem::PemObject as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut roots = rustls::RootCertStore::empty();
    for root in rustls::pki_types::CertificateDer::pem_slice_iter(authorities) {
        roots.add(root.unwrap()).unwrap();
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(address).await?;
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let mut stream = connector.connect(address.ip().into(), stream).await?;
    stream.write_all(b"GET /catalog.json HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n").await?;
    let mut start = [0; 12];
    stream.read_exact(&mut start).await?;
    Ok(String::from_utf8_lossy(&start).into_owned())
}
