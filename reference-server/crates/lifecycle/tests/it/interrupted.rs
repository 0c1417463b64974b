//! A host that was killed: what the next one finds, at each point where an operation can have been
//! cut. The points are laid out by hand, as an operation leaves them.

use std::path::PathBuf;

use contract::name::PluginName;
use contract::permissions::Permissions;
use serde_json::{Value, json};
use storage::registry::PluginChange;
use uuid::Uuid;

use crate::support::bundle::{Bundle, guest};
use crate::support::world::World;

const NAME: &str = "com.example.cut";

/// An upgrade from 1.0.0 to 2.0.0 under way, everything staged.
struct Cut {
    world: World,
    operation: Uuid,
    row: storage::registry::PluginRow,
}

impl Cut {
    /// The old version has a frontend, the new one has none.
    async fn new() -> Self {
        let world = World::new().await;
        let old = Bundle::new(NAME, "1.0.0")
            .with(|bundle| bundle.frontend = vec![("a.js".into(), "old".into())]);
        let row = world.install(&old).await;
        let cut = Self { world, operation: Uuid::new_v4(), row };
        let incoming = cut.staged("backend", "incoming");
        std::fs::create_dir_all(&incoming).unwrap();
        std::fs::write(incoming.join("backend.wasm"), guest("new")).unwrap();
        let scratch = cut.staged("backend", "scratch");
        std::fs::create_dir_all(&scratch).unwrap();
        std::fs::write(scratch.join("leftover.tar.gz"), "x").unwrap();
        cut
    }

    fn staged(&self, tree: &str, part: &str) -> PathBuf {
        self.world.root(tree).join(".staging").join(self.operation.to_string()).join(part)
    }

    fn live(&self, tree: &str) -> PathBuf {
        self.world.root(tree).join(NAME)
    }

    fn record(&self, record: &Value) {
        write_record(&self.world, self.operation, record);
    }

    /// The registry has been told, which commits the operation.
    async fn commit(&self) {
        let mut manifest = self.row.manifest.clone();
        manifest["version"] = json!("2.0.0");
        let change =
            PluginChange { version: Some("2.0.0"), manifest: Some(&manifest), enabled: None };
        self.world.database.registry().update(self.row.id, change).await.unwrap();
    }

    /// The next host starts: everything is of one version, and staging is clean.
    async fn assert_after_restart(mut self, settled: usize, new: bool) {
        let restored = self.world.restart().await;
        assert_eq!((restored.settled, restored.unsettled, restored.failed), (settled, 0, 0));
        let state = self.world.state().await;
        let (version, answer) =
            if new { ("2.0.0", "new") } else { ("1.0.0", "com.example.cut 1.0.0") };
        assert_eq!(state.running, [(NAME.into(), version.into(), Some(answer.into()))]);
        assert_eq!(state.rows.len(), 1);
        assert!(state.rows[0].contains(version), "{:?}", state.rows);
        assert!(state.files.keys().all(|path| !path.contains(".staging")), "{:?}", state.files);
        assert_eq!(state.paths("frontend").is_empty(), new, "the frontend is the old version's");
    }
}

fn rename(from: PathBuf, to: PathBuf) {
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::rename(from, to).unwrap();
}

fn write_record(world: &World, operation: Uuid, record: &Value) {
    let dir = world.root("backend").join(".staging").join(operation.to_string());
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("journal.json"), record.to_string()).unwrap();
}

fn upgrade(incoming: &Value) -> Value {
    json!({
        "action": "upgrade", "name": NAME, "to": "2.0.0",
        "schema_is_new": false, "incoming": incoming,
    })
}

#[tokio::test]
async fn before_the_record() {
    Cut::new().await.assert_after_restart(0, false).await;
}

#[tokio::test]
async fn while_staging() {
    let cut = Cut::new().await;
    cut.record(&upgrade(&json!(null)));
    cut.assert_after_restart(1, false).await;
}

#[tokio::test]
async fn staged_but_not_committed() {
    let cut = Cut::new().await;
    cut.record(&upgrade(&json!(["backend"])));
    cut.assert_after_restart(1, false).await;
}

#[tokio::test]
async fn committed_but_not_swapped() {
    let cut = Cut::new().await;
    cut.record(&upgrade(&json!(["backend"])));
    cut.commit().await;
    cut.assert_after_restart(1, true).await;
}

#[tokio::test]
async fn in_the_middle_of_the_swap() {
    let cut = Cut::new().await;
    cut.record(&upgrade(&json!(["backend"])));
    cut.commit().await;
    rename(cut.live("backend"), cut.staged("backend", "outgoing"));
    cut.assert_after_restart(1, true).await;
}

