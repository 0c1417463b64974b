//! Users, as administrators see them.

use serde_json::json;

use crate::support::{Host, PASSWORD};

#[tokio::test]
async fn a_new_user_must_change_the_password_they_were_given() {
    let host = Host::start().await;
    let body = json!({"username": "grace", "password": "for the start", "full_name": "Grace"});
    let user = host.admin().await.post("/admin/users", &body).await.data(201);
    assert_eq!(user["role"], "USER");
    assert_eq!(user["must_change_password"], true);
    assert_eq!(user["full_name"], "Grace");
    let taken = host.admin().await.post("/admin/users", &body).await;
    taken.refused("USERNAME_TAKEN");
    let users = host.admin().await.get("/admin/users").await.data(200);
    assert_eq!(users["total"], 2);
    assert_eq!(users["items"][1]["username"], "grace");
}

#[tokio::test]
async fn bad_users_are_refused_with_the_field() {
    let host = Host::start().await;
    let admin = host.admin().await;
    let long = "x".repeat(256);
    for (body, named) in [
        (json!({"username": "", "password": PASSWORD}), "username"),
        (json!({"username": "a\u{0}b", "password": PASSWORD}), "username"),
        (json!({"username": long, "password": PASSWORD}), "username"),
        (json!({"username": "grace", "password": "short"}), "password"),
        (json!({"username": "grace", "password": "x".repeat(2000)}), "password"),
        (json!({"username": "grace", "password": PASSWORD, "full_name": "\u{0}"}), "full_name"),
    ] {
        let refusal = admin.post("/admin/users", &body).await.refused("BAD_REQUEST");
        assert!(refusal["error"].as_str().unwrap().contains(named), "{refusal}");
    }
    let body = json!({"username": "grace", "password": PASSWORD, "role": "PIRATE"});
    admin.post("/admin/users", &body).await.refused("ROLE_NOT_FOUND");
}

#[tokio::test]
async fn a_password_set_by_an_administrator_is_stale() {
    let host = Host::start().await;
    let (id, _) = host.user("grace", "USER").await;
    let path = format!("/admin/users/{id}/password");
    let body = json!({"new_password": "reset by admin"});
    let user = host.admin().await.patch(&path, &body).await.data(200);
    assert_eq!(user["must_change_password"], true);
    let stale = host.sign_in("grace", "reset by admin").await;
    stale.get("/users/me").await.refused("AUTH_PASSWORD_CHANGE_REQUIRED");
    let nobody = "/admin/users/00000000-0000-4000-8000-000000000000/password";
    host.admin().await.patch(nobody, &body).await.refused("USER_NOT_FOUND");
}

#[tokio::test]
async fn users_write_is_no_way_to_more_than_one_has() {
    let host = Host::start().await;
    let (_, user) = host.user("grace", "USER").await;
    let body = json!({"username": "mallory", "password": PASSWORD});
    user.post("/admin/users", &body).await.refused("FORBIDDEN");
    // ADMIN has users.* and global_roles.*, but not everything.
    let (_, admin) = host.user("ada", "ADMIN").await;
    admin.post("/admin/users", &body).await.data(201);
    let body = json!({"username": "eve", "password": PASSWORD, "role": "SUPER_ADMIN"});
    admin.post("/admin/users", &body).await.refused("FORBIDDEN");
    let users = admin.get("/admin/users").await.data(200);
    let first = &users["items"].as_array().unwrap()[1];
    assert_eq!(first["role"], "SUPER_ADMIN", "{users}");
    let path = format!("/admin/users/{}/password", first["id"].as_str().unwrap());
    admin.patch(&path, &json!({"new_password": "taken over"})).await.refused("FORBIDDEN");
}

#[tokio::test]
async fn a_deleted_user_is_gone_with_their_keys_and_their_name_stays_taken() {
    let host = Host::start().await;
    let admin = host.admin().await;
    let (id, user) = host.user("grace", "USER").await;
    let key = user.post("/users/me/api-keys", &json!({"name": "k"})).await.data(201);
    let key = host.with("x-api-key", key["key"].as_str().unwrap());
    let one = format!("/admin/users/{id}");
    user.delete(&one).await.refused("FORBIDDEN");
    admin.delete(&one).await.nothing();
    admin.delete(&one).await.refused("USER_NOT_FOUND");
    key.get("/users/me").await.refused("AUTH_TOKEN_INVALID");
    // Whatever is left of the session's time, it is nobody's.
    user.get("/users/me").await.refused("AUTH_TOKEN_INVALID");
    user.get("/admin/users").await.refused("AUTH_TOKEN_INVALID");
    let body = json!({"username": "grace", "password": PASSWORD});
    host.anonymous().post("/auth/login", &body).await.refused("AUTH_INVALID_CREDENTIALS");
    admin.post("/admin/users", &body).await.refused("USERNAME_TAKEN");
    let me = admin.get("/users/me").await.data(200);
    let myself = format!("/admin/users/{}", me["id"].as_str().unwrap());
    admin.delete(&myself).await.refused("CONFLICT");
    let (_, other) = host.user("ada", "ADMIN").await;
    other.delete(&myself).await.refused("FORBIDDEN");
}
