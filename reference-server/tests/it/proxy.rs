//! Requests on their way through a plugin.

use http::Method;
use serde_json::{Value, json};

use crate::support::Host;

const PROBE: &str = "com.example.probe";

fn guarded(path: &str, middlewares: &Value) -> Value {
    json!({"method": "GET", "path": path, "middlewares": middlewares})
}

#[tokio::test]
async fn only_declared_routes_reach_the_guest() {
    let host = Host::start().await;
    let routes = json!([
        {"method": "GET", "path": "/", "middlewares": []},
        {"method": "GET", "path": "/items/:id", "middlewares": [{"name": "authn"}]},
        {"method": "GET", "path": "/items/me", "middlewares": []},
    ]);
    host.probe(PROBE, routes).await;
    let client = host.anonymous();
    let path = |tail: &str| format!("/plugins/{PROBE}{tail}");
    for (tail, seen) in [("/", "/"), ("/items/me", "items/me"), ("/items/me/", "items/me/")] {
        let answer = client.get(&path(tail)).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["path"]), (200, &json!(seen)), "{tail}");
        assert_eq!(answer.headers["content-type"], "application/json");
    }
    // Before the middlewares: an anonymous caller learns nothing about them.
    for (method, tail) in [
        (Method::GET, "/nothing"),
        (Method::POST, "/items/7"),
        (Method::HEAD, "/items/me"),
        (Method::OPTIONS, "/items/me"),
    ] {
        let answer = client.send_unread(method, &path(tail)).await;
        assert_eq!(answer.status(), 404, "{tail}");
    }
    client.get(&path("/nothing")).await.refused("PLUGIN_ROUTE_NOT_FOUND");
    client.get(&path("/items/7")).await.refused("AUTH_MISSING_TOKEN");
    for unknown in ["com.example.other", "..%2Fetc", "%20"] {
        client.get(&format!("/plugins/{unknown}/x")).await.refused("PLUGIN_NOT_FOUND");
    }
}

#[tokio::test]
async fn a_disabled_plugin_and_one_without_backend_have_no_routes() {
    let host = Host::start().await;
    let row = host.probe(PROBE, json!([])).await;
    let admin = host.admin().await;
    let one = format!("/admin/plugins/{}", row["id"].as_str().unwrap());
    admin.patch(&one, &json!({"enabled": false})).await.data(200);
    admin.run_raw(PROBE, json!([])).await.refused("PLUGIN_NOT_FOUND");
    admin.patch(&one, &json!({"enabled": true})).await.data(200);
    admin.run(PROBE, json!([])).await;

    let manifest = json!({
        "id": "com.example.web", "version": "1.0.0", "permissions": [],
        "frontend": {"remoteEntryUrl": "/plugins/com.example.web/remoteEntry.js"},
    });
    host.register("com.example.web", &manifest).await.data(201);
    admin.get("/plugins/com.example.web/x").await.refused("PLUGIN_ROUTE_NOT_FOUND");
}

#[tokio::test]
async fn the_guest_sees_the_request_without_its_credentials() {
    let host = Host::start().await;
    let route = json!({"method": "POST", "path": "/see", "middlewares": [{"name": "authn"}]});
    host.probe(PROBE, json!([route])).await;
    let admin = host.admin().await;
    let me = admin.get("/users/me").await.data(200);
    let body = json!({"ops": [{"op": "envelope"}]}).to_string();
    let path = format!("/plugins/{PROBE}/see?a=1&a=2&b=x%20y");
    let client = admin.clone().and("X-API-Key", "k").and("X-Trace-Id", "7");
    let answer = client.send(Method::POST, &path, Some(body)).await.json();
    let envelope = &answer["results"][0]["result"];
    assert_eq!(envelope["method"], "POST");
    assert_eq!(envelope["path"], "see");
    assert_eq!(envelope["query"], json!({"a": "1", "b": "x y"}));
    assert_eq!(envelope["user_id"], me["id"]);
    assert_eq!(envelope["caller_role"], "SUPER_ADMIN");
    assert_eq!((&envelope["project_id"], &envelope["caller_id"]), (&json!(""), &json!("")));
    let headers = envelope["headers"].as_object().unwrap();
    assert_eq!(headers["X-Trace-Id"], "7");
    for name in headers.keys() {
        let name = name.to_ascii_lowercase();
        assert!(
            !["cookie", "authorization", "x-api-key", "host"].contains(&name.as_str()),
            "{name}"
        );
    }

    let key = admin.post("/users/me/api-keys", &json!({"name": "k"})).await.data(201);
    let body = json!({"ops": [{"op": "envelope"}]}).to_string();
    let client = host.with("authorization", &format!("ApiKey {}", key["key"].as_str().unwrap()));
    let answer = client.send(Method::POST, &path, Some(body)).await.json();
    assert_eq!(answer["user_id"], me["id"]);
    assert_eq!(answer["caller_role"], "", "an API key has no role claim");
}

