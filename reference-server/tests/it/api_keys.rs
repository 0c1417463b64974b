//! API keys: made once, listed without the key, revoked for good.

use serde_json::json;

use crate::support::{Host, id};

#[tokio::test]
async fn a_key_is_shown_once_and_works_until_revoked() {
    let host = Host::start().await;
    let admin = host.admin().await;
    let made = admin.post("/users/me/api-keys", &json!({"name": "ci"})).await.data(201);
    let key = made["key"].as_str().unwrap();
    assert_eq!(made["name"], "ci");
    assert!(made["expires_at"].is_null());
    let client = host.with("x-api-key", key);
    assert_eq!(client.get("/users/me").await.data(200)["username"], "admin");

    let listed = admin.get("/users/me/api-keys").await;
    assert!(!listed.text().contains(key));
    assert!(!listed.text().contains("key_hash"));
    assert_eq!(listed.data(200)["items"][0]["id"], made["id"]);

    admin.delete(&format!("/users/me/api-keys/{}", id(&made))).await.nothing();
    client.get("/users/me").await.refused("API_KEY_REVOKED");
    admin.delete(&format!("/users/me/api-keys/{}", id(&made))).await.refused("NOT_FOUND");
}

#[tokio::test]
async fn an_expired_key_says_so() {
    let host = Host::start().await;
    let admin = host.admin().await;
    let body = json!({"name": "old", "expires_at": "2001-02-03T04:05:06Z"});
    let made = admin.post("/users/me/api-keys", &body).await.data(201);
    assert_eq!(made["expires_at"], "2001-02-03T04:05:06Z");
    host.with("x-api-key", made["key"].as_str().unwrap())
        .get("/users/me")
        .await
        .refused("API_KEY_EXPIRED");
    let body = json!({"name": "new", "expires_at": "2999-02-03T04:05:06Z"});
    let made = admin.post("/users/me/api-keys", &body).await.data(201);
    host.with("x-api-key", made["key"].as_str().unwrap()).get("/users/me").await.data(200);
}

#[tokio::test]
async fn keys_cannot_manage_keys_and_names_are_checked() {
    let host = Host::start().await;
    let admin = host.admin().await;
    let made = admin.post("/users/me/api-keys", &json!({"name": "ci"})).await.data(201);
    let client = host.with("x-api-key", made["key"].as_str().unwrap());
    client.post("/users/me/api-keys", &json!({"name": "more"})).await.refused("FORBIDDEN");
    client.get("/users/me/api-keys").await.refused("FORBIDDEN");
    client.delete(&format!("/users/me/api-keys/{}", id(&made))).await.refused("FORBIDDEN");
    for body in [json!({}), json!({"name": ""}), json!({"name": "x", "expires_at": "tomorrow"})] {
        admin.post("/users/me/api-keys", &body).await.refused("BAD_REQUEST");
    }
    admin.delete("/users/me/api-keys/7").await.refused("BAD_REQUEST");
}

#[tokio::test]
async fn nobody_revokes_the_keys_of_others() {
    let host = Host::start().await;
    let made =
        host.admin().await.post("/users/me/api-keys", &json!({"name": "ci"})).await.data(201);
    let (_, grace) = host.user("grace", "USER").await;
    grace.delete(&format!("/users/me/api-keys/{}", id(&made))).await.refused("NOT_FOUND");
    host.with("x-api-key", made["key"].as_str().unwrap()).get("/users/me").await.data(200);
}
