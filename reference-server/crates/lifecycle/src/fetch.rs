//! Fetching the catalog and the artifacts it names, from hosts that somebody else chose.
//!
//! Only `https`, only public addresses; both checked again for every redirect, and the address
//! that was checked is the one connected to. Size and time are bounded. The insecure test switch
//! lifts scheme and address rules, nothing else. No proxy is taken from the environment: it would
//! resolve names in our place, and the address check would mean nothing.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use policy::Policy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::LOCATION;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use url::{Host, Url};

use crate::config::LifecycleConfig;
use crate::files::{At, FileError};

/// Redirects followed. Release hosts use one or two; more is a loop.
const MAX_REDIRECTS: usize = 5;

/// A line of progress in the log at most this often.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL cannot be read as one.
    #[error("'{0}' is not a URL")]
    InvalidUrl(String),
    /// Neither `https`, nor `http` with the insecure test switch.
    #[error("the scheme '{0}' is not allowed")]
    Scheme(String),
    /// Loopback, private, link-local or otherwise not public.
    #[error("the host '{0}' has no public address")]
    Address(String),
    /// More than five hops.
    #[error("more than {MAX_REDIRECTS} redirects")]
    TooManyRedirects,
    /// An answer other than success.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// More bytes than the cap allows.
    #[error("more than {cap} bytes")]
    TooLarge {
        /// The cap.
        cap: u64,
    },
    /// Not done within the time allowed.
    #[error("not done within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// No connection, or one that broke.
    #[error("the connection failed")]
    Connection(#[source] reqwest::Error),
    /// The TLS client could not be set up, for want of root certificates for instance.
    #[error("the HTTP client is not available: {0}")]
    Client(String),
    /// What was received could not be stored.
    #[error("what was received could not be stored")]
    File(#[source] FileError),
}

/// What a download turned out to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    pub(crate) sha256: [u8; 32],
}

/// The client for catalog and artifacts.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    // An HTTP client that cannot be built must not keep the host from serving what is installed.
    client: Result<reqwest::Client, String>,
    policy: Arc<Policy>,
    allow_insecure: bool,
    timeout: Duration,
    catalog_timeout: Duration,
}

impl Fetcher {
    pub(crate) fn new(policy: Arc<Policy>, config: &LifecycleConfig) -> Self {
        let LifecycleConfig { allow_insecure, timeout, catalog_timeout, .. } = *config;
        // Refused when another part of the process installed one first, which does as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .user_agent(concat!("hostproof-reference-server/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(timeout)
            .dns_resolver(Arc::new(PublicOnly { policy: Arc::clone(&policy), allow_insecure }))
            .tls_certs_merge(config.trust_roots.certificates())
            .build()
            .map_err(|error| error.to_string());
        Self { client, policy, allow_insecure, timeout, catalog_timeout }
    }

