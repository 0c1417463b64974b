//! What does one call of a host function cost, by family?
//!
//! The services behind them answer at once: what is measured is the way out of the guest and back,
//! with arguments read, policy asked, and results placed in the guest. The baseline is a host function
//! of wasmtime's that reads a text and returns.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use std::hint::black_box;

use benches::host_calls::{CALLS, FAMILIES, guest};
use benches::{Question, prompt, runtime};
use criterion::Criterion;
use sandbox::{Plugin, RequestContext, SandboxConfig};
use wasmtime::{Caller, Engine, Extern, Instance, Linker, Module, Store};

/// The least that a host function with an argument could do.
fn raw() -> impl FnMut() {
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(guest(("log", FAMILIES[0].1))).unwrap());
    let mut linker: Linker<usize> = Linker::new(&engine);
    let log = |mut caller: Caller<'_, usize>, _level: i32, at: i64, length: i64| {
        let Some(Extern::Memory(memory)) = caller.get_export("memory") else { return };
        let text = usize::try_from(at).unwrap()..usize::try_from(at + length).unwrap();
        let text = String::from_utf8(memory.data(&caller)[text].to_vec()).unwrap();
        *caller.data_mut() += text.len();
    };
    linker.func_wrap("paca", "log", log).unwrap();
    let mut store = Store::new(&engine, 0);
    let instance: Instance = linker.instantiate(&mut store, &module.unwrap()).unwrap();
    let handle = instance.get_typed_func::<(i32, i32), i64>(&mut store, "HandleRequest").unwrap();
    move || {
        black_box(handle.call(&mut store, (0, 0)).unwrap());
    }
}

fn host_call(criterion: &mut Criterion) {
    let runtime = runtime();
    let sandbox = prompt::sandbox(SandboxConfig::default()).unwrap();
    let context = RequestContext {
        envelope: contract::envelope::RequestEnvelope {
            project_id: "7c1f2c7e-3f5c-4c0e-9f7e-1d2b3c4d5e6f".to_owned(),
            ..benches::envelope()
        },
    };
    let load = |family| {
        let text = guest(family);
        runtime.block_on(prompt::load(&sandbox, "com.example.caller", &text)).unwrap()
    };
    let plugins: Vec<(&str, Plugin)> =
        FAMILIES.iter().map(|family| (family.0, load(*family))).collect();
    let request = |plugin: &Plugin| {
        let answer = runtime.block_on(plugin.handle_request(black_box(&context).clone())).unwrap();
        assert_eq!(answer.status, 204);
    };

    let mut group = criterion.benchmark_group("host_call");
    group.throughput(criterion::Throughput::Elements(CALLS.into()));
    for (name, plugin) in &plugins {
        group.bench_function(*name, |bencher| bencher.iter(|| request(plugin)));
    }
    group.finish();

    let mut question = Question::new("host_call");
    let mut raw = raw();
    for (name, plugin) in &plugins {
        let what = format!("{CALLS} calls of {name} / {CALLS} raw host calls");
        question.ask(&what, &mut raw, || request(plugin));
    }
    question.answered().unwrap();
}

benches::bench!(host_call);
