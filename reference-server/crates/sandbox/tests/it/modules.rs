//! Compiled modules: who compiles, and when nobody has to.

use sandbox::{CompileStats, SandboxConfig};
use serde_json::json;

use crate::guests::echo;
use crate::world::{Setup, World, text};

#[tokio::test]
async fn plugins_of_the_same_bytes_compile_once() {
    let world = World::new();
    let load = |name: &'static str| world.load_with(name, json!({}), ECHO.as_str());
    let (first, second, third) = tokio::join!(load("com.a"), load("com.b"), load("com.c"));
    assert_eq!(
        world.sandbox.compile_stats(),
        CompileStats { compiled: 1, from_memory: 2, from_disk: 0 }
    );
    for plugin in [first, second, third] {
        assert_eq!(text(&plugin.unwrap(), "shared").await, "shared");
    }
    // Nothing is loaded any more, so nothing is kept.
    load("com.d").await.unwrap();
    assert_eq!(world.sandbox.compile_stats().compiled, 2);
}

static ECHO: std::sync::LazyLock<String> = std::sync::LazyLock::new(echo);

#[tokio::test]
async fn a_cache_directory_outlives_the_sandbox() {
    let directory = tempfile::tempdir().unwrap();
    let world = || {
        let module_cache_dir = Some(directory.path().join("modules"));
        World::with(Setup {
            config: SandboxConfig { module_cache_dir, ..SandboxConfig::default() },
            ..Setup::default()
        })
    };
    let before = world();
    before.load(&ECHO).await;
    assert_eq!(before.sandbox.compile_stats().compiled, 1);
    drop(before);

    let after = world();
    let plugin = after.load(&ECHO).await;
    assert_eq!(
        after.sandbox.compile_stats(),
        CompileStats { compiled: 0, from_memory: 0, from_disk: 1 }
    );
    assert_eq!(text(&plugin, "cached").await, "cached");
}
