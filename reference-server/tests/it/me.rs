//! One's own account, and the stale password.

use serde_json::json;

use crate::support::{Host, PASSWORD};

#[tokio::test]
async fn the_shown_name_can_be_changed_and_nothing_secret_is_shown() {
    let host = Host::start().await;
    let client = host.admin().await;
    let me = client.patch("/users/me", &json!({"full_name": " Ada "})).await.data(200);
    assert_eq!(me["full_name"], "Ada");
    let me = client.get("/users/me").await.data(200);
    assert_eq!(me["full_name"], "Ada");
    assert!(me.get("password_hash").is_none(), "{me}");
    client.patch("/users/me", &json!({"full_name": ""})).await.refused("BAD_REQUEST");
    client.patch("/users/me", &json!({})).await.refused("BAD_REQUEST");
}

#[tokio::test]
async fn a_stale_password_opens_nothing_but_its_own_change() {
    let host = Host::start().await;
    let (_, first) = host.make_user("grace", "USER").await;
    let stale = host.sign_in("grace", first).await;
    for path in ["/users/me", "/projects", "/plugins", "/users/me/api-keys", "/admin/users"] {
        stale.get(path).await.refused("AUTH_PASSWORD_CHANGE_REQUIRED");
    }
    let change = json!({"current_password": first, "new_password": PASSWORD});
    let changed = stale.patch("/users/me/password", &change).await;
    assert_eq!(changed.data(200)["user"]["must_change_password"], false);
    // The old session is over, the answer's is fresh.
    stale.get("/users/me").await.refused("AUTH_TOKEN_INVALID");
    let token = changed.cookie("access_token").unwrap();
    host.with("cookie", &format!("access_token={token}")).get("/users/me").await.data(200);
    host.sign_in("grace", PASSWORD).await.get("/users/me").await.data(200);
}

#[tokio::test]
async fn a_password_is_changed_only_by_whoever_knows_it() {
    let host = Host::start().await;
    let (_, client) = host.user("grace", "USER").await;
    for (current, new, code) in [
        ("not the password", "another password", "AUTH_INVALID_CREDENTIALS"),
        (PASSWORD, "short", "BAD_REQUEST"),
        (PASSWORD, PASSWORD, "BAD_REQUEST"),
    ] {
        let body = json!({"current_password": current, "new_password": new});
        client.patch("/users/me/password", &body).await.refused(code);
    }
    let key = client.post("/users/me/api-keys", &json!({"name": "k"})).await.data(201);
    let body = json!({"current_password": PASSWORD, "new_password": "another password"});
    host.with("x-api-key", key["key"].as_str().unwrap())
        .patch("/users/me/password", &body)
        .await
        .refused("FORBIDDEN");
    host.sign_in("grace", PASSWORD).await;
}

#[tokio::test]
async fn changing_the_password_ends_refreshing_everywhere() {
    let host = Host::start().await;
    let (_, client) = host.user("grace", "USER").await;
    let body = json!({"username": "grace", "password": PASSWORD});
    let other = host.anonymous().post("/auth/login", &body).await;
    let refresh = format!("refresh_token={}", other.cookie("refresh_token").unwrap());
    let body = json!({"current_password": PASSWORD, "new_password": "another password"});
    client.patch("/users/me/password", &body).await.data(200);
    host.with("cookie", &refresh)
        .post("/auth/refresh", &json!({}))
        .await
        .refused("AUTH_TOKEN_INVALID");
}
