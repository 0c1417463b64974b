//! Installing what the catalog offers (decision L1).

use contract::api::ErrorCode;
use serde_json::json;

use crate::support::bundle::{Bundle, archive, guest_calling_sql};
use crate::support::catalog_server::Answer;
use crate::support::refusal;
use crate::support::world::World;

const NAME: &str = "com.example.first";

#[tokio::test]
async fn an_installed_plugin_has_its_row_files_tables_and_running_code() {
    let world = World::new().await;
    let bundle = Bundle::new(NAME, "1.0.0").with(|bundle| {
        bundle.frontend = vec![("dist/assets/remoteEntry.js".into(), "export {}".into())];
        bundle.mcp = vec![("mcp.js".into(), "export default {}".into())];
    });
    let row = world.install(&bundle).await;

    assert_eq!((row.name.as_str(), row.version.as_str(), row.enabled), (NAME, "1.0.0", true));
    assert_eq!(row.manifest, bundle.manifest, "stored as shipped");
    assert_eq!(world.answer(NAME).await.as_deref(), Some("com.example.first 1.0.0"));
    let state = world.state().await;
    assert_eq!(
        state.paths("backend"),
        [
            NAME,
            "com.example.first/backend.wasm",
            "com.example.first/migrations",
            "com.example.first/migrations/0001_items.sql",
            "com.example.first/plugin.json",
        ],
        "nothing else, no staging either"
    );
    assert_eq!(
        state.paths("frontend"),
        [NAME, "com.example.first/assets", "com.example.first/assets/remoteEntry.js"]
    );
    assert_eq!(state.paths("mcp"), [NAME, "com.example.first/mcp.js"]);
    let table = "plugin_data_com_example_first.items";
    assert!(state.schemas.iter().any(|line| line.starts_with(table)), "{:?}", state.schemas);
    assert!(world.installed(NAME).unwrap().routes.find("GET", "/hello").is_some());
}