#[tokio::test]
async fn routes_that_name_no_middleware_take_the_default_chain() {
    let host = Host::start().await;
    let routes = json!([
        {"method": "GET", "path": "/absent"},
        {"method": "GET", "path": "/public", "public": true},
        {"method": "GET", "path": "/empty", "middlewares": []},
        {"method": "GET", "path": "/both", "public": true, "middlewares": [{"name": "authn"}]},
    ]);
    host.probe(PROBE, routes).await;
    let (_, first) = host.make_user("grace", "USER").await;
    let stale = host.sign_in("grace", first).await;
    let (anonymous, admin) = (host.anonymous(), host.admin().await);
    let bad = host.with("authorization", "Bearer nonsense");
    let path = |tail: &str| format!("/plugins/{PROBE}/{tail}");
    stale.get(&path("absent")).await.refused("AUTH_PASSWORD_CHANGE_REQUIRED");
    anonymous.get(&path("both")).await.refused("AUTH_MISSING_TOKEN");
    for (client, tail, identified) in [
        (&anonymous, "absent", false),
        (&bad, "absent", false),
        (&admin, "absent", true),
        (&stale, "public", false),
        (&stale, "empty", false),
        (&bad, "empty", false),
        (&admin, "empty", false),
        (&admin, "both", true),
    ] {
        let answer = client.get(&path(tail)).await;
        assert_eq!(answer.status, 200, "{tail}: {}", answer.text());
        assert_eq!(answer.json()["user_id"] != "", identified, "{tail}");
    }
}

