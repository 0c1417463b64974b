//! An answer, checked: whatever a test is about, the envelope is right, the request id is there,
//! and nothing of the inside shows.

use contract::api::ErrorCode;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// Texts that only the inside of the host, its stores or its languages would write.
const INTERNAL: &[&str] = &[
    "sqlx",
    "SQLSTATE",
    "constraint",
    "relation \"",
    "postgres://",
    "redis://",
    "panicked",
    ".rs:",
    "wasm trap",
    "wasm backtrace",
    "stack backtrace",
    "$argon2",
    "/tmp/",
    "Os {",
];

pub(crate) struct Answer {
    what: String,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(what: String, response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.unwrap().to_vec();
        let answer = Self { what, status, headers, body };
        answer.check();
        answer
    }

    fn check(&self) {
        assert!(self.headers.contains_key("x-request-id"), "{}: no request id", self.what);
        let text = self.text();
        for internal in INTERNAL {
            assert!(!text.contains(internal), "{}: {internal:?} shows in {text}", self.what);
        }
        if self.status.is_client_error() || self.status.is_server_error() {
            self.check_failure();
        }
    }

    /// Failures are always in the envelope, those of plugins' routes too.
    fn check_failure(&self) {
        // Probes know nothing of envelopes.
        if self.what.ends_with("/api/readyz") {
            return;
        }
        let body = self.json();
        assert_eq!(body["success"], false, "{}: {body}", self.what);
        assert!(body.get("data").is_none(), "{}: {body}", self.what);
        assert!(body["error"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        let code: ErrorCode = serde_json::from_value(body["error_code"].clone()).unwrap();
        assert_eq!(code.status(), self.status.as_u16(), "{}: {body}", self.what);
        assert_eq!(body["request_id"], self.headers["x-request-id"].to_str().unwrap(), "{body}");
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.what, self.text()))
    }

    /// The data of a success with this status.
    #[track_caller]
    pub(crate) fn data(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.what, self.text());
        let mut body = self.json();
        assert_eq!(body["success"], true, "{}: {body}", self.what);
        for absent in ["error", "error_code", "error_details"] {
            assert!(body.get(absent).is_none(), "{}: {body}", self.what);
        }
        assert_eq!(body["request_id"], self.headers["x-request-id"].to_str().unwrap(), "{body}");
        body["data"].take()
    }

    /// A success without a body.
    #[track_caller]
    pub(crate) fn nothing(&self) {
        assert_eq!(self.status.as_u16(), 204, "{}: {}", self.what, self.text());
        assert!(self.body.is_empty(), "{}: {}", self.what, self.text());
    }

    /// A refusal with this code; its whole body.
    #[track_caller]
    pub(crate) fn refused(&self, code: &str) -> Value {
        let body = self.json();
        assert_eq!(body["error_code"], code, "{}: {} {body}", self.what, self.status);
        body
    }

    /// The value of a cookie that this answer sets.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.set_cookie(name)?.split([';', '=']).nth(1).map(str::to_owned)
    }

    /// The whole `Set-Cookie` of that name.
    pub(crate) fn set_cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .find(|value| value.split_once('=').is_some_and(|(key, _)| key == name))
    }
}
