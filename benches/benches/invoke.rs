//! What does a call into a plugin cost beside the call itself?
//!
//! `raw` is wasmtime alone on the envelope's text; `raw, with envelope` also writes and reads the
//! JSON, which any host must; `plugin` is [`sandbox::Plugin::handle_request`] with pool, deadline
//! and limits.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use std::hint::black_box;

use benches::{ECHO, Question, RawEcho, envelope, prompt, runtime};
use contract::envelope::ResponseEnvelope;
use criterion::Criterion;
use sandbox::{RequestContext, SandboxConfig};

fn invoke(criterion: &mut Criterion) {
    let runtime = runtime();
    let sandbox = prompt::sandbox(SandboxConfig::default()).unwrap();
    let plugin = runtime.block_on(prompt::load(&sandbox, "com.example.echo", ECHO)).unwrap();
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

    let mut question = Question::new("invoke");
    let mut call = || {
        let request = plugin.handle_request(black_box(&context).clone());
        drop(runtime.block_on(request).unwrap());
    };
    question.ask(
        "call into a plugin / raw call of wasmtime",
        || drop(raw.call(black_box(&encoded)).unwrap()),
        &mut call,
    );
    question.ask_within(
        3.0,
        "call into a plugin / raw call with the envelope's JSON",
        || {
            let answer = raw.call(&black_box(&context).clone().envelope.encode()).unwrap();
            drop(ResponseEnvelope::decode(&answer).unwrap());
        },
        &mut call,
    );
    question.answered().unwrap();
}

benches::bench!(invoke);