#[tokio::test]
async fn what_is_installed_survives_a_kill() {
    let mut world = World::new().await;
    world.install(&Bundle::new(NAME, "1.0.0")).await;
    let before = world.state().await;
    let restored = world.restart().await;
    assert_eq!((restored.installed, restored.failed, restored.settled), (1, 0, 0));
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn a_plugin_of_files_only_gets_no_schema() {
    let world = World::new().await;
    let bundle = Bundle::new(NAME, "1.0.0").with(|bundle| {
        bundle.manifest.as_object_mut().unwrap().remove("backend");
        bundle.wasm = None;
        bundle.migrations.clear();
        bundle.frontend = vec![("remoteEntry.js".into(), "export {}".into())];
    });
    world.install(&bundle).await;
    let state = world.state().await;
    assert_eq!(state.schemas, [""; 0]);
    assert_eq!(state.paths("frontend"), [NAME, "com.example.first/remoteEntry.js"]);
    let installed = world.installed(NAME).unwrap();
    assert!(installed.plugin.is_none() && !installed.unavailable());
}

#[tokio::test]
async fn a_disabled_plugin_is_installed_and_does_not_run() {
    let world = World::new().await;
    world.catalog.publish(&Bundle::new(NAME, "1.0.0"));
    let row = world.lifecycle.install(NAME, false).await.unwrap();
    assert!(!row.enabled);
    let installed = world.installed(NAME).unwrap();
    assert!(installed.plugin.is_none() && !installed.unavailable());
}

#[tokio::test]
async fn init_may_use_the_tables_that_the_same_installation_makes() {
    let world = World::new().await;
    let sql = "INSERT INTO items (id, title) VALUES (1, 'made by Init') ON CONFLICT DO NOTHING";
    let bundle = Bundle::new(NAME, "1.0.0").with(|bundle| {
        bundle.wasm = Some(guest_calling_sql("hello", sql));
    });
    world.install(&bundle).await;
    assert_eq!(world.answer(NAME).await.as_deref(), Some("hello"));
}

#[tokio::test]
async fn an_installed_plugin_is_not_installed_again_and_nothing_is_touched() {
    let world = World::new().await;
    world.install(&Bundle::new(NAME, "1.0.0")).await;
    let before = world.state().await;
    world.catalog.publish(&Bundle::new(NAME, "2.0.0"));
    let (code, _) = refusal(world.lifecycle.install(NAME, true).await);
    assert_eq!(code, ErrorCode::PluginNameTaken);
    assert_eq!(world.state().await, before);

    // Nor is the catalog asked.
    world.catalog.set("/catalog.json", Answer::Status(500));
    let (code, _) = refusal(world.lifecycle.install(NAME, true).await);
    assert_eq!(code, ErrorCode::PluginNameTaken);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn names_that_are_none_and_plugins_that_are_not_offered() {
    let world = World::new().await;
    for name in ["", "../x", "a/b", ".hidden", "a..b"] {
        let (code, _) = refusal(world.lifecycle.install(name, true).await);
        assert_eq!(code, ErrorCode::BadRequest, "{name}");
    }
    let (code, details) = refusal(world.lifecycle.install("com.example.absent", true).await);
    assert_eq!((code, details), (ErrorCode::PluginNotFound, json!(null)));

    world.catalog.publish_with(&Bundle::new(NAME, "1.0.0"), |entry| {
        entry["artifacts"]["backend_tar_gz_url"] = json!("ftp://example.com/x.tar.gz");
    });
    let (code, details) = refusal(world.lifecycle.install(NAME, true).await);
    assert_eq!(code, ErrorCode::PluginNotFound);
    assert_eq!(
        details["hidden_because"],
        "artifacts.backend_tar_gz_url: the scheme 'ftp' is not allowed"
    );
}

#[tokio::test]
async fn two_plugins_never_share_a_schema() {
    let world = World::new().await;
    let pairs = [("com.example.a-b", "com.example.a_b"), ("com.example.C", "com.example.c")];
    for (first, second) in pairs {
        world.install(&Bundle::new(first, "1.0.0")).await;
        let before = world.state().await;
        world.catalog.publish(&Bundle::new(second, "1.0.0"));
        let (code, _) = refusal(world.lifecycle.install(second, true).await);
        assert_eq!(code, ErrorCode::PluginSchemaConflict, "{first} {second}");
        assert_eq!(world.state().await, before, "{first} {second}");
    }
    let long = format!("com.example.{}", "x".repeat(60));
    world.catalog.publish(&Bundle::new(&long, "1.0.0"));
    let (code, _) = refusal(world.lifecycle.install(&long, true).await);
    assert_eq!(code, ErrorCode::PluginSchemaConflict);
}

#[tokio::test]
async fn a_second_operation_on_a_plugin_is_refused_while_one_runs() {
    let world = World::new().await;
    let bundle = Bundle::new(NAME, "1.0.0");
    world.catalog.publish(&bundle);
    let gate = world.catalog.gate();
    let lifecycle = world.lifecycle.clone();
    let first = tokio::spawn(async move { lifecycle.install(NAME, true).await });
    gate.asked.notified().await;

    let (code, _) = refusal(world.lifecycle.install(NAME, true).await);
    assert_eq!(code, ErrorCode::PluginBusy);
    gate.open.notify_one();
    first.await.unwrap().unwrap();
    assert!(world.answer(NAME).await.is_some());
    // And the lock is given back.
    let (code, _) = refusal(world.lifecycle.install(NAME, true).await);
    assert_eq!(code, ErrorCode::PluginNameTaken);
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_stop_an_installation() {
    let world = World::new().await;
    world.catalog.publish(&Bundle::new(NAME, "1.0.0"));
    let gate = world.catalog.gate();
    let lifecycle = world.lifecycle.clone();
    let caller = tokio::spawn(async move { lifecycle.install(NAME, true).await });
    gate.asked.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    gate.open.notify_one();
    // Shutting down waits for operations; a row is there afterwards.
    world.lifecycle.shutdown().await;
    assert_eq!(world.state().await.rows.len(), 1);
}

#[tokio::test]
async fn an_archive_may_wrap_its_files_and_hold_others() {
    let world = World::new().await;
    let bundle = Bundle::new(NAME, "1.0.0");
    let manifest = serde_json::to_vec(&bundle.manifest).unwrap();
    let wasm = bundle.wasm.clone().unwrap();
    let bundle = bundle.with(|bundle| {
        bundle.archives = vec![
            ("manifest", archive(&[("README.md", b"hi"), ("release/plugin.json", &manifest)])),
            ("backend", archive(&[("._plugin.wasm", b"junk"), ("release/plugin.wasm", &wasm)])),
        ];
    });
    world.install(&bundle).await;
    assert!(world.answer(NAME).await.is_some());
}
