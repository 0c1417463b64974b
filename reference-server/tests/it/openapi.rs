//! The OpenAPI document against the host that serves it.

mod contract;
mod session;

use std::{collections::BTreeSet, sync::Arc};

use http::Method;
use serde_json::{Value, json};

use self::contract::Contract;
use crate::support::{Host, http_client};

/// An id that nothing has.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

async fn document(host: &Host) -> Value {
    host.anonymous().get("/api/openapi.json").await.json()
}

/// A path as it can be requested.
fn filled(template: &str) -> String {
    template
        .split('/')
        .map(|part| if part.starts_with('{') { NOBODY } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

/// Every path of the router, in the document's spelling. axum has no list of them to give, but shows
/// them.
fn served(host: &Host) -> BTreeSet<String> {
    let shown = format!("{:?}", reference_server::router::build(Arc::clone(&host.app)));
    let paths: BTreeSet<String> = shown
        .split('"')
        .filter(|text| text.starts_with('/'))
        .map(|path| path.replace("{*", "{"))
        // Fallbacks are shown as routes of their own.
        .filter(|path| path != "/" && !path.contains("__private"))
        // One wildcard in the router; plugin and path in the document.
        .map(|path| path.replace("{file}", "{pluginId}/{path}"))
        .collect();
    assert!(paths.contains("/api/v1/auth/login"), "axum shows its routes differently: {shown}");
    paths
}

#[tokio::test]
async fn the_document_and_the_router_name_the_same_operations() {
    let host = Host::start().await;
    let contract = Contract::new(document(&host).await);
    let mut allowed = BTreeSet::new();
    for path in served(&host) {
        // No route answers this method, so the host says which ones do.
        let brew = Method::from_bytes(b"BREW").unwrap();
        let url = format!("{}{}", host.base_url, filled(&path));
        let answer = http_client().request(brew, url).send().await.unwrap();
        let methods = if answer.status() == 405 {
            answer.headers()["allow"].to_str().unwrap().to_lowercase()
        } else {
            // The way into plugins takes any method; manifests declare these.
            assert!(path.starts_with("/api/v1/plugins/{pluginId}/"), "{path}: {}", answer.status());
            "get,post,put,patch,delete".to_owned()
        };
        let methods = methods.split(',').map(|method| method.trim().to_owned());
        allowed.extend(methods.filter(|m| m != "head").map(|method| (path.clone(), method)));
    }
    assert_eq!(contract.operations(), allowed);
}

#[tokio::test]
async fn every_documented_operation_is_answered() {
    let host = Host::start().await;
    let contract = Contract::new(document(&host).await);
    for (path, method) in contract.operations() {
        let url = format!("{}{}", host.base_url, filled(&path));
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let answer = http_client().request(method.clone(), url).body("{}").send().await.unwrap();
        assert_ne!(answer.status(), 405, "{method} {path}");
        if answer.status() == 404 {
            let code = &answer.json::<Value>().await.unwrap()["error_code"];
            assert_eq!(code, "PLUGIN_NOT_FOUND", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn metrics_served_elsewhere_are_not_documented_here() {
    let host = Host::start_with(&[("METRICS_LISTEN", "127.0.0.1:0")]).await;
    assert_eq!(document(&host).await["paths"]["/metrics"], json!(null));
}
