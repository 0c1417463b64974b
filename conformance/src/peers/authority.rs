//! The suite's own certificate authority, and the certificates its servers show.
//!
//! A host trusts an authority when it starts, which is before the suite does: so the authority is a
//! file, made once and read from then on. It vouches for the suite's names only, by a constraint
//! that TLS clients enforce; whoever got hold of its key could impersonate nobody else.

mod file;

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, GeneralSubtree,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use time::{Duration, OffsetDateTime};

use self::file::Access;
use crate::target::OutboundServer;

/// For as long as anybody keeps a target file.
const AUTHORITY_LIFETIME: Duration = Duration::days(3650);
/// Made anew for every run.
const CERTIFICATE_LIFETIME: Duration = Duration::days(30);
/// Clocks of host and suite may differ.
const MARGIN: Duration = Duration::days(1);

/// A certificate authority.
pub struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
    path: PathBuf,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The authority or its certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file of it.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate or key cannot be made or read.
    #[error("cannot make certificates by {path}")]
    Certificate {
        /// The authority's file.
        path: PathBuf,
        /// Why.
        source: rcgen::Error,
    },
    /// What is in the file does not vouch for the target's names.
    #[error("{path} does not vouch for {host}: remove it and have it made anew")]
    Mismatch {
        /// The authority's file.
        path: PathBuf,
        /// The name.
        host: String,
    },
    /// What is in the file is no certificate.
    #[error("{path} holds no certificate")]
    Unreadable {
        /// The authority's file.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
}

impl Authority {
    /// The authority in the file at `path`, whose key is beside it; made if there is none. The
    /// second value says whether it was.
    pub fn at(path: &Path, hosts: &[&str]) -> Result<(Self, bool), AuthorityError> {
        let file = |path: &Path| {
            let path = path.to_owned();
            move |source| AuthorityError::File { path, source }
        };
        let unmade = certificate_error(path);
        let key_path = path.with_extension("key");
        // Somebody else may be making it: what is there first stays.
        let make_key = || KeyPair::generate().map(|key| key.serialize_pem());
        let (key, _) = file::read_or_create(&key_path, Access::Owner, make_key)
            .map_err(file(&key_path))?
            .map_err(&unmade)?;
        let key = KeyPair::from_pem(&key).map_err(&unmade)?;
        let params = authority_params(hosts);
        let (certificate, made) =
            file::read_or_create(path, Access::All, || params.self_signed(&key).map(|it| it.pem()))
                .map_err(file(path))?
                .map_err(&unmade)?;
        let issuer = Issuer::new(params, key);
        Ok((Self { certificate, issuer, path: path.to_owned() }, made))
    }

