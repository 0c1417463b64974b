//! Request and response envelopes.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeMap;

use contract::envelope::{
    DROPPED_RESPONSE_HEADERS, RequestEnvelope, ResponseEnvelope, envelope_path,
};
use proptest::prelude::*;
use serde_json::json;

fn texts() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map(".{0,8}", ".{0,8}", 0..4)
}

proptest! {
    #[test]
    fn requests_round_trip(
        path in ".{0,20}", query in texts(), headers in texts(), body: Vec<u8>,
        ids in prop::array::uniform4(".{0,8}"),
    ) {
        let [project_id, caller_id, user_id, caller_role] = ids;
        let envelope = RequestEnvelope {
            method: "POST".into(), path, query, project_id, caller_id, user_id, caller_role,
            headers, body,
        };
        let read: RequestEnvelope = serde_json::from_slice(&envelope.encode()).unwrap();
        prop_assert_eq!(read, envelope);
    }

    #[test]
    fn responses_round_trip(status in 200..600_u16, value in "[ -~]{0,20}", body: Vec<u8>) {
        let envelope = ResponseEnvelope {
            status,
            headers: BTreeMap::from([("X-Value".to_owned(), value.clone())]),
            body: body.clone(),
        };
        let read = ResponseEnvelope::decode(&envelope.encode()).unwrap();
        prop_assert_eq!(read.status, status);
        prop_assert_eq!(read.body, body);
        prop_assert!(read.headers.contains(&("x-value".to_owned(), value)));
    }

    /// No bytes a guest may answer make the reader panic, or yield what HTTP cannot carry.
    #[test]
    fn any_answer_is_read_or_refused(bytes: Vec<u8>) {
        if let Ok(response) = ResponseEnvelope::decode(&bytes) {
            prop_assert!((200..600).contains(&response.status));
        }
    }

    /// A body with escapes in its text is the same body.
    #[test]
    fn escapes_in_the_text_of_a_body_are_read(body: Vec<u8>) {
        let envelope = ResponseEnvelope { status: 200, headers: BTreeMap::new(), body: body.clone() };
        let text = String::from_utf8(envelope.encode()).unwrap();
        let escaped = text.replace('/', "\\/").replace('A', "\\u0041");
        prop_assert_eq!(ResponseEnvelope::decode(escaped.as_bytes()).unwrap().body, body);
    }

    #[test]
    fn no_header_value_holds_a_line_break(value in "\\PC{0,4}[\r\n\0]\\PC{0,4}") {
        let answer = json!({"headers": {"X-A": value}}).to_string();
        prop_assert!(ResponseEnvelope::decode(answer.as_bytes()).is_err());
    }
}

#[test]
fn a_request_always_has_every_field() {
    let text = String::from_utf8(RequestEnvelope::default().encode()).unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&text).unwrap(),
        json!({
            "method": "", "path": "", "query": {}, "project_id": "", "caller_id": "",
            "user_id": "", "caller_role": "", "headers": {}, "body": ""
        })
    );
}

#[test]
fn the_path_has_no_leading_slash_and_is_never_empty() {
    for (tail, path) in [
        ("", "/"),
        ("/", "/"),
        ("/a/b", "a/b"),
        ("a/b/", "a/b/"),
        ("//a", "a"),
        ("/a%2Fb", "a%2Fb"),
    ] {
        assert_eq!(envelope_path(tail), path, "{tail}");
    }
}

#[test]
fn what_a_guest_may_leave_out() {
    for answer in [
        json!({}),
        json!({"status": 0}),
        json!({"status": null, "headers": null, "body": null}),
        json!({"status": 200, "headers": {}, "body": "", "future": true}),
    ] {
        let response = ResponseEnvelope::decode(answer.to_string().as_bytes()).unwrap();
        assert_eq!(response.status, 200, "{answer}");
        assert_eq!(response.body, b"", "{answer}");
        let json = ("content-type".to_owned(), "application/json".to_owned());
        assert_eq!(response.headers, [json], "{answer}");
    }
}

