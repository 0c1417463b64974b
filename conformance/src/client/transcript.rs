//! The transcript of a case: every exchange with the host, in order, and what was found elsewhere.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{Answer, Outgoing, Redactor};
use crate::sighting::Sighting;

/// How much of a body a report keeps.
const BODY_LIMIT: usize = 16 * 1024;

/// One request and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// Its number in the transcript, from 0.
    pub number: usize,
    /// The step it belongs to.
    pub step: String,
    /// Method.
    pub method: String,
    /// URL.
    pub url: String,
    /// Headers the suite set.
    pub headers: Vec<(String, String)>,
    /// Body sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<RecordedBody>,
    /// The response, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<RecordedResponse>,
    /// Why there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long it took.
    pub elapsed_ms: u64,
    /// When the whole answer had come, from the first request of the transcript.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_us: Option<u64>,
}

/// A response in a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedResponse {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: RecordedBody,
}

/// A body in a transcript: its beginning, and its whole length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedBody {
    /// Whole length in bytes.
    pub bytes: usize,
    /// As text, where it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// As base64, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Whether this is only the beginning.
    pub truncated: bool,
}

impl RecordedBody {
    fn new(bytes: &[u8]) -> Self {
        let kept = &bytes[..bytes.len().min(BODY_LIMIT)];
        let text = match std::str::from_utf8(kept) {
            Ok(text) => Some(text),
            // Cut in the middle of a character.
            Err(e) if e.error_len().is_none() => std::str::from_utf8(&kept[..e.valid_up_to()]).ok(),
            Err(_) => None,
        };
        Self {
            bytes: bytes.len(),
            text: text.map(str::to_owned),
            base64: text.is_none().then(|| STANDARD.encode(kept)),
            truncated: kept.len() < bytes.len(),
        }
    }

    fn redact(&mut self, redactor: &Redactor) {
        if let Some(text) = &mut self.text {
            *text = redactor.redact(text);
        }
    }
}

/// Collects exchanges. Clones share one list; each clone carries the name of its step.
#[derive(Debug, Clone, Default)]
pub struct Transcript {
    exchanges: Arc<Mutex<Vec<Exchange>>>,
    sightings: Arc<Mutex<Vec<Sighting>>>,
    began: Arc<OnceLock<Instant>>,
    step: Arc<str>,
    /// The one number under which all its exchanges stand, the last of them in the end.
    only: Option<Arc<OnceLock<usize>>>,
}

impl Transcript {
    /// The same list, for exchanges of the step `name`.
    #[must_use]
    pub fn for_step(&self, name: &str) -> Self {
        Self { step: name.into(), only: None, ..self.clone() }
    }

    /// The same list and step, for an exchange that is repeated: only the last one is kept.
    #[must_use]
    pub fn repeated(&self) -> Self {
        Self { only: Some(Arc::default()), ..self.clone() }
    }

    fn list(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a request before it is sent, and gives it a number.
    pub(super) fn begin(&self, outgoing: &Outgoing, url: String) -> usize {
        self.began.get_or_init(Instant::now);
        let mut list = self.list();
        let number = match &self.only {
            Some(only) => *only.get_or_init(|| list.len()),
            None => list.len(),
        };
        let exchange = Exchange {
            number,
            step: self.step.to_string(),
            method: outgoing.method.clone(),
            url,
            headers: outgoing.headers.clone(),
            body: outgoing.body.as_deref().map(RecordedBody::new),
            response: None,
            error: Some("no answer before the case ended".to_owned()),
            elapsed_ms: 0,
            ended_us: None,
        };
        match list.get_mut(number) {
            Some(earlier) => *earlier = exchange,
            None => list.push(exchange),
        }
        number
    }

    pub(super) fn answered(&self, number: usize, answer: &Answer) {
        if let Some(exchange) = self.list().get_mut(number) {
            let headers = answer.headers.iter().map(|(name, value)| {
                (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            });
            exchange.response = Some(RecordedResponse {
                status: answer.status,
                headers: headers.collect(),
                body: RecordedBody::new(&answer.body),
            });
            exchange.error = None;
            exchange.elapsed_ms = millis(answer.elapsed);
            let since = self.began.get().map(|began| answer.ended.duration_since(*began));
            exchange.ended_us = since.and_then(|since| u64::try_from(since.as_micros()).ok());
        }
    }

    pub(super) fn broke(&self, number: usize, error: &str, elapsed: Duration) {
        if let Some(exchange) = self.list().get_mut(number) {
            exchange.error = Some(error.to_owned());
            exchange.elapsed_ms = millis(elapsed);
        }
    }

    /// Records what a step found elsewhere.
    pub(crate) fn saw(&self, sighting: Sighting) {
        self.sightings.lock().unwrap_or_else(PoisonError::into_inner).push(sighting);
    }

    /// All of that so far, without secrets.
    pub(crate) fn sightings(&self, redactor: &Redactor) -> Vec<Sighting> {
        let sightings = self.sightings.lock().unwrap_or_else(PoisonError::into_inner);
        sightings.iter().map(|sighting| sighting.redacted(redactor)).collect()
    }

    /// All exchanges so far, without secrets. Asked at the end, when all secrets are known.
    pub fn redacted(&self, redactor: &Redactor) -> Vec<Exchange> {
        let mut exchanges = self.list().clone();
        for exchange in &mut exchanges {
            exchange.url = redactor.redact(&exchange.url);
            exchange.body.iter_mut().for_each(|body| body.redact(redactor));
            redact_headers(&mut exchange.headers, redactor);
            if let Some(response) = &mut exchange.response {
                response.body.redact(redactor);
                redact_headers(&mut response.headers, redactor);
            }
        }
        exchanges
    }
}

fn redact_headers(headers: &mut [(String, String)], redactor: &Redactor) {
    for (name, value) in headers {
        *value = redactor.redact_header(name, value);
    }
}

/// Whole milliseconds; a run never lasts longer than their range.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
