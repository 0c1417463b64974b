//! The host in memory does what a host does, and its refusals are told apart from its failures.

use hostproof_guest::testing::TestHost;
use hostproof_guest::{
    Error, Json, Plugin, Route, Subscription, cache, caller, config, db, events, fetch, kv,
};
use serde_json::{Value, json};

struct Odd;

impl Plugin for Odd {
    const ROUTES: &[Route] = &[
        Route::get("/config/:key", |hostproof_guest::Path(key): hostproof_guest::Path<String>| {
            config::get(&key).map(|value| Json(json!(value)))
        }),
        Route::post("/fetch", |Json(url): Json<String>| {
            fetch::get(&url).send().map(|answer| answer.text()).map_err(code)
        }),
        Route::post("/emit", || events::emit("odd.done", &json!({"n": 1}))),
        Route::post("/cache", || cache::set("key", b"value", 5)),
        Route::get("/may", || Json(caller::may("tasks.read"))),
        Route::post("/left-open", || {
            kv::set("kept", b"1")?;
            // Nothing ends this transaction but the end of the call.
            let _ = hostproof_guest::raw::db_tx_begin();
            kv::set("undone", b"1")
        }),
        Route::post("/sql", |Json(sql): Json<String>| db::execute(&sql, (1,)).map(Json)),
    ];
    const SUBSCRIPTIONS: &[Subscription] = &[Subscription::to("thing.done", |_: Value| Ok(()))];
}

fn code(error: hostproof_guest::HostError) -> Error {
    Error::bad_request(error.code)
}

fn manifest(permissions: &Value) -> String {
    let route = |method: &str, path: &str| json!({ "method": method, "path": path });
    json!({
        "permissions": permissions,
        "backend": {
            "routes": [
                route("GET", "/config/:key"), route("POST", "/fetch"), route("POST", "/emit"),
                route("POST", "/cache"), route("GET", "may/"), route("POST", "/left-open"),
                route("POST", "/sql"),
            ],
            "eventSubscriptions": ["thing.done"],
            "allowedConfigKeys": ["granted"],
            "allowedOutboundDomains": ["a.example"],
        },
    })
    .to_string()
}

fn host() -> TestHost<Odd> {
    TestHost::new(&manifest(&json!(["events:emit", "cache:use"])))
}

fn panics(work: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = std::panic::catch_unwind(work).expect_err("it panics");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn configuration_is_read_where_the_manifest_allows_it() {
    let host = host();
    host.config("granted", "yes").config("other", "no");
    assert_eq!(host.get("/config/granted").send().body(), br#""yes""#);
    assert_eq!(host.get("/config/other").send().body(), b"null");
}

#[test]
fn requests_go_where_the_manifest_allows_it() {
    let host = host();
    host.on_fetch("GET", "https://a.example/x").text(200, "x");
    host.on_fetch("GET", "https://a.example/slow").fails("timeout: no answer");
    let ask = |url: &str| {
        let answer = host.post("/fetch").json(&url).send();
        String::from_utf8_lossy(answer.body()).into_owned()
    };
    assert_eq!(ask("https://a.example/x"), "x");
    assert!(ask("https://b.example/x").contains("domain_not_allowed"));
    assert!(ask("http://a.example/x").contains("scheme_not_allowed"));
    assert!(ask("https://a.example/slow").contains("timeout"));
    assert_eq!(host.fetched().len(), 2, "what is refused is not sent");
}

#[test]
fn emitting_and_caching_take_a_permission() {
    let granted = host();
    assert_eq!(granted.post("/emit").send().status(), 204);
    assert_eq!(granted.post("/cache").send().status(), 204);
    assert_eq!(granted.cached("key"), Some(("value".to_owned(), 5)));
    let refused = TestHost::<Odd>::new(&manifest(&json!(["db:read:tasks"])));
    assert_eq!(refused.post("/emit").send().status(), 500);
    assert_eq!(refused.post("/cache").send().status(), 500);
    assert!(refused.emitted().is_empty());
    let dotted = TestHost::<Odd>::new(&manifest(&json!(["tasks.read"])));
    assert_eq!(dotted.post("/emit").send().status(), 204);
}

#[test]
fn a_permission_is_the_callers_and_nobodys_without_one() {
    let host = host();
    host.permit("tasks.read");
    assert_eq!(host.get("/may").user("u").send().body(), b"true");
    assert_eq!(host.get("/may").send().body(), b"false");
}

#[test]
fn the_end_of_a_call_ends_its_transaction() {
    let host = host();
    assert_eq!(host.post("/left-open").send().status(), 204);
    assert_eq!((host.stored("kept").as_deref(), host.stored("undone")), (Some("1"), None));
}

#[test]
fn a_function_that_fails_does_as_hosts_do() {
    let host = host();
    host.failing("db_exec").failing("event_emit");
    assert_eq!(host.post("/sql").json(&"DELETE FROM t WHERE id = $1").send().status(), 500);
    assert_eq!(host.post("/emit").send().status(), 500);
}

#[test]
fn a_statement_without_an_answer_ends_the_test_and_is_shown() {
    let text = panics(|| {
        let host = host();
        host.on_sql("UPDATE t").affects(1);
        host.post("/sql").json(&"DELETE FROM t\n  WHERE id = $1").send();
    });
    assert!(text.contains("DELETE FROM t WHERE id = $1\n  with [1]"), "{text}");
    assert!(text.contains("it has:\n  UPDATE t"), "{text}");
}

#[test]
fn what_the_manifest_does_not_declare_ends_the_test() {
    let text = panics(|| drop(host().get("/nowhere").send()));
    assert!(text.contains("declares no route for GET nowhere"), "{text}");
    let text = panics(|| drop(host().deliver("thing.lost", &json!({}))));
    assert!(text.contains("does not subscribe to `thing.lost`"), "{text}");
    let text = panics(|| drop(TestHost::<Odd>::new(r#"{"backend": {"routes": []}}"#)));
    assert!(text.contains("only in the plugin:\n  GET /config/:key"), "{text}");
}
