//! The envelope and the table of error codes.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeSet;

use contract::api::{Envelope, ErrorCode};
use serde_json::{Value, json};

#[test]
fn every_code_is_unique_written_as_it_serialises_and_an_error() {
    let mut seen = BTreeSet::new();
    for code in ErrorCode::ALL {
        assert!(seen.insert(code.as_str()), "{code} occurs twice");
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert_eq!(serde_json::from_value::<ErrorCode>(code.as_str().into()).unwrap(), *code);
        assert!((400..600).contains(&code.status()), "{code}");
        assert!(!code.meaning().is_empty(), "{code}");
        assert!(code.as_str().bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{code}");
    }
}

#[test]
fn an_answer_holds_only_what_it_has() {
    let ok = Envelope::ok(json!({"plugins": []}), None);
    assert_eq!(
        serde_json::to_value(&ok).unwrap(),
        json!({"success": true, "data": {"plugins": []}})
    );
    let error = Envelope::error(ErrorCode::PluginBusy, "busy", None, Some("r-1".into()));
    assert_eq!(
        serde_json::to_value(&error).unwrap(),
        json!({"success": false, "error_code": "PLUGIN_BUSY", "error": "busy", "request_id": "r-1"})
    );
    let text = serde_json::to_string(&error).unwrap();
    assert_eq!(serde_json::from_str::<Envelope<Value>>(&text).unwrap(), error);
}
