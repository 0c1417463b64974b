//! `[outbound]`: the other end of a plugin's `fetch`.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// `[outbound]`. The host connects all its names to the address, whatever port a URL has, with http
/// allowed beside https.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundServer {
    /// Address the suite listens on, for http and TLS alike.
    pub listen: SocketAddr,
    /// File of the suite's certificate authority, which the host trusts for plugins' requests. Made
    /// if it is not there; relative to the target file.
    pub ca_file: PathBuf,
    /// A name with a right certificate.
    pub allowed_host: String,
    /// Another such name.
    pub other_host: String,
    /// A name whose certificate is by an authority that nobody trusts.
    pub untrusted_host: String,
    /// A name whose certificate has expired.
    pub expired_host: String,
    /// A name for which the certificate of another is shown.
    pub misnamed_host: String,
}

impl OutboundServer {
    /// All its names.
    pub fn hosts(&self) -> [&str; 5] {
        [
            &self.allowed_host,
            &self.other_host,
            &self.untrusted_host,
            &self.expired_host,
            &self.misnamed_host,
        ]
    }
}
