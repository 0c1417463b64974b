//! What no route answers, and what every answer has.

use http::Method;
use serde_json::json;

use crate::support::Host;

#[tokio::test]
async fn unknown_paths_and_methods_are_answered_in_the_envelope() {
    let host = Host::start().await;
    let client = host.anonymous();
    for path in
        ["/api/v1/nothing", "/api/nothing", "/api/v1/plugins/com.example.a", "/api/v1/admin"]
    {
        client.get(path).await.refused("NOT_FOUND");
    }
    for (method, path) in [
        (Method::DELETE, "/api/healthz"),
        (Method::GET, "/auth/login"),
        (Method::PUT, "/projects"),
        (Method::DELETE, "/plugins"),
    ] {
        let refused = client.send(method, path, None).await;
        refused.refused("METHOD_NOT_ALLOWED");
        assert!(refused.headers.contains_key("allow"), "{path}");
    }
}

#[tokio::test]
async fn a_request_id_is_taken_over_or_made() {
    let host = Host::start().await;
    let given = host.with("x-request-id", "from-the-gateway_7");
    let answer = given.get("/users/me").await;
    assert_eq!(answer.refused("AUTH_MISSING_TOKEN")["request_id"], "from-the-gateway_7");
    let forged = host.with("x-request-id", "a b=c");
    let answer = forged.get("/users/me").await;
    assert_ne!(answer.headers["x-request-id"], "a b=c");
    let (one, two) =
        (host.anonymous().get("/plugins").await, host.anonymous().get("/plugins").await);
    assert_ne!(one.headers["x-request-id"], two.headers["x-request-id"]);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let host = Host::start().await;
    let body = json!({"username": "x".repeat(1024 * 1024), "password": "x"}).to_string();
    let refusal = host.anonymous().send(Method::POST, "/auth/login", Some(body)).await;
    refusal.refused("PAYLOAD_TOO_LARGE");
}
