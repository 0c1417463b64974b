//! One request: what the guest reads, and what becomes of its answer (decisions A2, A4).

use std::collections::BTreeMap;

use contract::envelope::{BadResponse, RequestEnvelope};
use sandbox::{CallError, RequestContext};
use serde_json::{Value, json};

use crate::guests::{self, BODY, bare, data, handle, module};
use crate::world::{World, call, text};

#[tokio::test]
async fn an_echo_comes_back() {
    let plugin = World::new().load(&guests::echo()).await;
    for body in ["", "hello", "{\"a\":1}"] {
        assert_eq!(text(&plugin, body).await, body);
    }
}

#[tokio::test]
async fn calls_run_at_the_same_time() {
    let plugin = World::new().load(&guests::echo()).await;
    let calls: Vec<_> = (0..64)
        .map(|n| {
            let plugin = plugin.clone();
            tokio::spawn(async move { text(&plugin, &n.to_string()).await })
        })
        .collect();
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(call.await.unwrap(), n.to_string());
    }
}

#[tokio::test]
async fn an_empty_answer_is_no_response() {
    let plugin = World::new().load(&module(&handle("(i64.const 0)"))).await;
    let error = call(&plugin, "").await.unwrap_err();
    assert!(matches!(error, CallError::BadResponse(BadResponse::Empty)), "{error:?}");
    assert_eq!(error.code().as_str(), "PLUGIN_BAD_RESPONSE");
}

#[tokio::test]
async fn http_respond_counts_when_the_answer_is_empty() {
    let respond = |status: i32, result: &str| {
        module(&format!(
            "{} {}",
            data(0, "from the call"),
            handle(&format!(
                "(call $http_respond (i32.const {status}) (i64.const 0) (i64.const 13)) {result}"
            ))
        ))
    };
    let echoed =
        "(call $pack (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $n)))";
    let world = World::new();

    let response = call(&world.load(&respond(418, "(i64.const 0)")).await, "").await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (418, &b"from the call"[..]));

    // A result always wins.
    let plugin = world.load(&respond(418, echoed)).await;
    assert_eq!(text(&plugin, "from the result").await, "from the result");

    for status in [-1, 1, 199, 600, 70_000] {
        let plugin = world.load(&respond(status, "(i64.const 0)")).await;
        let error = call(&plugin, "").await.unwrap_err();
        assert!(
            matches!(error, CallError::BadResponse(BadResponse::StatusOutOfRange(_))),
            "{status}: {error:?}"
        );
    }
}

/// Answers with the request's body as it is.
fn raw() -> String {
    module(&handle(&format!("{BODY} (call $pack (local.get $p) (local.get $q))")))
}

