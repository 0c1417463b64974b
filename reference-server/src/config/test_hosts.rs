//! `PLUGINS_OUTBOUND_TEST_HOSTS`, read by the sandbox's own parser and shown as it was written.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Host names that tests lead to a server of their own.
#[derive(Debug, Clone, Default)]
pub struct TestHosts {
    text: String,
    parsed: sandbox::TestHosts,
}

impl TestHosts {
    /// The names and where they lead.
    pub fn get(&self) -> &sandbox::TestHosts {
        &self.parsed
    }
}

impl<'de> Deserialize<'de> for TestHosts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = text.parse().map_err(de::Error::custom)?;
        Ok(Self { text, parsed })
    }
}

impl Serialize for TestHosts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
