//! Names to addresses, judged.

use std::net::SocketAddr;
use std::sync::Arc;

use policy::Policy;
use policy::outbound::{OutboundRefusal, code};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::test_hosts::TestHosts;

/// Resolves through the system and judges every address. One that is not allowed refuses the whole
/// name: a name with a public and a private address is not a mistake to be worked around.
pub(super) struct CheckingResolver {
    policy: Arc<Policy>,
    test_hosts: Arc<TestHosts>,
}

impl CheckingResolver {
    pub(super) fn new(policy: Arc<Policy>, test_hosts: Arc<TestHosts>) -> Self {
        Self { policy, test_hosts }
    }
}

impl Resolve for CheckingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let mapped = self.test_hosts.address(name.as_str());
        let policy = Arc::clone(&self.policy);
        Box::pin(async move {
            let addresses = match mapped {
                Some(address) => vec![address],
                None => look_up(name.as_str(), &policy).await?,
            };
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

async fn look_up(name: &str, policy: &Policy) -> Result<Vec<SocketAddr>, OutboundRefusal> {
    // Port 0: the connector puts the URL's there.
    let found: Vec<SocketAddr> = tokio::net::lookup_host((name, 0))
        .await
        .map_err(|_| OutboundRefusal::new(code::CONNECT_FAILED, "the name does not resolve"))?
        .collect();
    for address in &found {
        policy.outbound.check_addr(address.ip())?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    async fn resolve(name: &str, test_hosts: &str) -> Result<Vec<SocketAddr>, String> {
        let resolver = CheckingResolver::new(
            Arc::new(Policy::default()),
            Arc::new(test_hosts.parse().unwrap()),
        );
        let found = resolver.resolve(name.parse::<Name>().unwrap()).await;
        found.map(Iterator::collect).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused() {
        let refused = resolve("localhost", "").await.unwrap_err();
        assert!(refused.starts_with("address_not_allowed: "), "{refused}");
    }

    #[tokio::test]
    async fn a_test_host_leads_where_it_is_mapped() {
        let mapped = resolve("Peer.Test.", "peer.test=127.0.0.1:9").await;
        assert_eq!(mapped, Ok(vec![([127, 0, 0, 1], 9).into()]));
    }
}