    /// Whether a URL may be fetched, as far as its text tells; its name is not resolved.
    pub(crate) fn check(&self, text: &str) -> Result<Url, FetchError> {
        let url = Url::parse(text).map_err(|_| FetchError::InvalidUrl(text.to_owned()))?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_insecure => {}
            other => return Err(FetchError::Scheme(other.to_owned())),
        }
        // Literal addresses never reach the resolver.
        let literal = match url.host() {
            Some(Host::Ipv4(ip)) => Some(ip.into()),
            Some(Host::Ipv6(ip)) => Some(ip.into()),
            Some(Host::Domain(_)) => None,
            None => return Err(FetchError::InvalidUrl(text.to_owned())),
        };
        if let Some(ip) = literal
            && !self.allow_insecure
            && !is_public(&self.policy, ip)
        {
            return Err(FetchError::Address(ip.to_string()));
        }
        Ok(url)
    }

    /// The whole catalog, at most `cap` bytes of it. Somebody waits for it, and it is small.
    pub(crate) async fn get(&self, url: &str, cap: u64) -> Result<Bytes, FetchError> {
        timed(self.catalog_timeout, async {
            let mut response = self.open(url, cap).await?;
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(FetchError::Connection)? {
                if (body.len() + chunk.len()) as u64 > cap {
                    return Err(FetchError::TooLarge { cap });
                }
                body.extend_from_slice(&chunk);
            }
            Ok(body.into())
        })
        .await
    }

    /// The body into a file, at most `cap` bytes of it, with progress in the log.
    pub(crate) async fn save(
        &self,
        url: &str,
        cap: u64,
        path: &Path,
        what: &str,
    ) -> Result<Received, FetchError> {
        timed(self.timeout, async {
            let mut response = self.open(url, cap).await?;
            let total = response.content_length();
            tracing::info!(artifact = what, bytes = total, "download begins");
            let file = tokio::fs::File::create(path).await;
            let mut file = file.at("create", path).map_err(FetchError::File)?;
            let mut hash = Sha256::new();
            let mut bytes = 0;
            let mut told = Instant::now();
            while let Some(chunk) = response.chunk().await.map_err(FetchError::Connection)? {
                bytes += chunk.len() as u64;
                if bytes > cap {
                    return Err(FetchError::TooLarge { cap });
                }
                hash.update(&chunk);
                file.write_all(&chunk).await.at("write", path).map_err(FetchError::File)?;
                if told.elapsed() >= PROGRESS_EVERY {
                    told = Instant::now();
                    tracing::info!(artifact = what, received = bytes, bytes = total, "download");
                }
            }
            file.flush().await.at("write", path).map_err(FetchError::File)?;
            tracing::info!(artifact = what, received = bytes, "download complete");
            Ok(Received { sha256: hash.finalize().into() })
        })
        .await
    }

    /// Follows redirects, each hop checked, to a successful answer that does not announce more
    /// than `cap` bytes.
    async fn open(&self, url: &str, cap: u64) -> Result<reqwest::Response, FetchError> {
        let client = self.client.as_ref().map_err(|why| FetchError::Client(why.clone()))?;
        let mut url = self.check(url)?;
        for _ in 0..=MAX_REDIRECTS {
            let response = client.get(url.clone()).send().await.map_err(connection)?;
            let status = response.status();
            if status.is_redirection()
                && let Some(location) = response.headers().get(LOCATION)
            {
                let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
                let next = url.join(&location).map_err(|_| FetchError::InvalidUrl(location))?;
                url = self.check(next.as_str())?;
            } else if !status.is_success() {
                return Err(FetchError::Status(status.as_u16()));
            } else if response.content_length().is_some_and(|bytes| bytes > cap) {
                return Err(FetchError::TooLarge { cap });
            } else {
                return Ok(response);
            }
        }
        Err(FetchError::TooManyRedirects)
    }
}

async fn timed<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    tokio::time::timeout(limit, work).await.unwrap_or(Err(FetchError::TimedOut(limit)))
}

/// Tells a host refused by [`PublicOnly`] from a connection that failed.
fn connection(error: reqwest::Error) -> FetchError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(current) = cause {
        if let Some(NoPublicAddress(host)) = current.downcast_ref() {
            return FetchError::Address(host.clone());
        }
        cause = current.source();
    }
    FetchError::Connection(error)
}

fn is_public(policy: &Policy, ip: std::net::IpAddr) -> bool {
    policy.outbound.check_addr(ip).is_ok()
}

/// A name of which every address is refused.
#[derive(Debug, thiserror::Error)]
#[error("the host '{0}' has no public address")]
struct NoPublicAddress(String);

/// Resolves names to their public addresses only. The connection is made to what is returned here,
/// so a name that changes its mind between check and connection gains nothing.
#[derive(Debug)]
struct PublicOnly {
    policy: Arc<Policy>,
    allow_insecure: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, allow_insecure) = (Arc::clone(&self.policy), self.allow_insecure);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let usable: Vec<SocketAddr> =
                found.filter(|addr| allow_insecure || is_public(&policy, addr.ip())).collect();
            if usable.is_empty() {
                return Err(NoPublicAddress(name.as_str().to_owned()).into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}
