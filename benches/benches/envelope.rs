//! What does it cost to write a request's envelope, and to read an answer's?
//!
//! The baseline is `serde_json` on the same text without its meaning: a `Value`, written and read.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use std::hint::black_box;

use benches::{Question, envelope};
use contract::envelope::ResponseEnvelope;
use criterion::{BenchmarkId, Criterion, Throughput};
use serde_json::Value;

/// Bodies: what a form sends, and what an upload does.
const BODIES: [usize; 3] = [42, 4 * 1024, 256 * 1024];

fn codec(criterion: &mut Criterion) {
    let mut question = Question::new("envelope");
    let mut group = criterion.benchmark_group("envelope");
    for bytes in BODIES {
        let mut request = envelope();
        request.body = vec![b'x'; bytes];
        // An envelope of a request reads as that of an answer with the same headers and body.
        let text = request.encode();
        let value: Value = serde_json::from_slice(&text).unwrap();
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("encode", bytes), |bencher| {
            bencher.iter(|| black_box(&request).encode());
        });
        group.bench_function(BenchmarkId::new("decode", bytes), |bencher| {
            bencher.iter(|| ResponseEnvelope::decode(black_box(&text)).unwrap());
        });
        question
            .ask(
                &format!("write an envelope, body of {bytes} bytes / a JSON value"),
                || drop(serde_json::to_vec(black_box(&value)).unwrap()),
                || drop(black_box(&request).encode()),
            )
            .at("write a request's", "bytes of body", bytes);
        question
            .ask(
                &format!("read an answer, body of {bytes} bytes / a JSON value"),
                || drop(serde_json::from_slice::<Value>(black_box(&text)).unwrap()),
                || drop(ResponseEnvelope::decode(black_box(&text)).unwrap()),
            )
            .at("read an answer's", "bytes of body", bytes);
    }
    group.finish();
    question.answered().unwrap();
}

benches::bench!(codec);
