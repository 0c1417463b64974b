//! Connections: plain TCP, or TLS with the certificates the machine trusts.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::TransportError;
use crate::errors::chain;

/// Connects to one host.
pub(super) struct Connector {
    authority: String,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("authority", &self.authority).finish_non_exhaustive()
    }
}

impl Connector {
    pub(super) fn new(base: &Url) -> Result<Self, TransportError> {
        let malformed = |message: String| TransportError::Malformed(message);
        let host = base.host_str().ok_or_else(|| malformed(format!("{base} names no host")))?;
        let port = base
            .port_or_known_default()
            .ok_or_else(|| malformed(format!("{base} names no port")))?;
        let tls = match base.scheme() {
            "http" => None,
            "https" => Some(tls(host).map_err(malformed)?),
            other => return Err(malformed(format!("the scheme `{other}` is not http or https"))),
        };
        let authority = match base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        // `host_str` keeps the brackets of an IPv6 address, which a connection does not want.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { authority, host, port, tls })
    }

    pub(super) fn authority(&self) -> &str {
        &self.authority
    }

    /// Opens a connection, sends the request, and returns the response's head as soon as it is there.
    pub(super) async fn send(
        &self,
        request: http::Request<Full<Bytes>>,
    ) -> Result<http::Response<Incoming>, TransportError> {
        let fail = |e: std::io::Error| TransportError::Connect {
            authority: self.authority.clone(),
            message: e.to_string(),
        };
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(fail)?;
        // A request is written in one go; waiting for more would only delay it.
        stream.set_nodelay(true).map_err(fail)?;
        match &self.tls {
            None => speak(stream, request).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await.map_err(fail)?;
                speak(stream, request).await
            }
        }
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: http::Request<Full<Bytes>>,
) -> Result<http::Response<Incoming>, TransportError> {
    let broken = |e: hyper::Error| TransportError::Broken(chain(&e));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // The connection is driven until the response's body has been read or dropped.
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(broken)
}

fn tls(host: &str) -> Result<(TlsConnector, ServerName<'static>), String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    // Installed once per process; a second client finds it there.
    let _ = rustls::crypto::CryptoProvider::install_default((*provider).clone());
    let config = rustls::ClientConfig::with_platform_verifier().map_err(|e| e.to_string())?;
    let name = ServerName::try_from(host.to_owned()).map_err(|e| e.to_string())?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}
