//! `wasi-http`: serves a `wasi:http` component on loopback, an instance for every request, as the
//! documentation of wasmtime's library does it, with wasmtime's pooling allocator.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::{Request, Response};
use tokio::net::TcpListener;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::error::Context as _;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// The epoch moves on so often; a guest may run for 500 of them.
const TICK: Duration = Duration::from_millis(10);
const TICKS: u64 = 500;

/// Serve a `wasi:http` component.
#[derive(Debug, Parser)]
struct Args {
    /// Its core module, with the types of its world inside.
    module: PathBuf,
    /// A file to write the base URL to, once it serves.
    #[arg(long)]
    ready_file: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let module = fs::read(&args.module)?;
    let component = wit_component::ComponentEncoder::default()
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| wasmtime::format_err!("no component: {error:#}"))?;
    let mut config = Config::new();
    config.epoch_interruption(true);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(
        PoolingAllocationConfig::default(),
    ));
    let engine = Engine::new(&config)?;
    let ticking = engine.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(TICK);
            ticking.increment_epoch();
        }
    });
    let component = Component::from_binary(&engine, &component)?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    let proxy = Arc::new(ProxyPre::new(linker.instantiate_pre(&component)?)?);

    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let partial = args.ready_file.with_extension("tmp");
    fs::write(&partial, format!("http://{}", listener.local_addr()?))?;
    fs::rename(&partial, &args.ready_file)?;
    loop {
        let (client, _) = listener.accept().await?;
        client.set_nodelay(true)?;
        let proxy = Arc::clone(&proxy);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| {
                let proxy = Arc::clone(&proxy);
                async move { handle(&proxy, request).await }
            });
            // A client that goes away is no news.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(client), service).await;
        });
    }
}

async fn handle(
    proxy: &ProxyPre<State>,
    request: Request<Incoming>,
) -> Result<Response<HyperOutgoingBody>> {
    let state = State {
        wasi: WasiCtx::builder().build(),
        http: WasiHttpCtx::new(),
        table: ResourceTable::new(),
    };
    let mut store = Store::new(proxy.engine(), state);
    store.set_epoch_deadline(TICKS);
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let request = store.data_mut().http().new_incoming_request(Scheme::Http, request)?;
    let answer = store.data_mut().http().new_response_outparam(sender)?;
    let proxy = proxy.clone();
    tokio::spawn(async move {
        let instance = proxy.instantiate_async(&mut store).await?;
        instance.wasi_http_incoming_handler().call_handle(store, request, answer).await
    });
    Ok(receiver.await.context("the guest set no answer")??)
}

struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: Default::default(),
        }
    }
}
