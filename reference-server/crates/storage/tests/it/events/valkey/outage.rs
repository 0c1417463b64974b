//! A store that goes away in the middle.

use serde_json::json;

use super::super::support::{Running, event, publish};
use super::server::KeptServer;
use super::{LONG, connect, host, until_pending};

#[tokio::test]
async fn a_store_that_is_killed_and_comes_back_loses_no_event_it_had() {
    let mut server = KeptServer::start().await;
    let bus = host(&server.url(), "one", LONG).await;
    let running = Running::start(&bus);
    publish(&bus, "held", json!({"a": "wait"})).await;
    publish(&bus, "behind", json!({})).await;
    running.recorder.until("a", "held", 1).await;
    running.recorder.until("b", "behind", 1).await;
    server.kill().await;
    // Returns while there is nowhere to note it.
    running.recorder.go_on.notify_one();
    assert!(bus.ping().await.unwrap_err().is_unavailable());
    let failed = bus.publish_core(&event("lost", json!({}))).await;
    assert!(failed.unwrap_err().is_unavailable());
    server.restart().await;
    running.recorder.until("a", "behind", 1).await;
    publish(&bus, "afterwards", json!({})).await;
    running.recorder.until("a", "afterwards", 1).await;
    assert_eq!(running.recorder.of("a", "held").len(), 1, "it was noted when there was a store");
    until_pending(&connect(&server.url()).await, 0).await;
    running.stop().await;
}
