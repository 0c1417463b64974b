//! A host that was killed: what the next one finds, at points where an operation can have been cut.
//! The points are laid out with the calls that an operation makes; `cargo xtask kills` kills real
//! hosts at each of them.

use std::path::Path;

use contract::name::PluginName;
use contract::permissions::Permissions;
use serde_json::json;
use storage::plugin_artifacts::{Release, Tree};
use storage::plugin_operations::{Action, Operation, RowChange};
use uuid::Uuid;

use crate::support::bundle::{Bundle, guest};
use crate::support::world::World;

const NAME: &str = "com.example.cut";

fn name() -> PluginName {
    PluginName::parse(NAME).unwrap()
}

impl World {
    async fn begin(&self, action: Action) -> Operation {
        self.database.plugin_operations().begin(&name(), action).await.unwrap()
    }

    async fn commit(&self, operation: &Operation, change: RowChange<'_>) {
        self.database.plugin_operations().commit(operation, change).await.unwrap();
    }

    /// Downloads, complete or not.
    fn stage(&self, operation: Uuid) {
        let scratch = self.root("staging").join(operation.to_string()).join("scratch");
        std::fs::create_dir_all(&scratch).unwrap();
        std::fs::write(scratch.join("backend.tar.gz"), "half").unwrap();
    }

    /// The files of a version that answers "new".
    async fn store(&self, operation: Uuid) {
        let from = tempfile::tempdir().unwrap();
        let write = |path: &Path, content: &[u8]| std::fs::write(path, content).unwrap();
        write(&from.path().join("backend.wasm"), &guest("new"));
        write(&from.path().join("plugin.json"), b"{}");
        let plugin = name();
        let release = Release { plugin: &plugin, id: Some(operation) };
        self.artifacts.put(Tree::Backend, release, from.path()).await.unwrap();
        self.artifacts.put(Tree::Frontend, release, from.path()).await.unwrap();
    }

    async fn provision(&self) {
        let schemas = self.database.plugin_schemas();
        schemas.provision(&name(), &Permissions::default()).await.unwrap();
    }
}

/// The old version, whose schema asks for nothing.
async fn installed() -> (World, storage::registry::PluginRow) {
    let world = World::new().await;
    let row = world.install(&Bundle::new(NAME, "1.0.0")).await;
    (world, row)
}

#[tokio::test]
async fn an_upgrade_before_its_commit_did_not_happen() {
    for step in 0..4 {
        let (mut world, _) = installed().await;
        let before = world.state().await;
        let operation = world.begin(Action::Upgrade).await;
        if step >= 1 {
            world.stage(operation.id);
        }
        if step >= 2 {
            world.store(operation.id).await;
        }
        if step >= 3 {
            let schemas = world.database.plugin_schemas();
            let more = Permissions::new(vec!["db:read:tasks".parse().unwrap()]);
            schemas.provision(&name(), &more).await.unwrap();
        }
        let restored = world.restart().await;
        assert_eq!((restored.settled, restored.unsettled, restored.failed), (1, 0, 0), "{step}");
        assert_eq!(world.state().await, before, "{step}");
        assert_eq!(world.restart().await.settled, 0, "{step}");
    }
}

#[tokio::test]
async fn an_upgrade_after_its_commit_is_finished() {
    let (mut world, row) = installed().await;
    let operation = world.begin(Action::Upgrade).await;
    world.stage(operation.id);
    world.store(operation.id).await;
    let mut manifest = row.manifest.clone();
    manifest["version"] = json!("2.0.0");
    let change = RowChange::Update {
        id: row.id,
        version: Some("2.0.0"),
        manifest: Some(&manifest),
        enabled: None,
        release: Some(operation.id),
    };
    world.commit(&operation, change).await;
    assert_eq!(world.restart().await.settled, 1);
    let state = world.state().await;
    assert_eq!(state.running, [(NAME.into(), "2.0.0".into(), Some("new".into()))]);
    let file = |file: &str| format!("{NAME}/{file}");
    assert_eq!(state.paths("backend"), [NAME, &file("backend.wasm"), &file("plugin.json")]);
    assert_eq!(state.paths("staging"), [""; 0]);
}