#[tokio::test]
async fn each_middleware_refuses_as_specified() {
    let host = Host::start().await;
    let names = |names: &[&str]| -> Value {
        names.iter().map(|name| json!({"name": name})).collect::<Vec<_>>().into()
    };
    let permission = json!([
        {"name": "authn"}, {"name": "requirePermissions", "permissions": ["users.write"]},
    ]);
    let unidentified = json!([{"name": "requirePermissions", "permissions": ["users.read"]}]);
    let routes = json!([
        guarded("/authn", &names(&[" AUTHN "])),
        guarded("/fresh", &names(&["authn", "requireFreshPassword"])),
        guarded("/jwt", &names(&["optionalAuthn", "requireJWTAuth"])),
        guarded("/jwt-alone", &names(&["requireJWTAuth"])),
        guarded("/permission", &permission),
        guarded("/unidentified", &unidentified),
    ]);
    host.probe(PROBE, routes).await;
    let (_, user) = host.user("user", "USER").await;
    let (_, first) = host.make_user("stale", "USER").await;
    let stale = host.sign_in("stale", first).await;
    let key = user.post("/users/me/api-keys", &json!({"name": "k"})).await.data(201);
    let key = host.with("x-api-key", key["key"].as_str().unwrap());
    let (anonymous, admin) = (host.anonymous(), host.admin().await);
    let bad = host.with("x-api-key", "nonsense");
    for (who, client, tail, expected) in [
        ("anonymous", &anonymous, "authn", "AUTH_MISSING_TOKEN"),
        ("bad", &bad, "authn", "AUTH_TOKEN_INVALID"),
        ("stale", &stale, "authn", ""),
        ("key", &key, "authn", ""),
        ("stale", &stale, "fresh", "AUTH_PASSWORD_CHANGE_REQUIRED"),
        ("key", &key, "fresh", ""),
        ("anonymous", &anonymous, "jwt", "AUTH_UNAUTHENTICATED"),
        ("bad", &bad, "jwt", "AUTH_UNAUTHENTICATED"),
        ("key", &key, "jwt", "FORBIDDEN"),
        ("user", &user, "jwt", ""),
        ("user", &user, "jwt-alone", "AUTH_UNAUTHENTICATED"),
        ("user", &user, "permission", "FORBIDDEN"),
        ("key", &key, "permission", "FORBIDDEN"),
        ("admin", &admin, "permission", ""),
        ("admin", &admin, "unidentified", "AUTH_UNAUTHENTICATED"),
    ] {
        let answer = client.get(&format!("/plugins/{PROBE}/{tail}")).await;
        if expected.is_empty() {
            assert_eq!(answer.status, 200, "{who} {tail}: {}", answer.text());
        } else {
            assert_eq!(answer.json()["error_code"], expected, "{who} {tail}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn project_scope_checks_the_project_and_names_the_member() {
    let host = Host::start().await;
    let scoped = |param: Option<&str>| {
        let mut step = json!({"name": "requirePermissions", "scope": "project", "permissions": ["tasks.read"]});
        if let Some(param) = param {
            step["projectParam"] = json!(param);
        }
        json!([{"name": "authn"}, step])
    };
    let routes = json!([
        guarded("/projects/:projectId/x", &scoped(None)),
        guarded("/p/:project/x", &scoped(Some("project"))),
    ]);
    host.probe(PROBE, routes).await;
    let project = host.project().await;
    let (_, member) = host.member(&project, "member", "PROJECT_MEMBER").await;
    let (_, outsider) = host.user("outsider", "USER").await;
    // Everything globally, but no member.
    let (_, global) = host.user("global", "SUPER_ADMIN").await;

    let members = host.admin().await.get(&format!("/projects/{project}/members")).await.data(200);
    let membership = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["username"] == "member")
        .unwrap()["id"]
        .clone();
    for tail in [format!("projects/{project}/x"), format!("p/{project}/x")] {
        let path = format!("/plugins/{PROBE}/{tail}");
        let seen = member.get(&path).await.json();
        assert_eq!(
            (&seen["project_id"], &seen["caller_id"]),
            (&json!(project), &membership),
            "{tail}"
        );
        outsider.get(&path).await.refused("FORBIDDEN");
        global.get(&path).await.refused("PROJECT_MEMBER_NOT_FOUND");
        let key = global.post("/users/me/api-keys", &json!({"name": "k"})).await.data(201);
        let seen = host.with("x-api-key", key["key"].as_str().unwrap()).get(&path).await.json();
        assert_eq!(
            (&seen["project_id"], &seen["caller_id"]),
            (&json!(project), &json!("")),
            "{tail}"
        );
    }
    member.get(&format!("/plugins/{PROBE}/projects/7/x")).await.refused("BAD_REQUEST");
    let nowhere = format!("/plugins/{PROBE}/projects/00000000-0000-4000-8000-000000000000/x");
    member.get(&nowhere).await.refused("FORBIDDEN");
}

#[tokio::test]
async fn the_guests_answer_is_sent_as_it_is() {
    let host = Host::start().await;
    host.probe(PROBE, json!([])).await;
    let client = host.anonymous();
    let headers = json!({
        "Content-Type": "text/plain", "X-Mine": "1", "Connection": "close",
        "Transfer-Encoding": "chunked", "Content-Length": "99", "X-Request-Id": "forged",
    });
    let respond = json!([{"op": "respond", "status": 418, "headers": headers, "body": "teapot"}]);
    let answer =
        client.post_unchecked(&format!("/plugins/{PROBE}/run"), &json!({"ops": respond})).await;
    assert_eq!(answer.status(), 418);
    assert_eq!(answer.headers()["content-type"], "text/plain");
    assert_eq!(answer.headers()["x-mine"], "1");
    assert_eq!(answer.headers()["content-length"], "6");
    assert_ne!(answer.headers()["x-request-id"], "forged");
    assert!(!answer.headers().contains_key("transfer-encoding"));
    assert_eq!(answer.text().await.unwrap(), "teapot");
}

#[tokio::test]
async fn a_failing_guest_is_answered_for_and_the_next_request_works() {
    let host = Host::start_with(&[
        ("PLUGINS_MAX_CALL_DURATION", "500ms"),
        ("PLUGINS_MAX_RESPONSE_BYTES", "4096"),
        ("PLUGINS_MAX_REQUEST_BODY_BYTES", "8192"),
    ])
    .await;
    host.probe(PROBE, json!([])).await;
    let client = host.anonymous();
    for (operation, code) in [
        (json!({"op": "spin"}), "PLUGIN_TIMEOUT"),
        (json!({"op": "spin_host_calls"}), "PLUGIN_TIMEOUT"),
        (json!({"op": "trap"}), "PLUGIN_TRAPPED"),
        (json!({"op": "answer_empty"}), "PLUGIN_BAD_RESPONSE"),
        (json!({"op": "answer", "raw": "no envelope"}), "PLUGIN_BAD_RESPONSE"),
        (json!({"op": "respond", "status": 101}), "PLUGIN_BAD_RESPONSE"),
        (json!({"op": "respond", "body_size": 8192}), "PLUGIN_RESPONSE_TOO_LARGE"),
    ] {
        client.run_raw(PROBE, json!([operation])).await.refused(code);
        let results = client.run(PROBE, json!([{"op": "counter"}])).await;
        assert_eq!(results[0]["error"], Value::Null, "after {operation}: {results}");
    }
    let path = format!("/plugins/{PROBE}/run");
    for size in [8 * 1024, 64 * 1024, 5 * 1024 * 1024] {
        let large = client.send(Method::POST, &path, Some("x".repeat(size))).await;
        large.refused("PAYLOAD_TOO_LARGE");
    }
    client.run(PROBE, json!([])).await;
}

// With threads, as the binary has them: on a single one, a spinning guest still lets others run, but
// takes a tick before each of their steps.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plugins_are_called_side_by_side() {
    let host = Host::start_with(&[("PLUGINS_MAX_CALL_DURATION", "3s")]).await;
    host.probe(PROBE, json!([])).await;
    host.probe("com.example.other", json!([])).await;
    let client = host.anonymous();
    let spinning = client.run_raw(PROBE, json!([{"op": "spin"}]));
    let mut spinning = std::pin::pin!(spinning);
    let quick = async {
        for _ in 0..5 {
            client.run("com.example.other", json!([])).await;
        }
    };
    tokio::select! {
        () = quick => {}
        _ = &mut spinning => panic!("five calls took longer than one that spins"),
    }
    spinning.await.refused("PLUGIN_TIMEOUT");
}

#[tokio::test]
async fn host_functions_reach_the_stores() {
    let host = Host::start_with(&[("PLUGIN_CONFIG_PUBLIC_URL", "https://host.test")]).await;
    let backend = json!({"allowedConfigKeys": ["PUBLIC_URL"]});
    host.probe_with(PROBE, backend).await;
    let client = host.anonymous();
    let results = client
        .run(
            PROBE,
            json!([
                {"op": "storage_set", "key": "k", "value": "v"},
                {"op": "storage_get", "key": "k"},
                {"op": "db_query", "sql": "SELECT value FROM plugin_kv WHERE key = $1", "params": ["k"]},
                {"op": "config_get", "key": "PUBLIC_URL"},
                {"op": "db_query2", "sql": "DROP TABLE plugin_kv"},
                {"op": "event_emit", "topic": "x.happened", "payload": {"a": 1}},
            ]),
        )
        .await;
    assert_eq!(results[1]["result"], "v", "{results}");
    assert_eq!(results[2]["result"]["rows"], json!([["v"]]), "{results}");
    assert_eq!(results[3]["result"], "https://host.test", "{results}");
    let refusal = results[4]["error"].as_str().unwrap();
    assert!(refusal.starts_with("statement_not_allowed: "), "{refusal}");
}
