//! A small HTTP server: one task per connection, all of them ended with the server.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// A response's body; an error in it breaks the connection, which is sometimes the point.
pub(super) type Body = BoxBody<Bytes, io::Error>;

/// What a request gets: a response, or a connection that is closed without one.
pub(super) type Reply = Result<Response<Body>, Hangup>;

/// The connection is closed without a response.
#[derive(Debug, thiserror::Error)]
#[error("closed on purpose")]
pub(super) struct Hangup;

/// A running server; dropping it ends it and all its connections.
#[derive(Debug)]
pub(super) struct Server {
    task: JoinHandle<()>,
    address: SocketAddr,
}

impl Server {
    /// The address it listens on.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Listens on `address`, with TLS or without, and answers every request by `handler`.
pub(super) async fn serve<H, F>(
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    handler: H,
) -> io::Result<Server>
where
    H: Fn(Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    let handler = Arc::new(handler);
    listen(address, move |stream| {
        let (handler, tls) = (Arc::clone(&handler), tls.clone());
        async move {
            match tls {
                None => answer(stream, handler).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        answer(stream, handler).await;
                    }
                }
            }
        }
    })
    .await
}

/// One connection. How it ends is the host's business.
async fn answer<H, F>(stream: impl AsyncRead + AsyncWrite + Unpin, handler: Arc<H>)
where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Reply>,
{
    let service = service_fn(move |request| handler(request));
    let connection = hyper::server::conn::http1::Builder::new();
    let _ = connection.serve_connection(TokioIo::new(stream), service).await;
}

/// Listens on `address` and attends to every connection by `attend`.
pub(super) async fn listen<A, F>(address: SocketAddr, attend: A) -> io::Result<Server>
where
    A: Fn(TcpStream) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        // An error of `accept` concerns the connection that was not made, not the server.
        loop {
            tokio::select! {
                Ok((stream, _)) = listener.accept() => {
                    connections.spawn(attend(stream));
                }
                Some(_) = connections.join_next() => {}
            }
        }
    });
    Ok(Server { task, address })
}

/// A body of known bytes.
pub(super) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never: Infallible| match never {}).boxed()
}

/// A body that breaks off after `bytes`.
pub(super) fn broken(bytes: Bytes) -> Body {
    let frames = [Ok(Frame::data(bytes)), Err(io::Error::other("broken off on purpose"))];
    BoxBody::new(StreamBody::new(futures_util::stream::iter(frames)))
}

/// A body that stops after `bytes` and never ends.
pub(super) fn stalled(bytes: Bytes) -> Body {
    let first = futures_util::stream::iter([Ok(Frame::data(bytes))]);
    BoxBody::new(StreamBody::new(first.chain(futures_util::stream::pending())))
}

/// A body in pieces, whose length nobody knows before its end.
pub(super) fn pieces(pieces: impl Iterator<Item = Bytes> + Send + Sync + 'static) -> Body {
    let frames = pieces.map(|piece| Ok(Frame::data(piece)));
    BoxBody::new(StreamBody::new(futures_util::stream::iter(frames)))
}

/// A response with a status, a content type and a body.
pub(super) fn response(status: u16, content_type: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(value) = content_type.parse() {
        response.headers_mut().insert(http::header::CONTENT_TYPE, value);
    }
    response
}
