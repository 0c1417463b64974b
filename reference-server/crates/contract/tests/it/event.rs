//! Emitted events.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use contract::event::Emitted;
use serde_json::json;

#[test]
fn a_payload_that_is_nothing_becomes_an_empty_object() {
    for (given, published) in [
        (r#"{"a":1}"#, json!({"a": 1})),
        ("[1,2]", json!([1, 2])),
        ("\"text\"", json!("text")),
        ("null", json!({})),
        ("", json!({})),
        ("not json", json!({})),
    ] {
        let emitted = Emitted::new("x.done", "com.example.x", given);
        assert_eq!(
            serde_json::to_value(emitted).unwrap(),
            json!({"type": "x.done", "source": "com.example.x", "payload": published}),
            "{given}"
        );
    }
}
