//! Sends requests as somebody.

use http::Method;
use serde_json::Value;

use super::Answer;

/// Credentials, and where to send them.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base_url: String,
    headers: Vec<(String, String)>,
}

impl Client {
    pub(crate) fn new(
        http: reqwest::Client,
        base_url: &str,
        headers: Vec<(String, String)>,
    ) -> Self {
        Self { http, base_url: base_url.to_owned(), headers }
    }

    /// Where the host is.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Adds a header to every request.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, Some(body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Sends to `path`, below `/api/v1` unless it begins with `/api/`.
    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<String>) -> Answer {
        let prefix = if path.starts_with("/api/") { "" } else { "/api/v1" };
        let url = format!("{}{prefix}{path}", self.base_url);
        let mut request = self.http.request(method.clone(), url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        Answer::read(format!("{method} {path}"), response).await
    }
}

/// Requests whose answers are the test's own to check: a `HEAD` has no body, and a plugin's failure
/// need not be in the envelope.
impl Client {
    pub(crate) async fn send_unread(&self, method: Method, path: &str) -> reqwest::Response {
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.base_url));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn post_unchecked(&self, path: &str, body: &Value) -> reqwest::Response {
        let url = format!("{}/api/v1{path}", self.base_url);
        self.http.post(url).body(body.to_string()).send().await.unwrap()
    }
}
