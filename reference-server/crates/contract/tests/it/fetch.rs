//! Bodies of `fetch` in both representations.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeMap;

use contract::fetch::{FetchRequest, FetchResponse};
use contract::header::capitalised;
use proptest::prelude::*;
use serde_json::json;

proptest! {
    #[test]
    fn every_body_survives(status in 200..600_u16, body: Vec<u8>) {
        let response = FetchResponse::received(status, BTreeMap::new(), body.clone());
        let text = serde_json::to_string(&response).unwrap();
        let read: FetchResponse = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read.body_bytes().unwrap(), body);
        prop_assert_eq!(read, response);
    }
}

#[test]
fn text_is_sent_as_text_and_bytes_are_flagged() {
    let text = FetchResponse::received(200, BTreeMap::new(), "grün".into());
    assert_eq!(
        serde_json::to_value(text).unwrap(),
        json!({"status": 200, "body": "grün", "headers": {}})
    );
    let bytes = FetchResponse::received(200, BTreeMap::new(), vec![0xff, 0x00]);
    assert_eq!(
        serde_json::to_value(bytes).unwrap(),
        json!({"status": 200, "body": "/wA=", "body_base64": true, "headers": {}})
    );
}

#[test]
fn header_names_are_capitalised_as_plugins_expect() {
    for (name, expected) in [
        ("content-type", "Content-Type"),
        ("ETAG", "Etag"),
        ("x-a--b-", "X-A--B-"),
        ("1-a", "1-A"),
        ("", ""),
    ] {
        assert_eq!(capitalised(name), expected);
        let headers = BTreeMap::from([(name.to_owned(), "v".to_owned())]);
        let response = FetchResponse::received(200, headers, vec![]);
        assert_eq!(response.headers.into_keys().collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn a_failure_begins_with_its_code() {
    let failed = FetchResponse::failed("domain_not_allowed", "'example.com' is not listed");
    assert_eq!(failed.status, 0);
    assert_eq!(failed.error.unwrap(), "domain_not_allowed: 'example.com' is not listed");
}

#[test]
fn a_request_may_leave_out_all_but_the_url() {
    let request: FetchRequest =
        serde_json::from_value(json!({"url": "https://a.example/", "headers": null})).unwrap();
    assert_eq!(request, FetchRequest { url: "https://a.example/".into(), ..Default::default() });
    assert!(serde_json::from_value::<FetchRequest>(json!({"method": "GET"})).is_err());
}