#[tokio::test]
async fn an_installation_before_its_commit_leaves_nothing() {
    let mut world = World::new().await;
    let before = world.state().await;
    let operation = world.begin(Action::Install).await;
    world.stage(operation.id);
    world.store(operation.id).await;
    world.provision().await;
    assert_eq!(world.restart().await.settled, 1);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn an_installation_that_found_data_leaves_it() {
    let (mut world, row) = installed().await;
    world.lifecycle.uninstall(row.id).await.unwrap();
    let before = world.state().await;
    let operation = world.begin(Action::Install).await;
    assert!(!operation.schema_is_new);
    world.provision().await;
    assert_eq!(world.restart().await.settled, 1);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn what_an_operator_placed_outlives_an_installation_that_did_not_happen() {
    let mut world = World::new().await;
    let placed = world.root("backend").join(NAME);
    std::fs::create_dir_all(&placed).unwrap();
    std::fs::write(placed.join("backend.wasm"), "theirs").unwrap();
    let before = world.state().await;
    let operation = world.begin(Action::Install).await;
    world.store(operation.id).await;
    assert_eq!(world.restart().await.settled, 1);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn an_uninstallation_before_its_commit_did_not_happen() {
    let (mut world, _) = installed().await;
    let before = world.state().await;
    world.begin(Action::Uninstall).await;
    assert_eq!(world.restart().await.settled, 1);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn an_uninstallation_after_its_commit_is_finished() {
    let (mut world, row) = installed().await;
    let operation = world.begin(Action::Uninstall).await;
    world.commit(&operation, RowChange::Delete { id: row.id }).await;
    assert_eq!(world.restart().await.settled, 1);
    let state = world.state().await;
    assert_eq!((state.files.len(), state.running.len()), (0, 0));
    assert!(state.roles.iter().all(|role| role.contains("login false")), "{:?}", state.roles);
}

#[tokio::test]
async fn the_next_operation_settles_what_this_process_could_not() {
    let (world, row) = installed().await;
    let operation = world.begin(Action::Upgrade).await;
    world.stage(operation.id);
    world.store(operation.id).await;
    // No restart: the same host, asked to upgrade.
    world.catalog.publish(&Bundle::new(NAME, "3.0.0"));
    let row = world.lifecycle.upgrade(row.id).await.unwrap();
    assert_eq!(row.version, "3.0.0");
    let state = world.state().await;
    assert_eq!(state.paths("staging"), [""; 0]);
    assert!(state.files.keys().all(|path| !path.contains(&operation.id.to_string())));
}

#[tokio::test]
async fn what_another_host_is_working_on_is_left_alone() {
    let (mut world, _) = installed().await;
    let operations = world.database.plugin_operations();
    let lock = operations.lock(&name().schema_name().unwrap()).await.unwrap().unwrap();
    let operation = world.begin(Action::Upgrade).await;
    world.stage(operation.id);
    world.store(operation.id).await;
    let during = world.state().await;
    let restored = world.restart().await;
    assert_eq!((restored.settled, restored.unsettled, restored.failed), (0, 1, 0));
    assert_eq!(world.state().await, during);
    lock.release().await;
    assert_eq!(world.restart().await.settled, 1);
    assert_eq!(world.state().await.paths("staging"), [""; 0]);
}

#[tokio::test]
async fn staging_without_a_record_is_swept_and_what_is_not_ours_is_not() {
    let (mut world, _) = installed().await;
    world.stage(Uuid::new_v4());
    std::fs::write(world.root("staging").join("a-note.txt"), "").unwrap();
    world.restart().await;
    assert_eq!(world.state().await.paths("staging"), ["a-note.txt"]);
}

#[tokio::test]
async fn one_plugin_that_cannot_be_loaded_stops_no_other() {
    let (mut world, row) = installed().await;
    world.install(&Bundle::new("com.example.whole", "1.0.0")).await;
    let release = world.root("backend").join(NAME).join(row.release.unwrap().to_string());
    std::fs::write(release.join("backend.wasm"), "damaged").unwrap();
    let restored = world.restart().await;
    assert_eq!((restored.installed, restored.failed), (2, 1));
    assert!(world.installed(NAME).unwrap().unavailable());
    assert!(world.answer("com.example.whole").await.is_some());
}
