//! What does a whole request cost: routing, authentication, middlewares, spans, metrics, plugin?
//!
//! Through the host's router in this process, as a signed-in user, without sockets. The baseline is an
//! axum router that does the same JSON work and nothing else. How much of that is left over loopback,
//! `cargo xtask bench` measures between processes.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use benches::served::{ECHO_PLUGIN, SDK_PLUGIN, Served, ask, bare, browser};
use benches::{Question, runtime};
use criterion::Criterion;
use http::StatusCode;

fn http(criterion: &mut Criterion) {
    let runtime = runtime();
    let served = runtime.block_on(Served::start()).unwrap();
    let bare = bare();
    let through = |plugin: &str| format!("/api/v1/plugins/{plugin}/echo");
    let (echo, sdk) = (through(ECHO_PLUGIN), through(SDK_PLUGIN));
    let request = |router: &axum::Router, path: &str| {
        let request = browser(path, &served.authorization);
        let (status, body) = runtime.block_on(ask(router, request)).unwrap();
        assert_eq!((status, body.as_bytes()), (StatusCode::OK, &*benches::envelope().body));
    };

    let mut group = criterion.benchmark_group("http");
    let cases = [
        ("bare", &bare, "/echo"),
        ("echo", &served.router, &*echo),
        ("SDK", &served.router, &*sdk),
    ];
    for (name, router, path) in cases {
        group.bench_function(name, |bencher| bencher.iter(|| request(router, path)));
    }
    group.finish();

    let mut question = Question::new("http");
    question.ask(
        "request through a plugin / bare axum with the same JSON work",
        || request(&bare, "/echo"),
        || request(&served.router, &echo),
    );
    question.ask(
        "request through a plugin of the SDK / the same natively",
        || request(&bare, "/handled"),
        || request(&served.router, &sdk),
    );
    question.answered().unwrap();
}

benches::bench!(http);
