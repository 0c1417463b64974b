//! Postgres goes away, or hangs.

use serde_json::json;

use super::{BOUNDS, PROBE, readiness, ready_again, serves_what_needs_no_store, soon, stores};
use crate::support::{ADMIN, Client, Host, PASSWORD};

/// What a host without its database does.
async fn does_without(host: &Host, admin: &Client, key: &str) {
    let (ready, stores) = readiness(host).await;
    assert!(!ready);
    assert_eq!(stores, json!({"postgres": {"status": "down"}}));
    serves_what_needs_no_store(host).await;

    for path in ["/projects", "/users/me", "/plugins", "/admin/users"] {
        soon(admin.get(path)).await.refused("SERVICE_UNAVAILABLE");
    }
    let login = json!({"username": ADMIN, "password": PASSWORD});
    soon(host.anonymous().post("/auth/login", &login)).await.refused("SERVICE_UNAVAILABLE");
    soon(host.with("x-api-key", key).get("/users/me")).await.refused("SERVICE_UNAVAILABLE");
    let register = json!({
        "name": "com.example.late", "version": "1.0.0",
        "manifest": {"id": "com.example.late", "displayName": "Late", "version": "1.0.0"},
    });
    soon(admin.post("/admin/plugins", &register)).await.refused("SERVICE_UNAVAILABLE");

    // A guest is told, with a code, and goes on.
    let operations = json!([
        {"op": "db_query2", "sql": "SELECT 1"},
        {"op": "db_exec", "sql": "DELETE FROM plugin_kv"},
        {"op": "memory_pages"},
    ]);
    let results = soon(host.anonymous().run(PROBE, operations)).await;
    for failed in [&results[0], &results[1]] {
        assert_eq!(failed["error"], "database_error: the database is unavailable", "{results}");
    }
    assert!(results[2]["result"].is_number(), "{results}");
}

/// Everything that a host with its database does.
async fn does_everything(host: &Host, admin: &Client, key: &str) {
    soon(admin.get("/projects")).await.data(200);
    soon(host.with("x-api-key", key).get("/users/me")).await.data(200);
    soon(host.admin()).await;
    stores(&host.anonymous(), "kept").await;
}

async fn start(url: &str) -> (Host, Client, String) {
    let host = Host::start_on(url, BOUNDS).await;
    host.probe(PROBE, json!([])).await;
    let admin = host.admin().await;
    let key = admin.post("/users/me/api-keys", &json!({"name": "k"})).await.data(201);
    let key = key["key"].as_str().unwrap().to_owned();
    does_everything(&host, &admin, &key).await;
    (host, admin, key)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_outlives_a_crash_of_its_database() {
    let postgres = services::own_postgres().await.unwrap();
    let (host, admin, key) = start(postgres.url()).await;
    postgres.stop().await.unwrap();
    does_without(&host, &admin, &key).await;
    postgres.start().await.unwrap();
    ready_again(&host).await;
    does_everything(&host, &admin, &key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_waits_for_a_database_that_hangs_no_longer_than_it_said() {
    let postgres = services::own_postgres().await.unwrap();
    let (host, admin, key) = start(postgres.url()).await;
    postgres.pause().await.unwrap();
    does_without(&host, &admin, &key).await;
    postgres.resume().await.unwrap();
    ready_again(&host).await;
    does_everything(&host, &admin, &key).await;
}
