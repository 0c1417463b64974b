//! Loading: which modules are taken, and how a refusal names what was expected (decision A9).

use sandbox::{AbiProblem, CallError, LoadError};
use serde_json::json;

use crate::guests::{ALLOCATOR, bare, echo, handle, module};
use crate::world::{World, text};

/// Loads a guest that must be refused and returns the refusal's problems as text.
async fn problems(wat: &str) -> Vec<String> {
    match World::new().try_load(wat).await.unwrap_err() {
        LoadError::Abi(problems) => problems.iter().map(AbiProblem::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn unknown_imports_are_named() {
    let found = problems(&module("").replace(
        "(module ",
        r#"(module
        (import "paca" "teleport" (func (param i32)))
        (import "env" "abort" (func))
        (import "wasi_snapshot_preview1" "fork" (func (result i32)))
        (import "paca" "log" (global i32)) "#,
    ))
    .await;
    assert_eq!(
        found,
        [
            "imports 'paca.teleport', which this host does not offer",
            "imports 'env.abort', which this host does not offer",
            "imports 'wasi_snapshot_preview1.fork', which this host does not offer",
            "imports 'paca.log' as a global, expected (i32, i64, i64) -> ()",
        ]
    );
}

#[tokio::test]
async fn a_host_function_imported_with_another_type_is_named() {
    let found = problems(&module("").replace(
        "(module ",
        r#"(module (import "paca" "storage_get" (func (param i32 i32 i32 i32))) "#,
    ))
    .await;
    assert_eq!(
        found,
        [
            "imports 'paca.storage_get' as (i32, i32, i32, i32) -> (), expected (i64, i64, i64, i64) -> ()"
        ]
    );
}

#[tokio::test]
async fn exports_with_another_shape_are_refused_with_the_expected_one() {
    for (export, expected) in [
        (
            r#"(func (export "HandleRequest") (param i64 i64) (result i64) (i64.const 0))"#,
            "exports 'HandleRequest' as (i64, i64) -> (i64), expected (i32, i32) -> (i64)",
        ),
        (
            r#"(func (export "HandleRequest") (param i32 i32))"#,
            "exports 'HandleRequest' as (i32, i32) -> (), expected (i32, i32) -> (i64)",
        ),
        (
            r#"(func (export "HandleEvent") (param i32 i32 i32))"#,
            "exports 'HandleEvent' as (i32, i32, i32) -> (), \
             expected (i32, i32, i32, i32) -> () or (i32, i32) -> ()",
        ),
        (
            r#"(func (export "Init") (result i64) (i64.const 0))"#,
            "exports 'Init' as () -> (i64), expected () -> (i32) or () -> ()",
        ),
        (
            r#"(func (export "Shutdown") (param i32))"#,
            "exports 'Shutdown' as (i32) -> (), expected () -> ()",
        ),
        (
            r#"(global (export "Init") i32 (i32.const 0))"#,
            "exports 'Init' as a global, expected () -> (i32) or () -> ()",
        ),
    ] {
        assert_eq!(problems(&module(export)).await, [expected]);
    }
}

#[tokio::test]
async fn every_problem_is_reported_at_once() {
    let found = problems(
        r#"(module
        (import "paca" "teleport" (func))
        (func (export "Init") (param i32))
        (func (export "HandleRequest") (param i32 i32) (result i64) (i64.const 0)))"#,
    )
    .await;
    assert_eq!(found.len(), 4, "{found:#?}");
}

#[tokio::test]
async fn a_module_without_memory_or_allocator_is_refused() {
    let handler = handle("(i64.const 0)");
    assert_eq!(
        problems(&bare(&format!(
            r#"(func (export "paca_malloc") (param i32) (result i32) (i32.const 0)) {handler}"#
        )))
        .await,
        ["exports no memory named 'memory', which every call needs"]
    );
    assert_eq!(
        problems(&bare(&format!(r#"(memory (export "memory") 1) {handler}"#))).await,
        ["exports no allocator, 'paca_malloc' or 'malloc' as (i32) -> (i32), \
          which a module that is handed requests or events needs"]
    );
    // A module that is handed nothing needs no allocator.
    World::new().load(r#"(module (memory (export "memory") 1))"#).await;
}

#[tokio::test]
async fn declared_routes_need_a_handler() {
    let manifest = json!({"backend": {"routes": [{"method": "GET", "path": "/a"}]}});
    let world = World::new();
    let refused = world.load_with("com.example.guest", manifest.clone(), &module("")).await;
    let Err(LoadError::Abi(found)) = refused else { panic!("{refused:?}") };
    assert_eq!(
        found[0].to_string(),
        "exports no function 'HandleRequest' as (i32, i32) -> (i64), which a manifest with routes needs"
    );
    world.load_with("com.example.guest", manifest, &echo()).await.unwrap();
}

#[tokio::test]
async fn the_declared_memory_is_held_to_the_limit() {
    let with_pages = |pages: u32| {
        bare(&format!(
            "(memory (export \"memory\") {pages}) {ALLOCATOR} {}",
            handle("(i64.const 0)")
        ))
    };
    assert_eq!(
        problems(&with_pages(1025)).await,
        ["declares a memory of 1025 pages of 64 KiB, 1024 are allowed"]
    );
    World::new().load(&with_pages(1024)).await;
}

#[tokio::test]
async fn what_is_no_module_does_not_compile() {
    let world = World::new();
    let plugin = world.sandbox.load(sandbox::LoadRequest {
        name: "com.example.guest".parse().unwrap(),
        manifest: std::sync::Arc::new(
            contract::manifest::Manifest::from_value(
                json!({"id": "com.example.guest", "displayName": "g", "version": "1.0.0"}),
            )
            .unwrap(),
        ),
        // Text is refused too: only the binary format is a module.
        wasm: "(module)".into(),
    });
    assert!(matches!(plugin.await, Err(LoadError::Compile(_))));

    for proposal in [
        r#"(module (memory (export "memory") i64 1))"#,
        r#"(module (memory (export "memory") 1) (memory 1))"#,
    ] {
        let refused = world.try_load(proposal).await;
        assert!(matches!(refused, Err(LoadError::Compile(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn modules_are_bounded() {
    let refused = World::limited(|limits| limits.wasm_bytes = 16).try_load(&echo()).await;
    assert!(matches!(refused, Err(LoadError::TooLarge { limit: 16, .. })), "{refused:?}");
}

#[tokio::test]
async fn init_runs_once_before_any_request_and_its_word_counts() {
    let counting = |init: &str| {
        module(&format!(
            "(global $inits (mut i32) (i32.const 48))
             (func $count (global.set $inits (i32.add (global.get $inits) (i32.const 1))))
             {init} {}",
            handle(
                "(i32.store8 (i32.const 64) (global.get $inits))
                 (call $answer (i64.const 64) (i64.const 1))"
            )
        ))
    };
    let world = World::new();
    for init in [
        r#"(func (export "Init") (result i32) (call $count) (i32.const 0))"#,
        r#"(func (export "Init") (call $count))"#,
        r#"(func (export "_initialize") (call $count))"#,
    ] {
        let plugin = world.load(&counting(init)).await;
        assert_eq!(text(&plugin, "").await, "1", "{init}");
        assert_eq!(text(&plugin, "").await, "1", "{init}");
    }
    // `_initialize` comes first: `Init` fails unless it has run.
    let ordered = r#"(func (export "_initialize") (call $count))
        (func (export "Init") (result i32) (i32.sub (global.get $inits) (i32.const 49)))"#;
    world.load(&counting(ordered)).await;

    let refused = world
        .try_load(&module(r#"(func (export "Init") (result i32) (i32.const 7))"#))
        .await
        .unwrap_err();
    assert!(matches!(refused, LoadError::InitRefused(7)), "{refused:?}");

    let refused =
        world.try_load(&module(r#"(func (export "Init") (unreachable))"#)).await.unwrap_err();
    let LoadError::Initialise { export: "Init", source } = refused else { panic!("{refused:?}") };
    assert!(matches!(*source, CallError::Trapped(_)), "{source:?}");
}

#[tokio::test]
async fn a_start_function_cannot_call_the_host() {
    let guest = module(
        "(func $s (call $http_respond (i32.const 200) (i64.const 0) (i64.const 0))) (start $s)",
    );
    let refused = World::new().try_load(&guest).await.unwrap_err();
    let LoadError::Instantiate(source) = refused else { panic!("{refused:?}") };
    assert!(source.to_string().contains("start function"), "{source}");
}
