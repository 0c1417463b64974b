//! Names to addresses, judged.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use policy::Policy;
use policy::outbound::{OutboundRefusal, code};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::test_hosts::TestHosts;

/// Asks somebody who knows.
#[async_trait]
pub(super) trait Lookup: Send + Sync + 'static {
    /// All addresses of a name.
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
pub(super) struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect())
    }
}

/// Judges every address of a name. One that is not allowed refuses the whole name: a name with a
/// public and a private address is not a mistake to be worked around.
pub(super) struct CheckingResolver {
    policy: Arc<Policy>,
    test_hosts: Arc<TestHosts>,
    lookup: Arc<dyn Lookup>,
}

impl CheckingResolver {
    pub(super) fn new(
        policy: Arc<Policy>,
        test_hosts: Arc<TestHosts>,
        lookup: Arc<dyn Lookup>,
    ) -> Self {
        Self { policy, test_hosts, lookup }
    }
}

impl Resolve for CheckingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let mapped = self.test_hosts.address(name.as_str());
        let policy = Arc::clone(&self.policy);
        let lookup = Arc::clone(&self.lookup);
        Box::pin(async move {
            let addresses = match mapped {
                Some(address) => vec![address],
                None => look_up(name.as_str(), lookup.as_ref(), &policy).await?,
            };
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

async fn look_up(
    name: &str,
    lookup: &dyn Lookup,
    policy: &Policy,
) -> Result<Vec<SocketAddr>, OutboundRefusal> {
    let failed = || OutboundRefusal::new(code::CONNECTION_FAILED, "the name does not resolve");
    let found = lookup.addresses(name).await.map_err(|_| failed())?;
    for address in &found {
        policy.outbound.check_addr(*address)?;
    }
    // Port 0: the connector puts the URL's there.
    Ok(found.into_iter().map(|address| SocketAddr::new(address, 0)).collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// Always the same answer.
    struct Fixed(&'static [&'static str]);

    #[async_trait]
    impl Lookup for Fixed {
        async fn addresses(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
            Ok(self.0.iter().map(|address| address.parse().unwrap()).collect())
        }
    }

    async fn resolve(
        name: &str,
        test_hosts: &str,
        lookup: impl Lookup,
    ) -> Result<Vec<SocketAddr>, String> {
        let resolver = CheckingResolver::new(
            Arc::new(Policy::default()),
            Arc::new(test_hosts.parse().unwrap()),
            Arc::new(lookup),
        );
        let found = resolver.resolve(name.parse::<Name>().unwrap()).await;
        found.map(Iterator::collect).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_refused() {
        let refused = resolve("localhost", "", SystemLookup).await.unwrap_err();
        assert!(refused.starts_with("address_not_allowed: "), "{refused}");
    }

    #[tokio::test]
    async fn one_private_address_refuses_the_name() {
        let public = ["93.184.216.34", "2606:4700::1111"];
        let found = resolve("a.example", "", Fixed(&["93.184.216.34", "2606:4700::1111"])).await;
        assert_eq!(found, Ok(public.map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).to_vec()));
        for addresses in [
            &["93.184.216.34", "127.0.0.1"],
            &["10.0.0.1", "93.184.216.34"],
            &["2606:4700::1111", "::ffff:192.168.0.1"],
        ] {
            let refused = resolve("a.example", "", Fixed(addresses)).await.unwrap_err();
            assert!(refused.starts_with("address_not_allowed: "), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_test_host_leads_where_it_is_mapped() {
        let mapped = resolve("Peer.Test.", "peer.test=127.0.0.1:9", SystemLookup).await;
        assert_eq!(mapped, Ok(vec![([127, 0, 0, 1], 9).into()]));
    }
}
