//! Removing a plugin (decision L4).

use contract::api::ErrorCode;
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::support::bundle::{Bundle, guest_calling_sql};
use crate::support::refusal;
use crate::support::world::{World, answer};

const NAME: &str = "com.example.removed";
const DOWN: &str = "DROP TABLE items";

async fn items(world: &World) -> Option<i64> {
    let mut connection = PgConnection::connect(&world.url).await.unwrap();
    let sql = "SELECT count(*) FROM plugin_data_com_example_removed.items";
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.ok()
}

fn writing_init() -> Bundle {
    let sql = "INSERT INTO items (id, title) VALUES (1, 'kept') ON CONFLICT DO NOTHING";
    Bundle::new(NAME, "1.0.0").with(|bundle| bundle.wasm = Some(guest_calling_sql("hello", sql)))
}

#[tokio::test]
async fn row_code_and_files_go_and_data_stays_for_the_next_installation() {
    let mut world = World::new().await;
    let bundle = writing_init().with(|bundle| {
        bundle.frontend = vec![("a.js".into(), "a".into())];
        bundle.mcp = vec![("mcp.js".into(), "a".into())];
    });
    let row = world.install(&bundle).await;
    assert_eq!(items(&world).await, Some(1));
    world.lifecycle.uninstall(row.id).await.unwrap();

    let state = world.state().await;
    assert_eq!((state.rows.len(), state.files.len(), state.running.len()), (0, 0, 0), "{state:?}");
    assert_eq!(items(&world).await, Some(1));
    let may_log_in = |role: &&String| role.contains("login true");
    assert_eq!(state.roles.iter().find(may_log_in), None, "nobody uses what is left");
    world.restart().await;
    assert_eq!(world.state().await, state);

    // Another plugin does not inherit it; the same one does.
    world.catalog.publish(&Bundle::new("com.example-removed", "1.0.0"));
    let (code, _) = refusal(world.lifecycle.install("com.example-removed", true).await);
    assert_eq!(code, ErrorCode::PluginSchemaConflict);
    world.install(&Bundle::new(NAME, "1.0.0")).await;
    assert_eq!(items(&world).await, Some(1));
}

#[tokio::test]
async fn a_failed_reinstallation_leaves_kept_data() {
    let world = World::new().await;
    let row = world.install(&writing_init()).await;
    world.lifecycle.uninstall(row.id).await.unwrap();
    let before = world.state().await;
    let bad =
        Bundle::new(NAME, "1.0.0").migration("0002_bad.sql", "CREATE TABLE bad (id nonsense)");
    world.catalog.publish(&bad);
    let (code, _) = refusal(world.lifecycle.install(NAME, true).await);
    assert_eq!(code, ErrorCode::PluginMigrationFailed);
    assert_eq!(world.state().await, before);
    assert_eq!(items(&world).await, Some(1));
}

#[tokio::test]
async fn down_migrations_run_in_reverse_order() {
    let world = World::new().await;
    // The second table refers to the first, so the first cannot go before it.
    let bundle = writing_init()
        .migration("0001_items.down.sql", DOWN)
        .migration("0002_parts.sql", "CREATE TABLE parts (item bigint REFERENCES items (id))")
        .migration("0002_parts.down.sql", "DROP TABLE parts");
    let row = world.install(&bundle).await;
    assert_eq!(items(&world).await, Some(1), "down files are not applied by an installation");
    world.lifecycle.uninstall(row.id).await.unwrap();
    assert_eq!(items(&world).await, None);
    world.install(&bundle).await;
    assert_eq!(items(&world).await, Some(1), "made anew");
}

#[tokio::test]
async fn a_down_migration_that_fails_keeps_the_plugin() {
    let mut world = World::new().await;
    let bundle = Bundle::new(NAME, "1.0.0")
        .migration("0001_items.down.sql", "DROP TABLE nowhere")
        .migration("0002_parts.sql", "CREATE TABLE parts (id bigint)")
        .migration("0002_parts.down.sql", "DROP TABLE parts");
    let row = world.install(&bundle).await;
    let before = world.state().await;
    let (code, details) = refusal(world.lifecycle.uninstall(row.id).await);
    assert_eq!(code, ErrorCode::PluginMigrationFailed);
    assert_eq!(details["file"], "0001_items.down.sql");
    // The table that had gone is there again, though empty.
    let after = world.state().await;
    assert_eq!((&after.rows, &after.files), (&before.rows, &before.files));
    assert_eq!(after.running, before.running);
    assert!(after.schemas.iter().any(|line| line.contains(".parts ")), "{:?}", after.schemas);
    world.restart().await;
    assert_eq!(world.state().await, after);
}

#[tokio::test]
async fn a_request_under_way_finishes() {
    let world = World::new().await;
    let row = world.install(&Bundle::new(NAME, "1.0.0")).await;
    let started = world.installed(NAME).unwrap();
    let lifecycle = world.lifecycle.clone();
    let removal = tokio::spawn(async move { lifecycle.uninstall(row.id).await });
    // Gone for new requests, there for the one that has it.
    while world.installed(NAME).is_some() {
        tokio::task::yield_now().await;
    }
    assert_eq!(answer(&started).await.as_deref(), Some("com.example.removed 1.0.0"));
    drop(started);
    removal.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_not_installed_cannot_be_removed() {
    let world = World::new().await;
    let (code, _) = refusal(world.lifecycle.uninstall(Uuid::nil()).await);
    assert_eq!(code, ErrorCode::PluginNotFound);
}
