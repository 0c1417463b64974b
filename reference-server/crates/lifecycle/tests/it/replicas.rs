//! Several hosts on one database and one store behave as one.

use std::sync::Arc;

use contract::api::ErrorCode;
use contract::name::PluginName;
use futures_util::TryStreamExt as _;
use lifecycle::Patch;
use s3_server::{BUCKET, S3Server};
use sqlx::{Connection as _, PgConnection};
use storage::plugin_artifacts::{ArtifactStore, ArtifactStoreConfig, Part, Tree};
use storage::plugin_operations::Action;

use crate::support::bundle::Bundle;
use crate::support::refusal;
use crate::support::world::{Replica, World};

const NAME: &str = "com.example.shared";

fn bundle(version: &str) -> Bundle {
    Bundle::new(NAME, version).with(|bundle| {
        bundle.frontend = vec![("a.js".into(), format!("a of {version}"))];
    })
}

fn says(version: &str) -> String {
    format!("{NAME} {version}")
}

impl Replica {
    async fn file(&self) -> Option<String> {
        let name = PluginName::parse(NAME).unwrap();
        let file = self.lifecycle.open_file(Tree::Frontend, &name, &["a.js"], Part::Whole).await;
        let chunks: Vec<_> = file.unwrap()?.bytes.try_collect().await.unwrap();
        Some(String::from_utf8(chunks.concat()).unwrap())
    }
}

#[tokio::test]
async fn what_one_host_does_is_served_by_the_other() {
    let world = World::new().await;
    let other = world.replica().await;
    let row = world.install(&bundle("1.0.0")).await;
    other.until_answers(NAME, Some(&says("1.0.0"))).await;
    assert_eq!(other.file().await.as_deref(), Some("a of 1.0.0"));

    world.catalog.publish(&bundle("2.0.0"));
    world.lifecycle.upgrade(row.id).await.unwrap();
    other.until_answers(NAME, Some(&says("2.0.0"))).await;

    let enabled = |enabled| Patch { enabled: Some(enabled), ..Patch::default() };
    world.lifecycle.patch(row.id, enabled(false)).await.unwrap();
    other.until_answers(NAME, None).await;
    assert!(other.lifecycle.snapshot().get(NAME).is_some_and(|one| !one.row.enabled));
    // And the other way round.
    other.lifecycle.patch(row.id, enabled(true)).await.unwrap();
    let this = world.replica().await;
    this.until_answers(NAME, Some(&says("2.0.0"))).await;

    world.lifecycle.uninstall(row.id).await.unwrap();
    other.until_answers(NAME, None).await;
    while other.lifecycle.snapshot().get(NAME).is_some() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_file_is_never_missing_because_another_host_upgraded() {
    let world = World::new().await;
    let other = world.replica().await;
    let row = world.install(&bundle("1.0.0")).await;
    other.until_answers(NAME, Some(&says("1.0.0"))).await;
    // Asked all the time, also in the instants between the removal of the old files and the news.
    let other = Arc::new(other);
    let requests = tokio::spawn({
        let other = Arc::clone(&other);
        async move {
            let (mut asked, mut seen) = (0_u32, Vec::new());
            while seen.last().is_none_or(|last| last != "a of 1.0.9") {
                let text = other.file().await.expect("both versions have the file");
                asked += 1;
                if seen.last() != Some(&text) {
                    seen.push(text);
                }
            }
            (asked, seen)
        }
    });
    for patch in 1..10 {
        world.catalog.publish(&bundle(&format!("1.0.{patch}")));
        world.lifecycle.upgrade(row.id).await.unwrap();
    }
    let (asked, seen) = requests.await.unwrap();
    assert!(asked >= 2 && seen.is_sorted(), "{asked} {seen:?}");
}

#[tokio::test]
async fn two_hosts_never_work_on_one_plugin_at_a_time() {
    let world = World::new().await;
    let other = world.replica().await;
    world.catalog.publish(&bundle("1.0.0"));
    let gate = world.catalog.gate();
    let lifecycle = world.lifecycle.clone();
    let first = tokio::spawn(async move { lifecycle.install(NAME, true).await });
    gate.asked.notified().await;
    let (code, _) = refusal(other.lifecycle.install(NAME, true).await);
    assert_eq!(code, ErrorCode::PluginBusy);
    gate.open.notify_one();
    first.await.unwrap().unwrap();
    let (code, _) = refusal(other.lifecycle.install(NAME, true).await);
    assert_eq!(code, ErrorCode::PluginNameTaken);
}

#[tokio::test]
async fn what_a_dead_host_left_is_settled_by_one_that_lives() {
    let world = World::new().await;
    world.install(&bundle("1.0.0")).await;
    let before = world.state().await;
    let other = world.replica().await;
    // A host recorded an upgrade, and its lock went with it.
    let operations = world.database.plugin_operations();
    let name = PluginName::parse(NAME).unwrap();
    operations.begin(&name, Action::Upgrade).await.unwrap();
    while operations.find(&name).await.unwrap().is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(world.state().await, before);
    assert_eq!(other.restored.settled, 0, "found later");
}

#[tokio::test]
async fn a_host_that_was_away_catches_up() {
    let world = World::new().await;
    let row = world.install(&bundle("1.0.0")).await;
    let other = world.replica().await;
    other.until_answers(NAME, Some(&says("1.0.0"))).await;
    // Its session that listens is gone, with what is announced meanwhile.
    let mut session = PgConnection::connect(&world.url).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE query LIKE 'LISTEN%' AND datname = current_database()",
    )
    .execute(&mut session)
    .await
    .unwrap();
    world.catalog.publish(&bundle("2.0.0"));
    world.lifecycle.upgrade(row.id).await.unwrap();
    other.until_answers(NAME, Some(&says("2.0.0"))).await;
}

