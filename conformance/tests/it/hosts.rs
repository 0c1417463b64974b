//! Hosts that are none: small servers with one habit each.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// What a host makes of a request; `None` never answers.
pub(crate) type Habit =
    dyn Fn(&http::request::Parts, &Bytes) -> Option<Response<Full<Bytes>>> + Send + Sync;

/// A running host; dropping it closes its port and all its connections.
pub(crate) struct Host {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Host {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends the host as `kill` would.
    pub(crate) fn kill(&self) {
        self.task.abort();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts a host with this habit on a free port.
pub(crate) async fn start(
    habit: impl Fn(&http::request::Parts, &Bytes) -> Option<Response<Full<Bytes>>>
    + Send
    + Sync
    + 'static,
) -> Host {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let habit: Arc<Habit> = Arc::new(habit);
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let habit = Arc::clone(&habit);
            connections.spawn(async move {
                let service = service_fn(|request| answer(Arc::clone(&habit), request));
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    Host { address, task }
}

async fn answer(
    habit: Arc<Habit>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    match habit(&head, &body) {
        Some(response) => Ok(response),
        None => std::future::pending().await,
    }
}

/// A response with a status, a content type and a body.
#[expect(clippy::unnecessary_wraps, reason = "it is what a habit returns")]
pub(crate) fn reply(
    status: u16,
    content_type: &str,
    body: impl Into<Bytes>,
) -> Option<Response<Full<Bytes>>> {
    let response = Response::builder().status(status).header("content-type", content_type);
    Some(response.body(Full::new(body.into())).unwrap())
}

/// A URL nobody listens on.
pub(crate) async fn dead_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
