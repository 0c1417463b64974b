//! Names that tests lead to a server of their own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::str::FromStr;

use policy::outbound::normal_host;

/// Host names for which plain http and private addresses are allowed, each with the address that
/// connections go to. Empty on a host that serves people.
///
/// Written `host=ip:port`, several separated by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestHosts {
    addresses: BTreeMap<String, SocketAddr>,
    names: Vec<String>,
}

/// An entry that is no `host=ip:port`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not of the form host=ip:port")]
pub struct InvalidTestHost(String);

impl TestHosts {
    /// The names, normalised.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Where a name leads, in whatever spelling; `None` for any other name.
    pub fn address(&self, name: &str) -> Option<SocketAddr> {
        if self.addresses.is_empty() {
            return None;
        }
        self.addresses.get(&normal_host(name)?).copied()
    }
}

impl FromStr for TestHosts {
    type Err = InvalidTestHost;

    fn from_str(text: &str) -> Result<Self, InvalidTestHost> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let addresses = entries
            .map(|entry| {
                let invalid = || InvalidTestHost(entry.to_owned());
                let (name, address) = entry.split_once('=').ok_or_else(invalid)?;
                let name = normal_host(name).ok_or_else(invalid)?;
                Ok((name, address.trim().parse().map_err(|_| invalid())?))
            })
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        let names = addresses.keys().cloned().collect();
        Ok(Self { addresses, names })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn entries_are_names_with_socket_addresses() {
        let hosts: TestHosts = " A.Test=127.0.0.1:80, b.test.=[::1]:81,".parse().unwrap();
        assert_eq!(hosts.names(), ["a.test", "b.test"]);
        assert_eq!(hosts.address("a.TEST."), Some(([127, 0, 0, 1], 80).into()));
        assert_eq!(hosts.address("c.test"), None);

        for wrong in ["a.test", "a.test=localhost:80", "a.test=127.0.0.1", "=127.0.0.1:80"] {
            assert!(wrong.parse::<TestHosts>().is_err(), "{wrong}");
        }
    }
}
