//! What does a fresh instance cost, and what does keeping instances save?
//!
//! The baseline is wasmtime with its pooling allocator: instantiate the echo guest, call it once, drop
//! it. `fresh` is a call into a plugin that keeps no instances, `kept` into one that does.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use std::hint::black_box;

use benches::{ECHO, Question, envelope, prompt, runtime};
use criterion::Criterion;
use sandbox::{RequestContext, SandboxConfig};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, Linker, Module, PoolingAllocationConfig, Store,
};

/// Instantiates the echo guest, calls it and drops it, with as little around it as there can be.
fn raw(pooled: bool) -> impl FnMut() {
    let mut config = Config::new();
    if pooled {
        let mut pool = PoolingAllocationConfig::default();
        pool.total_memories(16).total_core_instances(16).max_memory_size(64 * 1024 * 1024);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, wat::parse_str(ECHO).unwrap()).unwrap();
    let ready = Linker::new(&engine).instantiate_pre(&module).unwrap();
    let encoded = envelope().encode();
    let length = i32::try_from(encoded.len()).unwrap();
    move || {
        let mut store = Store::new(&engine, ());
        let instance = ready.instantiate(&mut store).unwrap();
        let malloc = instance.get_typed_func::<i32, i32>(&mut store, "paca_malloc").unwrap();
        let handle = instance.get_typed_func::<(i32, i32), i64>(&mut store, "HandleRequest");
        let at = malloc.call(&mut store, length).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        memory.write(&mut store, usize::try_from(at).unwrap(), &encoded).unwrap();
        black_box(handle.unwrap().call(&mut store, (at, length)).unwrap());
    }
}

fn instantiate(criterion: &mut Criterion) {
    let runtime = runtime();
    let plugin = |max_idle_instances| {
        let config = SandboxConfig { max_idle_instances, ..SandboxConfig::default() };
        let sandbox = prompt::sandbox(config).unwrap();
        runtime.block_on(prompt::load(&sandbox, "com.example.echo", ECHO)).unwrap()
    };
    let (fresh, kept) = (plugin(0), plugin(4));
    let context = RequestContext { envelope: envelope() };
    let call = |plugin: &sandbox::Plugin| {
        drop(runtime.block_on(plugin.handle_request(black_box(&context).clone())).unwrap());
    };

    let mut group = criterion.benchmark_group("instantiate");
    group.bench_function("raw, pooled", |bencher| bencher.iter(raw(true)));
    group.bench_function("raw, on demand", |bencher| bencher.iter(raw(false)));
    group.bench_function("fresh", |bencher| bencher.iter(|| call(&fresh)));
    group.bench_function("kept", |bencher| bencher.iter(|| call(&kept)));
    group.finish();

    let mut question = Question::new("instantiate");
    question.ask_within(2.0, "fresh instance / raw, pooled", raw(true), || call(&fresh));
    question.ask("fresh instance / raw, on demand", raw(false), || call(&fresh));
    question.ask("fresh instance / kept instance", || call(&kept), || call(&fresh));
    question.answered().unwrap();
}

benches::bench!(instantiate);