#[test]
fn what_is_no_answer() {
    for (answer, reason) in [
        ("", "empty"),
        ("not json", "not JSON"),
        ("[]", "not a JSON object"),
        ("[200, {}, \"\"]", "not a JSON object"),
        ("null", "not a JSON object"),
        (r#"{"status":200"#, "not JSON"),
        ("\"x\"", "not a JSON object"),
        (r#"{"status":"200"}"#, "'status' must be an integer"),
        (r#"{"status":200.5}"#, "'status' must be an integer"),
        (r#"{"status":199}"#, "outside"),
        (r#"{"status":600}"#, "outside"),
        (r#"{"status":101}"#, "outside"),
        (r#"{"status":-200}"#, "outside"),
        (r#"{"status":65736}"#, "outside"),
        (r#"{"body":"%%%"}"#, "not base64"),
        (r#"{"body":"YQ"}"#, "not base64"),
        (r#"{"body":"YQ==\n"}"#, "not base64"),
        (r#"{"body":"_-8="}"#, "not base64"),
        (r#"{"status":18446744073709551615}"#, "'status' must be an integer"),
        (r#"{"status":{"a":[1]}}"#, "'status' must be an integer"),
        (r#"{"body":7}"#, "'body' must be a string"),
        (r#"{"body":["YQ=="]}"#, "'body' must be a string"),
        (r#"{"headers":"a: b"}"#, "'headers' must be an object"),
        (r#"{"headers":{"a":null}}"#, "'headers' must be an object of strings"),
        (r#"{"headers":[]}"#, "'headers' must be an object"),
        (r#"{"headers":{"a":1}}"#, "'headers' must be an object of strings"),
        (r#"{"headers":{"a b":"c"}}"#, "no header name"),
        (r#"{"headers":{"":"c"}}"#, "no header name"),
        (r#"{"headers":{"a":"b\r\nset-cookie: c"}}"#, "control characters"),
        (r#"{"status":200}{"status":200}"#, "not JSON"),
    ] {
        let error = ResponseEnvelope::decode(answer.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(reason), "{answer}: {error}");
    }
}

#[test]
fn what_is_passed_over_has_to_be_json_all_the_same() {
    let read = |answer: &[u8]| ResponseEnvelope::decode(answer);
    let deep = format!(r#"{{"x":{}{},"status":201}}"#, "[".repeat(100), "]".repeat(100));
    assert_eq!(read(deep.as_bytes()).unwrap().status, 201);
    assert!(read(br#"{"x":[1,2,}"#).is_err());
    assert!(read(b"{\"x\":\"\xff\"}").is_err());
}

#[test]
fn of_a_field_that_comes_twice_the_last_counts() {
    let answer =
        br#"{"status":"no","status":201,"headers":{"a":"1","a":"2"},"headers":{"b":"1","b":"2"}}"#;
    let response = ResponseEnvelope::decode(answer).unwrap();
    assert_eq!(response.status, 201);
    let names: Vec<_> = response.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(names, [("b", "2"), ("content-type", "application/json")]);
}

#[test]
fn headers_of_the_connection_are_dropped_and_names_are_unique() {
    let headers: serde_json::Map<_, _> =
        DROPPED_RESPONSE_HEADERS.iter().map(|name| (name.to_uppercase(), json!("x"))).collect();
    let answer = json!({"headers": headers}).to_string();
    let response = ResponseEnvelope::decode(answer.as_bytes()).unwrap();
    assert_eq!(response.headers.len(), 1, "{:?}", response.headers);

    let answer = json!({"headers": {"content-type": "text/b", "Content-Type": "text/a"}});
    let response = ResponseEnvelope::decode(answer.to_string().as_bytes()).unwrap();
    assert_eq!(response.headers, [("content-type".to_owned(), "text/a".to_owned())]);

    // In the order of their names, whatever order the guest wrote, and how many there are.
    let headers: serde_json::Map<_, _> =
        (0..50_000).rev().map(|n| (format!("X-{n:05}"), json!("v"))).collect();
    let answer = json!({"headers": headers}).to_string();
    let response = ResponseEnvelope::decode(answer.as_bytes()).unwrap();
    assert_eq!(response.headers.len(), 50_001);
    assert!(response.headers.is_sorted());
}
