//! The catalog: each entry is judged alone, and where it comes from is checked.

use contract::api::ErrorCode;
use lifecycle::{Lifecycle, LifecycleConfig};
use policy::{Limits, Policy};
use serde_json::json;

use crate::support::bundle::Bundle;
use crate::support::catalog_server::Answer;
use crate::support::refusal;
use crate::support::world::World;

#[tokio::test]
async fn a_bad_entry_hides_itself_only() {
    let world = World::new().await;
    world.catalog.add_entry(json!({ "name": "com.example.bad" }));
    world.catalog.publish(&Bundle::new("com.example.one", "1.0.0"));
    world.catalog.add_entry(json!("no entry"));
    world.catalog.publish_with(&Bundle::new("com.example.two", "1.0.0"), |entry| {
        entry["artifacts"]["manifest_tar_gz_url"] = json!("file:///etc/passwd");
    });
    world.catalog.publish(&Bundle::new("com.example.three", "not a version"));
    let catalog = world.lifecycle.marketplace().await.unwrap();
    let names: Vec<&str> = catalog.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["com.example.one", "com.example.three"]);
    let hidden: Vec<_> =
        catalog.rejected.iter().map(|entry| (entry.index, entry.name.as_deref())).collect();
    assert_eq!(hidden, [(0, Some("com.example.bad")), (2, None), (3, Some("com.example.two"))]);
    world.lifecycle.install("com.example.one", true).await.unwrap();
}

#[tokio::test]
async fn a_catalog_that_cannot_be_had() {
    let limits = Limits { catalog_bytes: 10_000, ..Limits::default() };
    let world = World::with_policy(Policy { limits, ..Policy::default() }).await;
    let loop_to = world.catalog.at("/loop");
    let answers = [
        (Answer::Status(500), "the server answered with status 500"),
        (Answer::Status(304), "the server answered with status 304"),
        (Answer::Bytes(b"<html>".to_vec()), "what was fetched is no catalog"),
        (Answer::Bytes(b"{\"plugins\":{}}".to_vec()), "what was fetched is no catalog"),
        (Answer::Bytes(vec![b' '; 10_001]), "more than 10000 bytes"),
        (Answer::Redirect(loop_to.clone()), "more than 5 redirects"),
        (Answer::Redirect("ftp://example.com/".to_owned()), "the scheme 'ftp' is not allowed"),
    ];
    world.catalog.set("/loop", Answer::Redirect(loop_to));
    for (answer, reason) in answers {
        world.catalog.set("/catalog.json", answer);
        let found = refusal(world.lifecycle.marketplace().await);
        assert_eq!(found, (ErrorCode::MarketplaceUnavailable, json!({ "reason": reason })));
        let (code, _) = refusal(world.lifecycle.install("com.example.x", true).await);
        assert_eq!(code, ErrorCode::MarketplaceUnavailable);
    }
    // And one that moved is found.
    world.catalog.publish(&Bundle::new("com.example.one", "1.0.0"));
    let content = json!({ "plugins": [] }).to_string().into_bytes();
    world.catalog.set("/moved.json", Answer::Bytes(content));
    world.catalog.set("/catalog.json", Answer::Redirect("/moved.json".to_owned()));
    assert!(world.lifecycle.marketplace().await.unwrap().entries.is_empty());
}

#[tokio::test]
async fn without_the_test_switch_only_https_to_public_addresses() {
    let world = World::new().await;
    let port = world.catalog.url().rsplit(':').next().unwrap().to_owned();
    let cases = [
        (format!("http://127.0.0.1:{port}"), "the scheme 'http' is not allowed"),
        (format!("https://127.0.0.1:{port}"), "the host '127.0.0.1' has no public address"),
        (format!("https://[::1]:{port}"), "the host '::1' has no public address"),
        ("https://10.0.0.1/c".to_owned(), "the host '10.0.0.1' has no public address"),
        (format!("https://localhost:{port}"), "the host 'localhost' has no public address"),
    ];
    for (url, reason) in cases {
        let lifecycle = world.with_config(|config: &mut LifecycleConfig| {
            config.catalog_url = url.clone();
            config.allow_insecure = false;
        });
        let found = refusal(lifecycle.await.marketplace().await);
        assert_eq!(
            found,
            (ErrorCode::MarketplaceUnavailable, json!({ "reason": reason })),
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_catalog_that_does_not_answer_is_given_up() {
    let world = World::new().await;
    let _closed = world.catalog.gate();
    let timeout = std::time::Duration::from_millis(200);
    let lifecycle: Lifecycle = world.with_config(|config| config.catalog_timeout = timeout).await;
    let (code, details) = refusal(lifecycle.marketplace().await);
    assert_eq!(code, ErrorCode::MarketplaceUnavailable);
    assert_eq!(details["reason"], "not done within 0.2 s");
}
