//! The network, from the scenario's stubs. Redirects are followed as a host follows them, each hop
//! judged by the policy.

use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use contract::fetch::FetchResponse;
use policy::Policy;
use policy::outbound::{Hop, OutboundRefusal, code};
use sandbox::{Outbound, OutboundCall};
use serde_json::Value;

use super::Complaints;
use crate::diagnostic::nearest;
use crate::scenario::{Scenario, Stub, StubAnswer};

/// The stubs of one scenario.
pub(crate) struct Network {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) complaints: Arc<Complaints>,
}

#[async_trait]
impl Outbound for Network {
    async fn fetch(&self, mut call: OutboundCall) -> Result<FetchResponse, OutboundRefusal> {
        for _ in 0..=self.policy.limits.fetch_redirects {
            let stub = self.stub(&call).ok_or_else(|| self.complain(&call))?;
            let (status, headers, body) = match &stub.answer {
                StubAnswer::Response { status, headers, body } => (*status, headers, body),
                StubAnswer::Error(text) => return Err(failure(text)),
                StubAnswer::Hangs => std::future::pending().await,
            };
            let location = headers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case("location"))
                .map(|(_, value)| value.as_bytes());
            let hop = Hop { url: &call.url, method: &call.method, headers: &call.headers };
            let next =
                self.policy.outbound.redirect(hop, status, location, &call.allowed_domains, &[])?;
            let Some(next) = next else {
                return Ok(FetchResponse::received(status, headers.clone(), body.clone()));
            };
            if !next.keeps_body {
                call.body.clear();
            }
            (call.url, call.method, call.headers) = (next.url, next.method, next.headers);
        }
        Err(OutboundRefusal::new(code::TOO_MANY_REDIRECTS, "too many redirects"))
    }
}

impl Network {
    fn stub(&self, call: &OutboundCall) -> Option<&Stub> {
        self.scenario.fetch.iter().find(|stub| {
            let same_url = url::Url::parse(&stub.url).is_ok_and(|url| url == call.url);
            let same_body = stub.request_json.as_ref().is_none_or(|wanted| {
                serde_json::from_slice::<Value>(&call.body).is_ok_and(|body| body == *wanted)
            });
            stub.method == call.method && same_url && same_body
        })
    }

    fn complain(&self, call: &OutboundCall) -> OutboundRefusal {
        let asked = format!("{} {}", call.method, call.url);
        let stubs: Vec<String> =
            self.scenario.fetch.iter().map(|it| format!("{} {}", it.method, it.url)).collect();
        let mut text = format!("fetch asks {asked}, and no [[fetch]] of the scenario answers that");
        if stubs.contains(&asked) {
            text.push_str("; there is one for another request_json");
        } else if let Some(near) = nearest(&asked, stubs.iter().map(String::as_str)) {
            let _ = write!(text, "\n  - {near}\n  + {asked}");
        }
        self.complaints.add(text);
        OutboundRefusal::new(code::CONNECTION_FAILED, "the scenario has no answer to this request")
    }
}

/// A failure from its text, `code: message`.
fn failure(text: &str) -> OutboundRefusal {
    let (code, message) = text.split_once(": ").unwrap_or((code::CONNECTION_FAILED, text));
    let known = code::ALL.iter().find(|known| **known == code);
    OutboundRefusal::new(known.copied().unwrap_or(code::CONNECTION_FAILED), message)
}
