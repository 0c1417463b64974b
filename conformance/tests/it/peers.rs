//! The suite's own servers, asked by the suite's own client.

use std::collections::BTreeMap;

use hostproof::case::{CatalogMode, Checksums};
use hostproof::client::{Client, Outgoing, Transcript};
use hostproof::peers::archive::{Artifact, Damage, Shape};
use hostproof::peers::{Bundle, Catalog};
use hostproof::target::CatalogServer;
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
        damage: None,
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

async fn catalog() -> (Catalog, Client) {
    let target = CatalogServer {
        listen: "127.0.0.1:0".parse().unwrap(),
        url: "http://catalog.test/base/".parse().unwrap(),
    };
    let catalog = Catalog::start(&target).await.unwrap();
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
    catalog.set_mode(CatalogMode::Ok);
    assert_eq!(get(&client, "/catalog.json").await.unwrap().status, 200);
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