#[tokio::test]
async fn malformed_envelopes_are_no_responses() {
    let plugin = World::new().load(&raw()).await;
    for answer in [
        "no json",
        "[]",
        "\"text\"",
        r#"{"status":"200"}"#,
        r#"{"status":42}"#,
        r#"{"status":600}"#,
        r#"{"body":"not base64!"}"#,
        r#"{"body":"aGk"}"#,
        r#"{"headers":{"a b":"c"}}"#,
        r#"{"headers":{"a":"b\r\nc: d"}}"#,
        "{\"status\":200",
    ] {
        let error = call(&plugin, answer).await.unwrap_err();
        assert!(matches!(error, CallError::BadResponse(_)), "{answer}: {error:?}");
    }
    // The plugin is none the worse for it.
    let response = call(&plugin, r#"{"status":201,"body":"aGk="}"#).await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (201, &b"hi"[..]));
}

#[tokio::test]
async fn an_answer_outside_the_memory_is_no_response() {
    let world = World::new();
    for (pointer, length) in [(131_072, 1), (131_071, 2), (0, 131_073), (-1, 1), (-16, -1)] {
        let guest = handle(&format!(
            "(call $pack (i64.const {pointer}) (i64.and (i64.const {length}) (i64.const 0xffffffff)))"
        ));
        let error = call(&world.load(&module(&guest)).await, "").await.unwrap_err();
        assert!(matches!(error, CallError::AnswerOutOfBounds { .. }), "{pointer} {error:?}");
        assert_eq!(error.code().as_str(), "PLUGIN_BAD_RESPONSE");
    }
}

#[tokio::test]
async fn responses_are_bounded() {
    let world = World::limited(|limits| limits.response_bytes = 64);
    let plugin = world.load(&raw()).await;
    let of_size = |bytes: usize| format!("{{\"x\":\"{}\"}}", "y".repeat(bytes - 8));

    assert_eq!(call(&plugin, &of_size(64)).await.unwrap().status, 200);
    let error = call(&plugin, &of_size(65)).await.unwrap_err();
    assert!(matches!(error, CallError::ResponseTooLarge { bytes: 65, limit: 64 }), "{error:?}");
    assert_eq!(call(&plugin, &of_size(64)).await.unwrap().status, 200);

    let respond = handle(&format!("{BODY} (call $answer (local.get $p) (local.get $q))"));
    let plugin = world.load(&module(&respond)).await;
    assert_eq!(text(&plugin, &"x".repeat(64)).await.len(), 64);
    let error = call(&plugin, &"x".repeat(65)).await.unwrap_err();
    assert!(matches!(error, CallError::ResponseTooLarge { .. }), "{error:?}");
}

#[tokio::test]
async fn requests_are_bounded_before_the_guest_is_called() {
    let world = World::limited(|limits| limits.request_bytes = 1024);
    let plugin = world.load(&guests::moody()).await;
    let error = call(&plugin, &"x".repeat(1024)).await.unwrap_err();
    assert!(matches!(error, CallError::RequestTooLarge { limit: 1024, .. }), "{error:?}");
    assert_eq!(error.code().status(), 413);
    assert_eq!(text(&plugin, "").await, "1", "the refused request must not count as served");
}

#[tokio::test]
async fn the_allocator_is_reset_after_every_call() {
    // Each call takes most of the memory, so that without a reset the second one would fail; the
    // malformed answers in between must be followed by a reset too.
    let plugin = World::new().load(&raw()).await;
    let large = format!("{{\"x\":\"{}\"}}", "y".repeat(40_000));
    for _ in 0..3 {
        assert_eq!(call(&plugin, &large).await.unwrap().status, 200);
        assert!(matches!(call(&plugin, &large[1..]).await, Err(CallError::BadResponse(_))));
    }
}

#[tokio::test]
async fn a_request_that_the_guest_has_no_room_for_is_an_error() {
    let world = World::new();
    let plugin = world.load(&guests::echo()).await;
    let error = call(&plugin, &"x".repeat(120_000)).await.unwrap_err();
    assert!(matches!(error, CallError::AllocationFailed { .. }), "{error:?}");
    assert_eq!(error.code().as_str(), "PLUGIN_BAD_RESPONSE");
    assert_eq!(text(&plugin, "small again").await, "small again");

    // An allocator that answers with a place outside the memory.
    let liar = bare(&format!(
        r#"(memory (export "memory") 1)
        (func (export "paca_malloc") (param i32) (result i32) (i32.const 65530))
        {}"#,
        handle("(i64.const 0)")
    ));
    let error = call(&world.load(&liar).await, "").await.unwrap_err();
    assert!(matches!(error, CallError::AllocationFailed { .. }), "{error:?}");
}

#[tokio::test]
async fn host_data_without_room_and_then_no_answer_is_named_as_such() {
    let plugin = World::new()
        .load(
            &module(&handle(
                // Takes what is left of the memory, asks for the body, and answers nothing.
                "(drop (call $paca_malloc (i32.const 118000)))
             (call $http_request_body) (drop) (drop) (i64.const 0)",
            ))
            .replace(
                "(func (export \"paca_malloc\")",
                "(func $paca_malloc (export \"paca_malloc\")",
            ),
        )
        .await;
    let error = call(&plugin, &"x".repeat(3_000)).await.unwrap_err();
    assert!(
        matches!(error, CallError::NoAnswerAfterFailedAllocation { bytes: 3_000 }),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_older_allocator_name_is_used_when_it_is_the_only_one() {
    let world = World::new();
    let legacy = guests::echo().replace("paca_malloc", "malloc");
    assert_eq!(text(&world.load(&legacy).await, "old").await, "old");

    // With both, the new one is used: the old one traps.
    let both = module(&format!(
        "(func (export \"malloc\") (param i32) (result i32) (unreachable)) {}",
        handle("(call $pack (i64.extend_i32_u (local.get $at)) (i64.extend_i32_u (local.get $n)))")
    ));
    assert_eq!(text(&world.load(&both).await, "new").await, "new");
}

#[tokio::test]
async fn the_http_functions_give_the_envelopes_own_data() {
    let world = World::new();
    let answer = |function: &str| {
        let code = format!("(call ${function}) (local.set $q) (local.set $p)");
        module(&handle(&format!("{code} (call $answer (local.get $p) (local.get $q))")))
    };
    let envelope = RequestEnvelope {
        project_id: "p".to_owned(),
        caller_id: "c".to_owned(),
        user_id: "u".to_owned(),
        caller_role: "r".to_owned(),
        headers: BTreeMap::from([("X-A".to_owned(), "1".to_owned())]),
        body: vec![0, 159, 146, 150],
        ..RequestEnvelope::default()
    };
    for (function, expected) in [
        ("http_request_headers", json!({"X-A": "1"})),
        (
            "http_caller_identity",
            json!({"caller_id": "c", "user_id": "u", "caller_role": "r", "project_id": "p"}),
        ),
    ] {
        let plugin = world.load(&answer(function)).await;
        let context = RequestContext { envelope: envelope.clone() };
        let body = plugin.handle_request(context).await.unwrap().body;
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), expected);
    }
    let plugin = world.load(&answer("http_request_body")).await;
    let body = plugin.handle_request(RequestContext { envelope }).await.unwrap().body;
    assert_eq!(body, [0, 159, 146, 150]);
}

#[tokio::test]
async fn nothing_of_a_request_is_left_for_the_next() {
    // Responds only to a request with a body: the second request must not see the first's response.
    let guest = handle(&format!(
        "{BODY} (if (i64.ne (local.get $q) (i64.const 0))
           (then (drop (call $answer (local.get $p) (local.get $q)))))
         (i64.const 0)"
    ));
    let plugin = World::new().load(&module(&guest)).await;
    assert_eq!(text(&plugin, "first").await, "first");
    let error = call(&plugin, "").await.unwrap_err();
    assert!(matches!(error, CallError::BadResponse(BadResponse::Empty)), "{error:?}");
}
