//! The client against a server that answers byte for byte what a test wants, over TLS.
#![expect(clippy::unwrap_used, reason = "tests")]

mod exchanges;
mod rebinding;
mod tls;

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What the server sends for a path, and whether it then ends the connection in order.
type Script = fn(path: &str) -> (Vec<u8>, bool);

/// A server, and the authority that vouches for it.
struct Peer {
    port: u16,
    authority: String,
    /// Heads of the requests that came.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    /// A server for `peer.example` by a certificate that is all right.
    async fn start(script: Script) -> Self {
        Self::with_certificate(script, CertificateParams::new(["peer.example".into()]).unwrap())
            .await
    }

    async fn with_certificate(script: Script, certificate: CertificateParams) -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
        let issuer = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().unwrap();
        let chain = vec![certificate.signed_by(&key, &issuer).unwrap().der().clone()];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let heads = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, heads) = (acceptor.clone(), Arc::clone(&heads));
                // A client that goes away is some test's point.
                tokio::spawn(async move { serve(&acceptor, stream, script, &heads).await });
            }
        });
        Self { port, authority: authority_pem, seen }
    }

    fn url(&self, path: &str) -> String {
        format!("https://peer.example:{}{path}", self.port)
    }

    /// A client that trusts the server's authority and finds it under its name.
    fn client(&self) -> HttpOutbound {
        self.client_by(HomeIsPublic, Policy { outbound: home_is_public(), ..Policy::default() })
    }

    fn client_by(&self, lookup: impl Lookup, policy: Policy) -> HttpOutbound {
        let config = HttpOutboundConfig {
            trust_roots: TrustRoots::from_pem(self.authority.as_bytes()).unwrap(),
            ..HttpOutboundConfig::default()
        };
        HttpOutbound::with_lookup(Arc::new(policy), config, Arc::new(lookup)).unwrap()
    }

    fn paths(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect()
    }
}

async fn serve(
    acceptor: &tokio_rustls::TlsAcceptor,
    stream: TcpStream,
    script: Script,
    heads: &Mutex<Vec<String>>,
) -> io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let (bytes, in_order) = script(head.split(' ').nth(1).unwrap_or_default());
    heads.lock().unwrap().push(head);
    stream.write_all(&bytes).await?;
    stream.flush().await?;
    if in_order { stream.shutdown().await } else { Ok(()) }
}

/// Every name leads to this machine.
struct HomeIsPublic;

#[async_trait]
impl Lookup for HomeIsPublic {
    async fn addresses(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }
}

/// Rules by which this machine is a public host, and everything else as it is.
fn home_is_public() -> policy::OutboundPolicy {
    policy::OutboundPolicy {
        addr: |address| {
            if address == IpAddr::from(Ipv4Addr::LOCALHOST) {
                return Ok(());
            }
            policy::OutboundPolicy::default().check_addr(address)
        },
        ..policy::OutboundPolicy::default()
    }
}

fn call(url: &str) -> OutboundCall {
    OutboundCall {
        plugin: "com.example.guest".parse().unwrap(),
        allowed_domains: vec!["*".to_owned()],
        url: url.parse().unwrap(),
        method: "GET".to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        deadline: Instant::now() + Duration::from_secs(5),
    }
}

/// The code of a refusal that must come.
async fn refused(client: &HttpOutbound, url: &str) -> &'static str {
    client.fetch(call(url)).await.unwrap_err().code
}

fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
