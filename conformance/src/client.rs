//! The client through which the suite speaks to the host.
//!
//! Paths are sent byte for byte, which no general client does: they remove `..` and re-encode, and the
//! host's handling of exactly that is under test. Each request has a connection of its own, so that a
//! host that closes one, or dies, is seen by the request it concerns and by no other.

mod connect;
mod redact;
mod transcript;

pub use redact::Redactor;
pub(crate) use transcript::millis;
pub use transcript::{Exchange, RecordedBody, RecordedResponse, Transcript};

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::evidence::Receipt;

/// The longest response the suite reads: well above the largest that a case asks for, so that a host
/// that streams without end cannot fill the suite's memory.
const MAX_RESPONSE_BYTES: usize = 80 * 1024 * 1024;

/// A request as it will be sent.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    /// Method, any token.
    pub method: String,
    /// Path and query below the host's URL, sent as it is.
    pub path: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// Body; absent sends none.
    pub body: Option<Bytes>,
}

impl Outgoing {
    /// A request with a JSON body.
    pub fn json(method: &str, path: impl Into<String>, body: &Value) -> Self {
        Self {
            method: method.to_owned(),
            path: path.into(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: Some(Bytes::from(body.to_string())),
        }
    }

    /// A request without a body.
    pub fn plain(method: &str, path: impl Into<String>) -> Self {
        Self { method: method.to_owned(), path: path.into(), ..Self::default() }
    }

    /// The same with these headers added.
    #[must_use]
    pub fn with(mut self, headers: &[(String, String)]) -> Self {
        self.headers.extend_from_slice(headers);
        self
    }
}

/// A whole response.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// From the first byte sent to the last byte received.
    pub elapsed: Duration,
    /// When the last byte had been received.
    pub ended: Instant,
    /// Proof that it was received.
    pub receipt: Receipt,
    /// Its number in the transcript.
    pub exchange: usize,
}

impl Answer {
    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The value of a cookie that the answer sets.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let cookies = self.headers.get_all(http::header::SET_COOKIE).iter();
        cookies.filter_map(|value| value.to_str().ok()).find_map(|cookie| {
            let value = cookie.strip_prefix(name)?.strip_prefix('=')?;
            Some(value.split(';').next().unwrap_or_default().to_owned())
        })
    }

    /// What is at `pointer` of the JSON body.
    pub fn pointer(&self, pointer: &str) -> Option<Value> {
        self.json()?.pointer(pointer).cloned()
    }
}

/// No response was received, or the request cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection.
    #[error("cannot connect to {authority}: {message}")]
    Connect {
        /// Host and port.
        authority: String,
        /// Why.
        message: String,
    },
    /// The connection broke, or what came over it was no HTTP.
    #[error("no response: {0}")]
    Broken(String),
    /// The response's body did not end well.
    #[error("the response broke off: {0}")]
    Truncated(String),
    /// The request is malformed; the case is at fault.
    #[error("cannot be sent: {0}")]
    Malformed(String),
}

/// The client for one host.
#[derive(Debug)]
pub struct Client {
    base: Url,
    redactor: Arc<Redactor>,
    connector: connect::Connector,
    /// At most one request per this time, towards hosts of strangers.
    pace: Option<(Duration, Mutex<Instant>)>,
}

impl Client {
    /// A client for the host at `base`. `pace` is the least time between two requests.
    pub fn new(base: Url, pace: Option<Duration>) -> Result<Self, TransportError> {
        let connector = connect::Connector::new(&base)?;
        let pace = pace.map(|pace| (pace, Mutex::new(Instant::now())));
        Ok(Self { base, redactor: Arc::default(), connector, pace })
    }

    /// Secrets registered here never reach a report.
    pub fn redactor(&self) -> &Arc<Redactor> {
        &self.redactor
    }

    /// The host's URL.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// The URL of `path`, for people.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base.as_str().trim_end_matches('/'))
    }

    /// Sends a request and receives the whole response. Both are recorded, also when it fails.
    pub async fn send(
        &self,
        transcript: &Transcript,
        outgoing: &Outgoing,
    ) -> Result<Answer, TransportError> {
        self.wait_for_turn().await;
        let number = transcript.begin(outgoing, self.url(&outgoing.path));
        let started = Instant::now();
        let result = self.exchange(outgoing, number, started).await;
        match &result {
            Ok(answer) => transcript.answered(number, answer),
            Err(error) => transcript.broke(number, &error.to_string(), started.elapsed()),
        }
        result
    }

    async fn exchange(
        &self,
        outgoing: &Outgoing,
        number: usize,
        started: Instant,
    ) -> Result<Answer, TransportError> {
        let request = self.request(outgoing)?;
        let response = self.connector.send(request).await?;
        let receipt = Receipt::of_response(&response, number);
        let (head, body) = response.into_parts();
        let body = receive(body).await?;
        let ended = Instant::now();
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            elapsed: ended.duration_since(started),
            ended,
            receipt,
            exchange: number,
        })
    }

    fn request(&self, outgoing: &Outgoing) -> Result<http::Request<Full<Bytes>>, TransportError> {
        let malformed = |what: String| TransportError::Malformed(what);
        let target = format!("{}{}", self.base.path().trim_end_matches('/'), outgoing.path);
        let uri: Uri =
            target.parse().map_err(|e| malformed(format!("path `{}`: {e}", outgoing.path)))?;
        let method = Method::from_bytes(outgoing.method.as_bytes())
            .map_err(|e| malformed(format!("method `{}`: {e}", outgoing.method)))?;
        let mut request = http::Request::new(Full::new(outgoing.body.clone().unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        let authority = self.connector.authority();
        let host = HeaderValue::from_str(authority).map_err(|e| malformed(e.to_string()))?;
        headers.insert(http::header::HOST, host);
        headers.insert(
            http::header::USER_AGENT,
            HeaderValue::from_static(concat!("hostproof/", env!("CARGO_PKG_VERSION"))),
        );
        for (name, value) in &outgoing.headers {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|e| malformed(format!("header `{name}`: {e}")))?;
            let value = HeaderValue::from_str(value)
                .map_err(|e| malformed(format!("value of header `{name}`: {e}")))?;
            if name == http::header::HOST || name == http::header::USER_AGENT {
                headers.insert(name, value);
            } else {
                headers.append(name, value);
            }
        }
        Ok(request)
    }

    async fn wait_for_turn(&self) {
        if let Some((pace, next)) = &self.pace {
            let mut next = next.lock().await;
            tokio::time::sleep_until((*next).into()).await;
            *next = Instant::now() + *pace;
        }
    }
}

async fn receive(body: Incoming) -> Result<Bytes, TransportError> {
    Limited::new(body, MAX_RESPONSE_BYTES)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(|e| TransportError::Truncated(e.to_string()))
}