    /// The authority's certificate, as PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// The same as the bytes in it, if it vouches for all these names: a file that was there already may
    /// have been made for others.
    pub fn der_vouching_for(&self, hosts: &[&str]) -> Result<Vec<u8>, AuthorityError> {
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes());
        let certificate = certificate.map_err(|source| self.unreadable(source))?;
        for host in hosts {
            let shown = self.certify(&[host], OffsetDateTime::now_utc())?;
            self.vouches_for(&shown, host)?;
        }
        Ok(certificate.to_vec())
    }

    fn unreadable(&self, source: rustls::pki_types::pem::Error) -> AuthorityError {
        AuthorityError::Unreadable { path: self.path.clone(), source }
    }

    /// TLS with a certificate for one name or address.
    pub(super) fn server_config_for(
        &self,
        host: &str,
    ) -> Result<Arc<rustls::ServerConfig>, AuthorityError> {
        let certificate = self.certify(&[host], OffsetDateTime::now_utc())?;
        self.vouches_for(&certificate, host)?;
        server_config(Certificates { by_name: BTreeMap::new(), otherwise: certificate })
    }

    /// TLS with a certificate per name: right ones, and one of each kind that a host must refuse.
    pub(super) fn server_config(
        &self,
        target: &OutboundServer,
    ) -> Result<Arc<rustls::ServerConfig>, AuthorityError> {
        let good = [target.allowed_host.as_str(), &target.other_host];
        let now = OffsetDateTime::now_utc();
        let long_ago = now - Duration::days(400);
        let stranger = self.stranger(&target.untrusted_host)?;
        let by_name = [
            // For another name than the one it is shown for.
            (&target.misnamed_host, self.certify(&[&target.allowed_host], now)?),
            (&target.expired_host, self.certify(&[&target.expired_host], long_ago)?),
            (&target.untrusted_host, stranger.certify(&[&target.untrusted_host], now)?),
        ];
        let otherwise = self.certify(&good, now)?;
        for host in good {
            self.vouches_for(&otherwise, host)?;
        }
        let by_name =
            by_name.into_iter().map(|(name, key)| (name.to_ascii_lowercase(), key)).collect();
        server_config(Certificates { by_name, otherwise })
    }

    /// Another authority of the same name, which nobody has a reason to trust.
    fn stranger(&self, host: &str) -> Result<Self, AuthorityError> {
        let key = KeyPair::generate().map_err(certificate_error(&self.path))?;
        let issuer = Issuer::new(authority_params(&[host]), key);
        Ok(Self { certificate: String::new(), issuer, path: self.path.clone() })
    }

    /// A certificate for these names, valid from a day before `from`.
    fn certify(
        &self,
        names: &[&str],
        from: OffsetDateTime,
    ) -> Result<Arc<CertifiedKey>, AuthorityError> {
        let unmade = certificate_error(&self.path);
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).map_err(&unmade)?;
        params.not_before = from - MARGIN;
        params.not_after = from + CERTIFICATE_LIFETIME;
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(&unmade)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(&unmade)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let key = ring::sign::any_supported_type(&key)?;
        Ok(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], key)))
    }

    /// Whether a client that trusts the file accepts the certificate: the names of a target file may
    /// have changed since the authority was made.
    fn vouches_for(&self, shown: &CertifiedKey, host: &str) -> Result<(), AuthorityError> {
        let mismatch =
            || AuthorityError::Mismatch { path: self.path.clone(), host: host.to_owned() };
        let mut roots = rustls::RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(self.certificate.as_bytes()) {
            roots.add(root.map_err(|source| self.unreadable(source))?)?;
        }
        let provider = Arc::new(ring::default_provider());
        let verifier =
            rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|_| mismatch())?;
        let name = ServerName::try_from(host).map_err(|_| mismatch())?;
        let [certificate] = shown.cert.as_slice() else { return Err(mismatch()) };
        rustls::client::danger::ServerCertVerifier::verify_server_cert(
            verifier.as_ref(),
            certificate,
            &[],
            &name,
            &[],
            UnixTime::now(),
        )
        .map(drop)
        .map_err(|_| mismatch())
    }
}

fn server_config(certificates: Certificates) -> Result<Arc<rustls::ServerConfig>, AuthorityError> {
    let provider = Arc::new(ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates));
    Ok(Arc::new(config))
}

fn certificate_error(path: &Path) -> impl Fn(rcgen::Error) -> AuthorityError + use<> {
    let path = path.to_owned();
    move |source| AuthorityError::Certificate { path: path.clone(), source }
}

fn authority_params(hosts: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Hostproof test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(constraints(hosts));
    let now = OffsetDateTime::now_utc();
    params.not_before = now - MARGIN;
    params.not_after = now + AUTHORITY_LIFETIME;
    params
}

/// These names and addresses, and no other. A constraint binds only the kind of names it mentions, so a
/// kind of which nothing is permitted is excluded as a whole.
fn constraints(hosts: &[&str]) -> NameConstraints {
    let (mut addresses, mut names) = (Vec::new(), Vec::new());
    for host in hosts {
        match host.parse::<IpAddr>() {
            Ok(address) if address.is_ipv4() => addresses.push(network(address, 32)),
            Ok(address) => addresses.push(network(address, 128)),
            Err(_) => names.push(GeneralSubtree::DnsName((*host).to_owned())),
        }
    }
    let mut excluded_subtrees = Vec::new();
    if addresses.is_empty() {
        let all = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
        excluded_subtrees.extend(all.map(|address| network(address, 0)));
    }
    if names.is_empty() {
        excluded_subtrees.push(GeneralSubtree::DnsName(String::new()));
    }
    NameConstraints { permitted_subtrees: [addresses, names].concat(), excluded_subtrees }
}

fn network(address: IpAddr, bits: u8) -> GeneralSubtree {
    GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, bits))
}

/// The certificate for the name a client asked for.
#[derive(Debug)]
struct Certificates {
    by_name: BTreeMap<String, Arc<CertifiedKey>>,
    otherwise: Arc<CertifiedKey>,
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name().and_then(|name| self.by_name.get(name));
        Some(Arc::clone(asked.unwrap_or(&self.otherwise)))
    }
}
