//! What does the guard's verdict on a statement cost, remembered and not?
//!
//! Asked as a plugin has it asked, through `db_query`, with a service that answers at once; the
//! baseline is the same host call to a function without a guard. `judged` is the policy alone.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use std::hint::black_box;

use benches::host_calls::{Argument, Call, STATEMENT_KNOWN, STATEMENT_NEW, guest};
use benches::{Question, envelope, prompt, runtime};
use criterion::Criterion;
use policy::Policy;
use policy::sql::SqlCall;
use sandbox::{Plugin, RequestContext, SandboxConfig};

/// What a plugin asks for in the same way, and nobody judges.
const UNGUARDED: Call = ("cache_get", &[Argument::Text("a key"), Argument::Out]);

fn sql_verdict(criterion: &mut Criterion) {
    let runtime = runtime();
    let sandbox = prompt::sandbox(SandboxConfig::default()).unwrap();
    let load = |call| {
        let text = guest(call);
        runtime.block_on(prompt::load(&sandbox, "com.example.caller", &text)).unwrap()
    };
    let [known, new, unguarded] = [STATEMENT_KNOWN, STATEMENT_NEW, UNGUARDED].map(load);
    let context = RequestContext { envelope: envelope() };
    let request = |plugin: &Plugin| {
        drop(runtime.block_on(plugin.handle_request(black_box(&context).clone())).unwrap());
    };
    let policy = Policy::default();
    let Argument::Text(sql) = STATEMENT_KNOWN.1[0] else { unreachable!("the statement") };
    let judge = || policy.sql.admit(SqlCall::Query, black_box(sql), &policy.limits).unwrap();

    let mut group = criterion.benchmark_group("sql_verdict");
    group.bench_function("judged", |bencher| bencher.iter(judge));
    group.bench_function("100 calls, remembered", |bencher| bencher.iter(|| request(&known)));
    group.bench_function("100 calls, judged", |bencher| bencher.iter(|| request(&new)));
    group.finish();

    let mut question = Question::new("sql_verdict");
    question.ask(
        "host call with a remembered verdict / without a guard",
        || request(&unguarded),
        || request(&known),
    );
    question.ask(
        "host call with a new verdict / with a remembered one",
        || request(&known),
        || request(&new),
    );
    question.answered().unwrap();
}

benches::bench!(sql_verdict);