/// A world whose files are in a bucket.
async fn in_a_bucket() -> (S3Server, ArtifactStore, World) {
    let server = S3Server::start().await.unwrap();
    let store = bucket(&server).await;
    let world = World::on_store(store.clone()).await;
    (server, store, world)
}

async fn bucket(server: &S3Server) -> ArtifactStore {
    let config = ArtifactStoreConfig::S3 {
        bucket: BUCKET.to_owned(),
        prefix: "plugins".to_owned(),
        variables: server.variables(),
    };
    ArtifactStore::open(config).await.unwrap()
}

fn objects(server: &S3Server) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    count(&server.objects().join("plugins"))
}

#[tokio::test]
async fn hosts_share_what_is_in_a_bucket() {
    let (server, store, world) = in_a_bucket().await;
    let other = world.replica_on(bucket(&server).await).await;
    let row = world.install(&bundle("1.0.0")).await;
    other.until_answers(NAME, Some(&says("1.0.0"))).await;
    assert_eq!(other.file().await.as_deref(), Some("a of 1.0.0"));
    let files = objects(&server);

    world.catalog.publish(&bundle("2.0.0"));
    other.lifecycle.upgrade(row.id).await.unwrap();
    assert_eq!(other.file().await.as_deref(), Some("a of 2.0.0"));
    assert_eq!(objects(&server), files, "those of the old version are gone");
    // A host that starts now has nothing but the bucket and the database.
    let third = world.replica_on(store).await;
    assert_eq!((third.restored.installed, third.restored.failed), (1, 0));
    third.until_answers(NAME, Some(&says("2.0.0"))).await;

    world.lifecycle.uninstall(row.id).await.unwrap();
    assert_eq!(objects(&server), 0);
}

#[tokio::test]
async fn a_bucket_that_is_away_fails_operations_and_nothing_that_runs() {
    let (mut server, _, world) = in_a_bucket().await;
    let row = world.install(&bundle("1.0.0")).await;
    server.stop();
    world.catalog.publish(&bundle("2.0.0"));
    let (code, details) = refusal(world.lifecycle.upgrade(row.id).await);
    assert_eq!((code, details), (ErrorCode::ServiceUnavailable, serde_json::Value::Null));
    assert_eq!(world.answer(NAME).await, Some(says("1.0.0")));
    // One that starts meanwhile has the plugin, without its code, and gets that later by itself.
    let other = world.replica_on(bucket(&server).await).await;
    assert_eq!((other.restored.installed, other.restored.failed), (1, 1));
    server.start_again().await.unwrap();
    other.until_answers(NAME, Some(&says("1.0.0"))).await;
    world.lifecycle.upgrade(row.id).await.unwrap();
    other.until_answers(NAME, Some(&says("2.0.0"))).await;
}

#[tokio::test]
async fn a_host_that_lost_its_lock_changes_nothing() {
    let world = World::new().await;
    let other = world.replica().await;
    let row = world.install(&bundle("1.0.0")).await;
    other.until_answers(NAME, Some(&says("1.0.0"))).await;
    world.catalog.publish(&bundle("2.0.0"));
    let gate = world.catalog.gate_artifact(NAME, "2.0.0", "backend");
    let lifecycle = world.lifecycle.clone();
    let upgrade = tokio::spawn(async move { lifecycle.upgrade(row.id).await });
    gate.asked.notified().await;
    // The network between host and database breaks in the middle of a download.
    let mut session = PgConnection::connect(&world.url).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE state = 'idle in transaction' AND datname = current_database()",
    )
    .execute(&mut session)
    .await
    .unwrap();
    let name = PluginName::parse(NAME).unwrap();
    while other.database.plugin_operations().find(&name).await.unwrap().is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    gate.open.notify_one();
    let (code, _) = refusal(upgrade.await.unwrap());
    assert_eq!(code, ErrorCode::InternalError);
    assert_eq!(world.answer(NAME).await, Some(says("1.0.0")));
    // Whole, and the next one works.
    world.catalog.publish(&bundle("2.0.0"));
    let row = world.lifecycle.upgrade(row.id).await.unwrap();
    assert_eq!(row.version, "2.0.0");
    other.until_answers(NAME, Some(&says("2.0.0"))).await;
}
