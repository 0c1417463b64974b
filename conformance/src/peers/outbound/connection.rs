//! One connection: requests are read by `hyper`, so that each leaves a receipt; a scripted answer
//! then gets the bare connection.

use std::sync::{Arc, Mutex};

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};

use super::{Books, Script, behaviour, lock};
use crate::peers::serve::{Hangup, Reply};

/// Answers until the connection ends.
pub(super) async fn attend(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    books: Arc<Books>,
) {
    let chosen = Arc::new(Mutex::new(Chosen::Nothing));
    let shared = Arc::clone(&chosen);
    let service = service_fn(move |request| {
        Box::pin(answer(Arc::clone(&books), request, Arc::clone(&shared)))
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let served = std::future::poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    let mut stream = connection.into_parts().io.into_inner();
    let chosen = std::mem::replace(&mut *lock(&chosen), Chosen::Nothing);
    match chosen {
        Chosen::Script(script) => script.play(stream).await,
        // An answer that broke off is left as it is; an orderly end would hide it.
        Chosen::Nothing if served.is_ok() => drop(stream.shutdown().await),
        Chosen::Nothing => {}
    }
}

/// What a request leaves behind for the time after `hyper`.
enum Chosen {
    Nothing,
    Script(Script),
}

async fn answer(
    books: Arc<Books>,
    request: Request<Incoming>,
    chosen: Arc<Mutex<Chosen>>,
) -> Reply {
    let (request, query) = books.receive(request).await?;
    if request.path.split('?').next() != Some("/scripted") {
        return behaviour::answer(&request, &query).await;
    }
    let script = query.get("token").and_then(|token| lock(&books.scripts).get(token).cloned());
    if let Some(script) = script {
        *lock(&chosen) = Chosen::Script(script);
    }
    // `hyper` answers nothing and lets go of the connection.
    Err(Hangup)
}
