//! Manual installation and PATCH.

use contract::api::ErrorCode;
use lifecycle::{Patch, Registration};
use serde_json::{Value, json};

use crate::support::bundle::{Bundle, guest};
use crate::support::refusal;
use crate::support::world::{World, answer};

const NAME: &str = "com.example.manual";

fn registration(enabled: bool) -> Registration {
    let Bundle { manifest, .. } = Bundle::new(NAME, "1.0.0");
    Registration { name: NAME.to_owned(), version: "1.0.0".to_owned(), manifest, enabled }
}

fn patch(change: impl FnOnce(&mut Patch)) -> Patch {
    let mut patch = Patch::default();
    change(&mut patch);
    patch
}

/// Puts a module where an operator would.
fn place_module(world: &World, answer: &str) {
    let dir = world.root("backend").join(NAME);
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("backend.wasm"), guest(answer)).unwrap();
}

#[tokio::test]
async fn a_manifest_alone_is_enough_for_a_disabled_plugin() {
    let mut world = World::new().await;
    let row = world.lifecycle.register(registration(false)).await.unwrap();
    assert_eq!((row.version.as_str(), row.enabled), ("1.0.0", false));
    let state = world.state().await;
    assert_eq!((state.rows.len(), state.files.len()), (1, 0));
    world.restart().await;
    assert_eq!(world.state().await, state);
}

#[tokio::test]
async fn an_enabled_one_runs_the_module_that_is_in_place() {
    let world = World::new().await;
    place_module(&world, "placed");
    world.lifecycle.register(registration(true)).await.unwrap();
    assert_eq!(world.answer(NAME).await.as_deref(), Some("placed"));
}

#[tokio::test]
async fn refused_registrations_leave_nothing_and_touch_no_file() {
    type Case = (&'static str, ErrorCode, fn(&mut Registration));
    let world = World::new().await;
    let before = world.state().await;
    let cases: [Case; 5] = [
        ("no module", ErrorCode::PluginLoadFailed, |_| {}),
        ("another name", ErrorCode::PluginManifestInvalid, |one| one.name = "com.example.x".into()),
        ("no name", ErrorCode::BadRequest, |one| one.name = "no name".into()),
        ("another version", ErrorCode::PluginVersionMismatch, |one| one.version = "1.0.1".into()),
        ("no version", ErrorCode::PluginVersionInvalid, |one| one.version = "1.0".into()),
    ];
    for (title, code, change) in cases {
        let mut asked = registration(true);
        change(&mut asked);
        assert_eq!(refusal(world.lifecycle.register(asked).await).0, code, "{title}");
        assert_eq!(world.state().await, before, "{title}");
    }
    // A module that an operator placed is theirs, also when it does not load.
    let dir = world.root("backend").join(NAME);
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("backend.wasm"), "no wasm").unwrap();
    let before = world.state().await;
    let (code, _) = refusal(world.lifecycle.register(registration(true)).await);
    assert_eq!(code, ErrorCode::PluginLoadFailed);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_plugin_is_disabled_and_enabled_again() {
    let mut world = World::new().await;
    let row = world.install(&Bundle::new(NAME, "1.0.0")).await;
    let started = world.installed(NAME).unwrap();
    let disabled = patch(|patch| patch.enabled = Some(false));
    let row = world.lifecycle.patch(row.id, disabled).await.unwrap();
    assert!(!row.enabled);
    assert_eq!(world.answer(NAME).await, None);
    assert_eq!(answer(&started).await.as_deref(), Some("com.example.manual 1.0.0"));
    drop(started);
    assert_eq!(world.restart().await.failed, 0);
    assert_eq!(world.answer(NAME).await, None);

    let enabled = patch(|patch| patch.enabled = Some(true));
    world.lifecycle.patch(row.id, enabled).await.unwrap();
    assert_eq!(world.answer(NAME).await.as_deref(), Some("com.example.manual 1.0.0"));
}

#[tokio::test]
async fn a_manifest_replaces_the_old_one_whole() {
    let mut world = World::new().await;
    let bundle = Bundle::new(NAME, "1.0.0");
    let row = world.install(&bundle).await;
    let mut manifest = bundle.manifest.clone();
    manifest["backend"]["routes"] = json!([{ "method": "POST", "path": "/other" }]);
    manifest["mcp"] = json!({ "remoteEntryUrl": "/plugins-mcp/com.example.manual/mcp.js" });
    let asked = patch(|patch| patch.manifest = Some(manifest.clone()));
    let row = world.lifecycle.patch(row.id, asked).await.unwrap();
    assert_eq!(row.manifest, manifest);
    let routes = |world: &World| {
        let routes = &world.installed(NAME).unwrap().routes;
        (routes.find("POST", "/other").is_some(), routes.find("GET", "/hello").is_some())
    };
    assert_eq!(routes(&world), (true, false));
    world.restart().await;
    assert_eq!(routes(&world), (true, false));
}

#[tokio::test]
async fn a_refused_patch_changes_nothing() {
    let mut world = World::new().await;
    let bundle = Bundle::new(NAME, "1.0.0");
    let row = world.install(&bundle).await;
    let before = world.state().await;
    let with = |pointer: &str, value: Value| {
        let mut manifest = bundle.manifest.clone();
        *manifest.pointer_mut(pointer).unwrap() = value;
        manifest
    };
    let cases = [
        (ErrorCode::PluginVersionInvalid, patch(|one| one.version = Some("1".into()))),
        (ErrorCode::PluginManifestInvalid, patch(|one| one.manifest = Some(json!({})))),
        (
            ErrorCode::PluginManifestInvalid,
            patch(|one| one.manifest = Some(with("/id", json!("com.example.other")))),
        ),
        (
            ErrorCode::PluginVersionMismatch,
            patch(|one| {
                one.version = Some("1.1.0".into());
                one.manifest = Some(with("/permissions", json!(["db:read:tasks"])));
            }),
        ),
    ];
    for (code, asked) in cases {
        let title = format!("{asked:?}");
        assert_eq!(refusal(world.lifecycle.patch(row.id, asked).await).0, code, "{title}");
        assert_eq!(world.state().await, before, "{title}");
    }
    // The state that would be persisted is loaded first.
    let release = world.root("backend").join(NAME).join(row.release.unwrap().to_string());
    std::fs::remove_file(release.join("backend.wasm")).unwrap();
    let before = world.state().await;
    let asked = patch(|one| one.manifest = Some(with("/permissions", json!(["db:read:tasks"]))));
    assert_eq!(refusal(world.lifecycle.patch(row.id, asked).await).0, ErrorCode::PluginLoadFailed);
    assert_eq!(world.state().await, before, "what runs goes on running, with the rights it had");
    let restored = world.restart().await;
    assert_eq!(restored.failed, 1);
    assert!(world.installed(NAME).unwrap().unavailable());
}
