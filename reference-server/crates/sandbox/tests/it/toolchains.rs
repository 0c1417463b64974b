//! A plugin as a real compiler makes it: megabytes of code, a runtime, an arena (decisions A1 to A3).

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use contract::envelope::RequestEnvelope;
use contract::manifest::Manifest;
use fixtures_plugins::GO_NOTES;
use futures_util::future::join_all;
use policy::Limits;
use sandbox::{CallError, CompileStats, LoadRequest, Plugin, RequestContext, SandboxConfig};

use crate::world::{Setup, World};

/// A host with this folder for compiled modules.
fn world(modules: &Path) -> World {
    let module_cache_dir = Some(modules.to_owned());
    let config = SandboxConfig { module_cache_dir, ..SandboxConfig::default() };
    World::with(Setup { config, ..Setup::default() })
}

async fn load(world: &World) -> Plugin {
    let manifest = serde_json::from_str(GO_NOTES.manifest.unwrap()).unwrap();
    let manifest = Arc::new(Manifest::from_value(manifest).unwrap());
    let name = manifest.id.clone();
    let wasm = GO_NOTES.wasm.into();
    world.sandbox.load(LoadRequest { name, manifest, wasm }).await.unwrap()
}

async fn call(plugin: &Plugin, method: &str, path: &str) -> Result<String, CallError> {
    let envelope = RequestEnvelope {
        method: method.to_owned(),
        path: path.to_owned(),
        ..RequestEnvelope::default()
    };
    let response = plugin.handle_request(RequestContext { envelope }).await?;
    Ok(String::from_utf8(response.body).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_go_plugin_runs_in_many_instances_and_after_a_restart() {
    let modules = tempfile::tempdir().unwrap();
    let before = world(modules.path());
    let plugin = load(&before).await;

    // As many as may run at once, each with randomness of its own.
    let most = Limits::default().instances_per_plugin;
    let draw = || call(&plugin, "GET", "runtime/random");
    let mut drawn = BTreeSet::new();
    for answer in join_all((0..most).map(|_| draw())).await {
        drawn.insert(answer.unwrap());
    }
    assert_eq!(drawn.len(), most, "{drawn:?}");

    let fault = call(&plugin, "POST", "runtime/panic").await.unwrap_err();
    assert!(matches!(fault, CallError::Trapped(_)), "{fault:?}");
    assert!(drawn.insert(draw().await.unwrap()), "served anew after a panic");
    drop((plugin, before));

    // A restart compiles nothing, and foretells nothing.
    let after = world(modules.path());
    let plugin = load(&after).await;
    let found = CompileStats { compiled: 0, from_memory: 0, from_disk: 1 };
    assert_eq!(after.sandbox.compile_stats(), found);
    assert!(drawn.insert(call(&plugin, "GET", "runtime/random").await.unwrap()), "{drawn:?}");
}
