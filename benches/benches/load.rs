//! What does loading a plugin cost: compiled, from the cache on disk, and from a module in memory?
//!
//! The baseline is what wasmtime itself takes to compile the module. The plugin is a real one, the demo
//! of the guest SDK.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use benches::{Question, prompt, runtime};
use criterion::{BatchSize, Criterion};
use fixtures_plugins::DEMO;
use sandbox::{Sandbox, SandboxConfig};
use wasmtime::{Engine, Module};

fn load(criterion: &mut Criterion) {
    let runtime = runtime();
    let cache = tempfile::tempdir().unwrap();
    let sandbox = |module_cache_dir| {
        prompt::sandbox(SandboxConfig { module_cache_dir, ..SandboxConfig::default() }).unwrap()
    };
    let cold = || sandbox(None);
    let cached = || sandbox(Some(cache.path().to_owned()));
    let load = |sandbox: &Sandbox| {
        runtime.block_on(prompt::load_binary(sandbox, "com.example.demo", DEMO.wasm)).unwrap()
    };
    // Fills the cache on disk.
    drop(load(&cached()));
    let warm = cold();
    let _loaded = load(&warm);

    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    let cases: [(&str, &dyn Fn() -> Sandbox); 3] =
        [("compiled", &cold), ("from disk", &cached), ("from memory", &|| warm.clone())];
    for (name, sandbox) in cases {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(sandbox, |sandbox| load(&sandbox), BatchSize::PerIteration);
        });
    }
    group.finish();

    let mut question = Question::new("load");
    let engine = Engine::default();
    let compile = || drop(Module::from_binary(&engine, DEMO.wasm).unwrap());
    question.ask("load, compiled / wasmtime compiles it", compile, || drop(load(&cold())));
    question.ask("load, from disk / wasmtime compiles it", compile, || drop(load(&cached())));
    question.ask("load, from memory / wasmtime compiles it", compile, || drop(load(&warm)));
    question.answered().unwrap();
}

benches::bench!(load);
