//! The edge towards the network: what `fetch` hands over once the first URL was checked.

use std::time::Instant;

use async_trait::async_trait;
use contract::fetch::FetchResponse;
use contract::name::PluginName;
use policy::outbound::OutboundRefusal;
use url::Url;

/// One admitted request. The URL, the method and the headers have passed the policy; whoever
/// follows a redirect must put each hop through it again.
#[derive(Clone, Debug)]
pub struct OutboundCall {
    /// On whose behalf.
    pub plugin: PluginName,
    /// The manifest's `allowedOutboundDomains`, against which redirects are checked.
    pub allowed_domains: Vec<String>,
    /// The checked address.
    pub url: Url,
    /// Upper-case method.
    pub method: String,
    /// Request headers, names in lower case, without those a guest may not set.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// When the guest's call is over. The future is dropped then, and the guest's call ends with it
    /// (decision A5).
    pub deadline: Instant,
}

/// Makes requests for guests. [`crate::HttpOutbound`] is the real one; the author kit replaces it
/// by recorded answers.
#[async_trait]
pub trait Outbound: Send + Sync + 'static {
    /// Host names for which plain http is allowed, since this implementation leads them elsewhere
    /// than to the network's resolver. Empty outside of tests.
    fn test_hosts(&self) -> &[String] {
        &[]
    }

    /// Performs the request, following redirects as the policy allows.
    async fn fetch(&self, call: OutboundCall) -> Result<FetchResponse, OutboundRefusal>;
}
