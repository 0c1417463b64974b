//! Certificate authorities beside the system's.

use reqwest::Certificate;

/// Authorities that an HTTP client trusts in addition: for a private network, or for tests.
#[derive(Clone, Debug, Default)]
pub struct TrustRoots(Vec<Certificate>);

/// Text that holds no certificates.
#[derive(Debug, thiserror::Error)]
pub enum InvalidTrustRoots {
    /// It cannot be read as PEM.
    #[error("the text is not PEM")]
    Malformed(#[source] reqwest::Error),
    /// It is PEM without a certificate in it.
    #[error("there is no certificate in the text")]
    Empty,
}

impl TrustRoots {
    /// Reads certificates in PEM; other blocks between them are passed over.
    pub fn from_pem(pem: &[u8]) -> Result<Self, InvalidTrustRoots> {
        let found = Certificate::from_pem_bundle(pem).map_err(InvalidTrustRoots::Malformed)?;
        if found.is_empty() { Err(InvalidTrustRoots::Empty) } else { Ok(Self(found)) }
    }

    /// The certificates, for an HTTP client.
    pub fn certificates(&self) -> Vec<Certificate> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_certificates_is_refused() {
        assert!(matches!(TrustRoots::from_pem(b""), Err(InvalidTrustRoots::Empty)));
        assert!(matches!(TrustRoots::from_pem(b"hello"), Err(InvalidTrustRoots::Empty)));
        let broken = b"-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n";
        assert!(matches!(TrustRoots::from_pem(broken), Err(InvalidTrustRoots::Malformed(_))));
    }
}
