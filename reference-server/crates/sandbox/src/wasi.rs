//! WASI preview 1 for guests whose compilers need it (decision A3): clocks that run, randomness that
//! nobody can predict, and nothing of the host's surroundings.
//!
//! No files, no sockets, no arguments, no environment, an empty standard input. What a guest writes
//! to standard output and error becomes lines of its log.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use contract::abi::WASI_MODULE;
use sync_wrapper::SyncWrapper;
use tokio::io::AsyncWrite;
use wasmtime::{Engine, FuncType, Linker, Store};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::guest_log::{GuestLog, Stream};
use crate::state::HostState;
use crate::surroundings::{self, FixedClock};

/// What a guest may write to a stream in one go.
const WRITE_BYTES: usize = 64 * 1024;

/// Links all of it for every plugin; only a guest that calls it gets a context.
pub(crate) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    p1::add_to_linker_async(linker, |state: &mut HostState| {
        let HostState { log, clock, tenant, wasi, .. } = state;
        let seed = tenant.host.watch.as_ref().map(|watch| watch.surroundings.seed);
        let fixed = clock.as_ref().zip(seed);
        wasi.get_or_insert_with(|| Box::new(SyncWrapper::new(context(log, fixed)))).get_mut()
    })
}

/// The functions and their types, for the check of a module's imports.
#[derive(Debug)]
pub(crate) struct Signatures(HashMap<String, FuncType>);

impl Signatures {
    pub(crate) fn of(engine: &Engine) -> wasmtime::Result<Self> {
        let mut linker: Linker<WasiP1Ctx> = Linker::new(engine);
        p1::add_to_linker_async(&mut linker, |context| context)?;
        let mut store = Store::new(engine, WasiCtxBuilder::new().build_p1());
        let functions: Vec<_> = linker
            .iter(&mut store)
            .filter(|(module, ..)| *module == WASI_MODULE)
            .filter_map(|(_, name, item)| Some((name.to_owned(), item.into_func()?)))
            .collect();
        Ok(Self(functions.into_iter().map(|(name, it)| (name, it.ty(&store))).collect()))
    }

    /// The type of a function, when there is one of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&FuncType> {
        self.0.get(name)
    }
}

/// `fixed` is a watched guest's clock and the seed of its randomness.
fn context(log: &Arc<GuestLog>, fixed: Option<(&FixedClock, u64)>) -> WasiP1Ctx {
    let stream = |stream| LogStream { log: Arc::clone(log), stream };
    let mut builder = WasiCtxBuilder::new();
    builder
        .stdout(stream(Stream::Stdout))
        .stderr(stream(Stream::Stderr))
        .allow_tcp(false)
        .allow_udp(false);
    if let Some((clock, seed)) = fixed {
        surroundings::arrange(&mut builder, clock, seed);
    }
    builder.build_p1()
}

/// A standard stream that ends in the log.
#[derive(Clone)]
struct LogStream {
    log: Arc<GuestLog>,
    stream: Stream,
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    // The default would start a task per stream.
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.log.stream(self.stream, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl AsyncWrite for LogStream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.log.stream(self.stream, bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
