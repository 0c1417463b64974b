//! Signing in, staying in, signing out, and every way to send credentials.

use serde_json::json;

use crate::support::{ADMIN, Host, PASSWORD};

#[tokio::test]
async fn signing_in_sets_cookies_that_scripts_cannot_read() {
    let host = Host::start().await;
    let body = json!({"username": ADMIN, "password": PASSWORD});
    let answer = host.anonymous().post("/auth/login", &body).await;
    let data = answer.data(200);
    assert_eq!(data["user"]["username"], ADMIN);
    assert_eq!(data["user"]["role"], "SUPER_ADMIN");
    assert_eq!(data["user"]["must_change_password"], false);
    for (name, path) in [("access_token", "/;"), ("refresh_token", "/api/v1/auth;")] {
        let cookie = answer.set_cookie(name).unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        assert!(cookie.contains(&format!("Path={path}")), "{cookie}");
        assert!(!cookie.contains("Secure"), "plain http here: {cookie}");
    }
    // Only a session that is to outlive the browser gets a lifetime of its own.
    assert!(!answer.set_cookie("refresh_token").unwrap().contains("Max-Age"));
    let body = json!({"username": ADMIN, "password": PASSWORD, "remember_me": true});
    let answer = host.anonymous().post("/auth/login", &body).await;
    assert!(answer.set_cookie("refresh_token").unwrap().contains("Max-Age=604800"));
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_the_same() {
    let host = Host::start().await;
    let mut texts = Vec::new();
    for (username, password) in [(ADMIN, "not the password"), ("nobody", PASSWORD)] {
        let body = json!({"username": username, "password": password});
        let refusal = host.anonymous().post("/auth/login", &body).await;
        texts.push(refusal.refused("AUTH_INVALID_CREDENTIALS")["error"].clone());
        assert!(refusal.set_cookie("access_token").is_none());
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_one_is_refused_with_the_field() {
    let host = Host::start().await;
    for (body, named) in [
        (json!({"username": ADMIN}), "password"),
        (json!({"username": ADMIN, "password": "short"}), "password"),
        (json!({"username": " ", "password": PASSWORD}), "username"),
        (json!({"username": 7, "password": PASSWORD}), "username"),
        (json!([]), "body"),
    ] {
        let refusal = host.anonymous().post("/auth/login", &body).await.refused("BAD_REQUEST");
        assert!(refusal["error"].as_str().unwrap().contains(named), "{body}: {refusal}");
    }
    let text = host.anonymous().send(http::Method::POST, "/auth/login", Some("{".into())).await;
    text.refused("BAD_REQUEST");
    let twice = r#"{"username":"admin","password":"12345678"} {}"#;
    host.anonymous()
        .send(http::Method::POST, "/auth/login", Some(twice.into()))
        .await
        .refused("BAD_REQUEST");
}

#[tokio::test]
async fn credentials_are_found_in_cookie_bearer_and_key_headers_in_that_order() {
    let host = Host::start().await;
    let login = json!({"username": ADMIN, "password": PASSWORD});
    let answer = host.anonymous().post("/auth/login", &login).await;
    let token = answer.cookie("access_token").unwrap();
    let cookie = format!("access_token={token}");
    let key = host.admin().await.post("/users/me/api-keys", &json!({"name": "k"})).await.data(201);
    let key = key["key"].as_str().unwrap().to_owned();

    for client in [
        host.with("cookie", &cookie),
        host.with("authorization", &format!("Bearer {token}")),
        host.with("authorization", &format!("bearer {token}")),
        host.with("authorization", &format!("ApiKey {key}")),
        host.with("x-api-key", &key),
        // The first found counts.
        host.with("cookie", &cookie).and("authorization", "Bearer nonsense"),
        host.with("authorization", &format!("Bearer {token}")).and("x-api-key", "nonsense"),
    ] {
        assert_eq!(client.get("/users/me").await.data(200)["username"], ADMIN);
    }

    host.anonymous().get("/users/me").await.refused("AUTH_MISSING_TOKEN");
    for client in [
        host.with("cookie", "access_token=nonsense").and("x-api-key", &key),
        host.with("authorization", "Bearer nonsense"),
        host.with("authorization", "Bearer"),
        host.with("authorization", "Basic YTpi"),
        host.with("authorization", "ApiKey nonsense"),
        host.with("x-api-key", "nonsense"),
    ] {
        client.get("/users/me").await.refused("AUTH_TOKEN_INVALID");
    }
}

#[tokio::test]
async fn a_refresh_token_opens_nothing_but_refresh() {
    let host = Host::start().await;
    let login = json!({"username": ADMIN, "password": PASSWORD});
    let answer = host.anonymous().post("/auth/login", &login).await;
    let refresh = answer.cookie("refresh_token").unwrap();
    let access = answer.cookie("access_token").unwrap();
    host.with("authorization", &format!("Bearer {refresh}"))
        .get("/users/me")
        .await
        .refused("AUTH_TOKEN_INVALID");
    host.with("cookie", &format!("refresh_token={access}"))
        .post("/auth/refresh", &json!({}))
        .await
        .refused("AUTH_TOKEN_INVALID");
    host.anonymous().post("/auth/refresh", &json!({})).await.refused("AUTH_MISSING_TOKEN");
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_once_and_a_replay_ends_the_session() {
    let host = Host::start().await;
    let login = json!({"username": ADMIN, "password": PASSWORD});
    let answer = host.anonymous().post("/auth/login", &login).await;
    let first = format!("refresh_token={}", answer.cookie("refresh_token").unwrap());
    let exchanged = host.with("cookie", &first).post("/auth/refresh", &json!({})).await;
    exchanged.data(200);
    let access = exchanged.cookie("access_token").unwrap();
    let second = format!("refresh_token={}", exchanged.cookie("refresh_token").unwrap());
    let client = host.with("authorization", &format!("Bearer {access}"));
    client.get("/users/me").await.data(200);

    host.with("cookie", &first)
        .post("/auth/refresh", &json!({}))
        .await
        .refused("AUTH_TOKEN_INVALID");
    host.with("cookie", &second)
        .post("/auth/refresh", &json!({}))
        .await
        .refused("AUTH_TOKEN_INVALID");
    client.get("/users/me").await.refused("AUTH_TOKEN_INVALID");
}

#[tokio::test]
async fn signing_out_ends_both_tokens() {
    let host = Host::start().await;
    let login = json!({"username": ADMIN, "password": PASSWORD});
    let answer = host.anonymous().post("/auth/login", &login).await;
    let access = format!("access_token={}", answer.cookie("access_token").unwrap());
    let refresh = format!("refresh_token={}", answer.cookie("refresh_token").unwrap());
    let out = host.with("cookie", &access).post("/auth/logout", &json!({})).await;
    out.data(200);
    for name in ["access_token", "refresh_token"] {
        assert!(out.set_cookie(name).unwrap().contains("Max-Age=0"));
    }
    host.with("cookie", &access).get("/users/me").await.refused("AUTH_TOKEN_INVALID");
    host.with("cookie", &refresh)
        .post("/auth/refresh", &json!({}))
        .await
        .refused("AUTH_TOKEN_INVALID");
    host.anonymous().post("/auth/logout", &json!({})).await.refused("AUTH_MISSING_TOKEN");
    // Another session of the same user goes on.
    host.admin().await.get("/users/me").await.data(200);
}

#[tokio::test]
async fn an_access_token_ends_with_its_time() {
    let host = Host::start_with(&[("ACCESS_TOKEN_TTL", "1s")]).await;
    let client = host.admin().await;
    client.get("/users/me").await.data(200);
    let expired = async {
        loop {
            let answer = client.get("/users/me").await;
            if answer.status == 401 {
                break answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let answer = tokio::time::timeout(std::time::Duration::from_secs(10), expired).await.unwrap();
    answer.refused("AUTH_TOKEN_INVALID");
}
