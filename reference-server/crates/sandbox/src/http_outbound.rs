//! `fetch` for real: HTTP to checked addresses only (decision F1).
//!
//! A name is resolved once per connection, by a resolver of our own that judges every address and
//! hands exactly those to the connector: what was checked is what is connected to, so a name that
//! changes its answer in between (DNS rebinding) gains nothing. Redirects are followed here, not by
//! the client, since each hop must pass the policy like the first request. Proxies named by the
//! environment are ignored: a proxy would resolve names on its own.

mod body;
mod redirect;
mod resolver;
mod test_hosts;

use std::sync::Arc;

use async_trait::async_trait;
use contract::fetch::FetchResponse;
use policy::Policy;
use policy::outbound::{DROPPED_REQUEST_HEADERS, OutboundRefusal, code};
use reqwest::Client;
use reqwest::header::{HOST, HeaderMap, HeaderValue};
use url::{Host, Url};

pub use test_hosts::{InvalidTestHost, TestHosts};

use crate::outbound::{Outbound, OutboundCall};
use redirect::Hop;
use resolver::CheckingResolver;

/// The client behind `fetch`. One serves all plugins.
#[derive(Debug)]
pub struct HttpOutbound {
    client: Client,
    policy: Arc<Policy>,
    test_hosts: Arc<TestHosts>,
}

/// Why the client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the outbound HTTP client cannot be set up")]
pub struct HttpOutboundError(#[source] reqwest::Error);

impl HttpOutbound {
    /// Sets the client up. `test_hosts` is empty outside of tests.
    pub fn new(policy: Arc<Policy>, test_hosts: TestHosts) -> Result<Self, HttpOutboundError> {
        // The process may have installed a provider already; either is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let test_hosts = Arc::new(test_hosts);
        let builder = || {
            Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(policy.limits.connect_timeout)
                .user_agent(concat!("hostproof/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(CheckingResolver::new(Arc::clone(&policy), Arc::clone(&test_hosts)))
        };
        let client = match builder().build() {
            Ok(client) => client,
            // A machine without certificate authorities can still run plugins that do not fetch.
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(error, "no certificate authorities; outbound https will fail");
                builder().tls_certs_only([]).build().map_err(HttpOutboundError)?
            }
        };
        Ok(Self { client, policy, test_hosts })
    }

    /// One request, without following a redirect.
    async fn send(&self, hop: &Hop) -> Result<reqwest::Response, OutboundRefusal> {
        let url = self.connectable(&hop.url)?;
        let mut headers = HeaderMap::new();
        if url != hop.url
            && let Some(host) = authority(&hop.url)
        {
            headers.insert(HOST, host);
        }
        for (name, value) in &hop.headers {
            let name = reqwest::header::HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_bytes(value.as_bytes());
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(OutboundRefusal::new(code::HEADER_NOT_ALLOWED, "malformed header"));
            };
            headers.append(name, value);
        }
        let method = hop.method.parse::<reqwest::Method>().map_err(|_| {
            OutboundRefusal::new(code::METHOD_NOT_ALLOWED, "the method is no HTTP method")
        })?;
        let request = self.client.request(method, url).headers(headers);
        let request = if hop.body.is_empty() { request } else { request.body(hop.body.clone()) };
        request.send().await.map_err(|error| failure(&error))
    }

    /// The URL to give to the client: test hosts lose their port, since their mapping names one.
    /// Addresses written as such never reach the resolver and are judged here.
    fn connectable(&self, url: &Url) -> Result<Url, OutboundRefusal> {
        let mut url = url.clone();
        let host = url.host();
        if host.as_ref().is_some_and(|host| self.test_hosts.address(&host.to_string()).is_some()) {
            // Only a URL without a host cannot have its port removed.
            let _ = url.set_port(None);
            return Ok(url);
        }
        match host {
            Some(Host::Ipv4(addr)) => self.policy.outbound.check_addr(addr.into())?,
            Some(Host::Ipv6(addr)) => self.policy.outbound.check_addr(addr.into())?,
            Some(Host::Domain(_)) | None => {}
        }
        Ok(url)
    }
}

#[async_trait]
impl Outbound for HttpOutbound {
    fn test_hosts(&self) -> &[String] {
        self.test_hosts.names()
    }

    async fn fetch(&self, call: OutboundCall) -> Result<FetchResponse, OutboundRefusal> {
        let OutboundCall { allowed_domains, url, method, headers, body, .. } = call;
        let mut hop = Hop { url, method, headers, body: body.into() };
        let limits = &self.policy.limits;
        for _ in 0..=limits.fetch_redirects {
            let response = self.send(&hop).await?;
            let next = redirect::next(&hop, &response, |url| {
                self.policy.outbound.check_url(url, &allowed_domains, self.test_hosts())
            })?;
            match next {
                Some(next) => hop = next,
                None => return received(response, limits.fetch_response_bytes).await,
            }
        }
        Err(OutboundRefusal::new(
            code::TOO_MANY_REDIRECTS,
            format!("more than {} redirects", limits.fetch_redirects),
        ))
    }
}

async fn received(
    response: reqwest::Response,
    limit: usize,
) -> Result<FetchResponse, OutboundRefusal> {
    let status = response.status().as_u16();
    let mut headers = std::collections::BTreeMap::new();
    for (name, value) in response.headers() {
        // The connection's own headers mean nothing to a guest; of several values the first counts.
        if !DROPPED_REQUEST_HEADERS.contains(&name.as_str()) || name == "content-length" {
            headers
                .entry(name.as_str().to_owned())
                .or_insert_with(|| String::from_utf8_lossy(value.as_bytes()).into_owned());
        }
    }
    let body = body::read(response, limit).await?;
    Ok(FetchResponse::received(status, headers, body))
}

/// The `Host` header that a URL would have had.
fn authority(url: &Url) -> Option<HeaderValue> {
    let host = url.host_str()?;
    let text = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    HeaderValue::from_str(&text).ok()
}

/// What the guest is told of a failed exchange: a refusal of ours as it is, else no detail beyond
/// the kind, since the rest describes the host's network.
fn failure(error: &reqwest::Error) -> OutboundRefusal {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(refusal) = cause.downcast_ref::<OutboundRefusal>() {
            return refusal.clone();
        }
        source = cause.source();
    }
    tracing::debug!(error = error_chain(error), "outbound request failed");
    if error.is_timeout() {
        OutboundRefusal::new(code::TIMEOUT, "the other side did not answer in time")
    } else if error.is_connect() {
        OutboundRefusal::new(code::CONNECT_FAILED, "no connection could be made")
    } else {
        OutboundRefusal::new(code::CONNECT_FAILED, "the exchange broke off")
    }
}

fn error_chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
