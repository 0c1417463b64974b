//! `fetch` for real: HTTP to checked addresses only (decision F1).
//!
//! A name is resolved once per connection, by a resolver of our own that judges every address and
//! hands exactly those to the connector: what was checked is what is connected to, so a name that
//! changes its answer in between (DNS rebinding) gains nothing. Redirects are followed here, not by
//! the client, since each hop must pass the policy like the first request. Proxies named by the
//! environment are ignored: a proxy would resolve names on its own.
//!
//! **Deliberately absent:** cookies between requests, decompression, automatic retries, HTTP/2. A
//! guest gets the bytes that came, once per request it made.

mod failure;
mod resolver;
mod response;
mod test_hosts;
mod trust;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use contract::fetch::FetchResponse;
use policy::Policy;
use policy::outbound::{Hop, OutboundRefusal, code};
use reqwest::header::{HOST, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, ClientBuilder};
use url::{Host, Url};

pub use test_hosts::{InvalidTestHost, TestHosts};
pub use trust::{InvalidTrustRoots, TrustRoots};

use crate::outbound::{Outbound, OutboundCall};
use resolver::{CheckingResolver, Lookup, SystemLookup};

/// What an operator may arrange for plugins' requests.
#[derive(Clone, Debug, Default)]
pub struct HttpOutboundConfig {
    /// Names that lead to a fixed address, private or not, by http as well. Empty outside of tests.
    pub test_hosts: TestHosts,
    /// Certificate authorities that are trusted beside the system's.
    pub trust_roots: TrustRoots,
}

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

/// One request of a chain.
struct Request {
    url: Url,
    method: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl HttpOutbound {
    /// Sets the client up.
    pub fn new(policy: Arc<Policy>, config: HttpOutboundConfig) -> Result<Self, HttpOutboundError> {
        Self::with_lookup(policy, config, Arc::new(SystemLookup))
    }

    /// The same, with another way from names to addresses.
    fn with_lookup(
        policy: Arc<Policy>,
        config: HttpOutboundConfig,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, HttpOutboundError> {
        // The process may have installed a provider already; either is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let test_hosts = Arc::new(config.test_hosts);
        let resolver =
            Arc::new(CheckingResolver::new(Arc::clone(&policy), Arc::clone(&test_hosts), lookup));
        let builder = || builder(&policy.limits).dns_resolver(Arc::clone(&resolver));
        let roots = config.trust_roots;
        let client = match builder().tls_certs_merge(roots.certificates()).build() {
            Ok(client) => client,
            // A machine without certificate authorities can still run plugins that do not fetch.
            Err(error) => {
                let error = failure::chain(&error);
                tracing::warn!(error, "no certificate authorities; outbound https will fail");
                let client = builder().tls_certs_only(roots.certificates()).build();
                client.map_err(HttpOutboundError)?
            }
        };
        Ok(Self { client, policy, test_hosts })
    }

    /// One request, without following a redirect.
    async fn send(&self, request: &Request) -> Result<reqwest::Response, OutboundRefusal> {
        let url = self.connectable(&request.url)?;
        let mut headers = HeaderMap::new();
        if url != request.url
            && let Some(host) = authority(&request.url)
        {
            headers.insert(HOST, host);
        }
        for (name, value) in &request.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_bytes(value.as_bytes());
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(OutboundRefusal::new(code::HEADER_NOT_ALLOWED, "malformed header"));
            };
            headers.append(name, value);
        }
        let method = request.method.parse::<reqwest::Method>().map_err(|_| {
            OutboundRefusal::new(code::METHOD_NOT_ALLOWED, "the method is no HTTP method")
        })?;
        let sending = self.client.request(method, url).headers(headers);
        let sending =
            if request.body.is_empty() { sending } else { sending.body(request.body.clone()) };
        sending.send().await.map_err(|error| failure::refusal(&error))
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

    /// What a response asks for next, or `None` when it is the answer.
    fn after(
        &self,
        request: &Request,
        response: &reqwest::Response,
        allowed_domains: &[String],
    ) -> Result<Option<Request>, OutboundRefusal> {
        let Request { url, method, headers, body } = request;
        let location = response.headers().get(LOCATION).map(HeaderValue::as_bytes);
        let next = self.policy.outbound.redirect(
            Hop { url, method, headers },
            response.status().as_u16(),
            location,
            allowed_domains,
            self.test_hosts(),
        )?;
        Ok(next.map(|next| Request {
            url: next.url,
            method: next.method,
            headers: next.headers,
            body: if next.keeps_body { body.clone() } else { Bytes::new() },
        }))
    }
}

#[async_trait]
impl Outbound for HttpOutbound {
    fn test_hosts(&self) -> &[String] {
        self.test_hosts.names()
    }

    async fn fetch(&self, call: OutboundCall) -> Result<FetchResponse, OutboundRefusal> {
        let OutboundCall { allowed_domains, url, method, headers, body, .. } = call;
        let mut request = Request { url, method, headers, body: body.into() };
        let limits = &self.policy.limits;
        for hop in 0..=limits.fetch_redirects {
            let response = self.send(&request).await.map_err(|refusal| {
                // Where a name leads is known only now; that it was the other side's wish to go
                // there is the reason to give.
                let misled = hop > 0 && refusal.code == code::ADDRESS_NOT_ALLOWED;
                if misled { refusal.of_redirect() } else { refusal }
            })?;
            match self.after(&request, &response, &allowed_domains)? {
                Some(next) => request = next,
                None => return response::receive(response, &self.policy).await,
            }
        }
        Err(OutboundRefusal::new(
            code::TOO_MANY_REDIRECTS,
            format!("more than {} redirects", limits.fetch_redirects),
        ))
    }
}

fn builder(limits: &policy::Limits) -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(limits.connect_timeout)
        .http1_max_headers(limits.fetch_headers)
        .user_agent(concat!("hostproof/", env!("CARGO_PKG_VERSION")))
}

/// The `Host` header that a URL would have had.
fn authority(url: &Url) -> Option<HeaderValue> {
    let host = url.host_str()?;
    let text = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests;
