//! What does a call into a plugin cost beside the call itself?
//!
//! `raw` is wasmtime alone on the envelope's text; `raw, with envelope` also writes and reads the
//! JSON, which any host must; `plugin` is [`sandbox::Plugin::handle_request`] with pool, deadline
//! and limits. The last lines print the ratios of one run.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use std::hint::black_box;

use benches::{RawEcho, envelope, ratio, sandboxed_echo};
use contract::envelope::ResponseEnvelope;
use criterion::{Criterion, criterion_group, criterion_main};
use sandbox::RequestContext;

fn invoke(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let plugin = runtime.block_on(sandboxed_echo()).unwrap();
    let mut raw = RawEcho::new().unwrap();
    let encoded = envelope().encode();
    let context = RequestContext { envelope: envelope() };

    let mut group = criterion.benchmark_group("invoke");
    group.bench_function("raw", |bencher| {
        bencher.iter(|| raw.call(black_box(&encoded)).unwrap());
    });
    group.bench_function("raw, with envelope", |bencher| {
        bencher.iter(|| {
            let answer = raw.call(&black_box(&context).envelope.encode()).unwrap();
            ResponseEnvelope::decode(&answer).unwrap()
        });
    });
    group.bench_function("plugin", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { plugin.handle_request(black_box(&context).clone()).await.unwrap() });
    });
    group.finish();

    // Cargo says so to a bench that is to be measured; a listing or a trial run ends here.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mut call = || {
        let request = plugin.handle_request(black_box(&context).clone());
        drop(runtime.block_on(request).unwrap());
    };
    let to_raw = ratio(|| drop(raw.call(black_box(&encoded)).unwrap()), &mut call);
    let to_codec = ratio(
        || {
            let answer = raw.call(&black_box(&context).clone().envelope.encode()).unwrap();
            drop(ResponseEnvelope::decode(&answer).unwrap());
        },
        &mut call,
    );
    println!("invoke: {} byte envelope", encoded.len());
    println!("invoke: plugin / raw                = {to_raw:.2}");
    println!("invoke: plugin / raw, with envelope = {to_codec:.2}");
}

criterion_group!(benches, invoke);
criterion_main!(benches);
