//! Probes.

use serde_json::json;

use crate::support::Host;

#[tokio::test]
async fn a_host_with_its_stores_is_healthy_and_ready() {
    let host = Host::start().await;
    let client = host.anonymous();
    let health = client.get("/api/healthz").await;
    assert_eq!((health.status.as_u16(), health.json()), (200, json!({"status": "ok"})));
    let ready = client.get("/api/readyz").await;
    let stores = json!({
        "status": "ok", "stores": {"postgres": {"status": "up"}}, "plugins": "loaded",
    });
    assert_eq!((ready.status.as_u16(), ready.json()), (200, stores));
}

#[tokio::test]
async fn a_host_without_its_database_is_healthy_but_not_ready() {
    let host = Host::start().await;
    let client = host.admin().await;
    host.app.database.close().await;
    assert_eq!(client.get("/api/healthz").await.status, 200);
    let ready = client.get("/api/readyz").await;
    assert_eq!(ready.status, 503);
    let stores = json!({
        "status": "unavailable", "stores": {"postgres": {"status": "down"}}, "plugins": "loaded",
    });
    assert_eq!(ready.json(), stores);
    // A session needs no store; what it may do does.
    client.get("/projects").await.refused("SERVICE_UNAVAILABLE");
}
