//! What does loading a plugin cost: compiled, from the cache on disk, and from a module in memory?
//!
//! The baseline is what wasmtime itself takes to compile the module. The plugin is a real one, the demo
//! of the guest SDK. A module is known in memory for as long as a plugin of it is loaded: one that is let
//! go of at once is read or compiled anew the next time.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use benches::{Question, prompt, runtime};
use criterion::Criterion;
use fixtures_plugins::DEMO;
use sandbox::{Sandbox, SandboxConfig};
use wasmtime::{Engine, Module};

fn load(criterion: &mut Criterion) {
    let runtime = runtime();
    let cache = tempfile::tempdir().unwrap();
    let sandbox = |module_cache_dir| {
        prompt::sandbox(SandboxConfig { module_cache_dir, ..SandboxConfig::default() }).unwrap()
    };
    let (compiling, reading, keeping) =
        (sandbox(None), sandbox(Some(cache.path().to_owned())), sandbox(None));
    let load = |sandbox: &Sandbox| {
        runtime.block_on(prompt::load_binary(sandbox, "com.example.demo", DEMO.wasm)).unwrap()
    };
    // Fills the cache on disk.
    drop(load(&reading));
    let _loaded = load(&keeping);
    let cases = [("compiled", &compiling), ("from disk", &reading), ("from memory", &keeping)];

    let mut group = criterion.benchmark_group("load");
    group.sample_size(10);
    for (name, sandbox) in cases {
        group.bench_function(name, |bencher| bencher.iter(|| drop(load(sandbox))));
    }
    group.finish();

    let mut question = Question::new("load");
    let engine = Engine::default();
    let compile = || drop(Module::from_binary(&engine, DEMO.wasm).unwrap());
    for (name, sandbox) in cases {
        let what = format!("load, {name} / wasmtime compiles it");
        question.ask(&what, compile, || drop(load(sandbox)));
    }
    let stats = [&compiling, &reading].map(Sandbox::compile_stats);
    assert_eq!((stats[0].from_memory, stats[1].from_memory), (0, 0), "a module was still known");
    question.answered().unwrap();
}

benches::bench!(load);