#[tokio::test]
async fn swapped_but_not_tidied_up() {
    let cut = Cut::new().await;
    cut.record(&upgrade(&json!(["backend"])));
    cut.commit().await;
    rename(cut.live("backend"), cut.staged("backend", "outgoing"));
    rename(cut.staged("backend", "incoming"), cut.live("backend"));
    rename(cut.live("frontend"), cut.staged("frontend", "outgoing"));
    cut.assert_after_restart(1, true).await;
}

#[tokio::test]
async fn swapped_and_the_record_gone() {
    let cut = Cut::new().await;
    cut.commit().await;
    rename(cut.live("backend"), cut.staged("backend", "outgoing"));
    rename(cut.staged("backend", "incoming"), cut.live("backend"));
    rename(cut.live("frontend"), cut.staged("frontend", "outgoing"));
    cut.assert_after_restart(0, true).await;
}

#[tokio::test]
async fn while_a_failed_swap_was_taken_back() {
    let cut = Cut::new().await;
    cut.record(&upgrade(&json!(["backend"])));
    // Files are put back before the row is: a kill after that finds the old row.
    cut.assert_after_restart(1, false).await;
}

#[tokio::test]
async fn an_installation_before_its_commit_leaves_no_schema() {
    let mut world = World::new().await;
    let before = world.state().await;
    let name = PluginName::parse(NAME).unwrap();
    let made = world.database.plugin_schemas().provision(&name, &Permissions::default()).await;
    assert!(made.unwrap());
    let record = json!({
        "action": "install", "name": NAME, "to": "1.0.0", "schema_is_new": true, "incoming": null,
    });
    write_record(&world, Uuid::new_v4(), &record);
    assert_eq!(world.restart().await.settled, 1);
    assert_eq!(world.state().await, before);
}

#[tokio::test]
async fn an_uninstallation_after_its_commit_is_finished() {
    let mut world = World::new().await;
    let row = world.install(&Bundle::new(NAME, "1.0.0")).await;
    write_record(&world, Uuid::new_v4(), &uninstallation());
    world.database.registry().delete(row.id).await.unwrap();
    assert_eq!(world.restart().await.settled, 1);
    let state = world.state().await;
    assert_eq!((state.files.len(), state.running.len()), (0, 0));
    assert!(state.roles.iter().all(|role| role.contains("login false")), "{:?}", state.roles);
}

#[tokio::test]
async fn an_uninstallation_before_its_commit_did_not_happen() {
    let mut world = World::new().await;
    world.install(&Bundle::new(NAME, "1.0.0")).await;
    let before = world.state().await;
    write_record(&world, Uuid::new_v4(), &uninstallation());
    assert_eq!(world.restart().await.settled, 1);
    assert_eq!(world.state().await, before);
}

fn uninstallation() -> Value {
    json!({
        "action": "uninstall", "name": NAME, "to": null, "schema_is_new": null, "incoming": [],
    })
}

#[tokio::test]
async fn the_next_operation_settles_what_this_process_could_not() {
    let cut = Cut::new().await;
    cut.record(&upgrade(&json!(["backend"])));
    cut.commit().await;
    // No restart: the same host, asked to upgrade once more.
    cut.world.catalog.publish(&Bundle::new(NAME, "3.0.0"));
    let row = cut.world.lifecycle.upgrade(cut.row.id).await.unwrap();
    assert_eq!(row.version, "3.0.0");
    let state = cut.world.state().await;
    assert!(state.files.keys().all(|path| !path.contains(".staging")), "{:?}", state.files);
    assert_eq!(state.paths("frontend"), [""; 0]);
}

#[tokio::test]
async fn a_record_nobody_understands_is_left_and_stops_nothing() {
    let mut world = World::new().await;
    world.install(&Bundle::new(NAME, "1.0.0")).await;
    let running = world.state().await.running;
    let operation = Uuid::new_v4();
    write_record(&world, operation, &json!({ "action": "transmute" }));
    let restored = world.restart().await;
    assert_eq!((restored.settled, restored.unsettled, restored.installed), (0, 1, 1));
    let state = world.state().await;
    assert_eq!(state.running, running);
    assert!(state.files.keys().any(|path| path.ends_with("journal.json")));
}

#[tokio::test]
async fn one_plugin_that_cannot_be_loaded_stops_no_other() {
    let mut world = World::new().await;
    world.install(&Bundle::new(NAME, "1.0.0")).await;
    world.install(&Bundle::new("com.example.whole", "1.0.0")).await;
    std::fs::write(world.root("backend").join(NAME).join("backend.wasm"), "damaged").unwrap();
    let restored = world.restart().await;
    assert_eq!((restored.installed, restored.failed), (2, 1));
    assert!(world.installed(NAME).unwrap().unavailable());
    assert!(world.answer("com.example.whole").await.is_some());
}
