//! Operations on plugins: one at a time, committed whole, and left in the open by hosts that die.

use std::time::Duration;

use contract::name::PluginName;
use serde_json::json;
use sqlx::Connection as _;
use storage::plugin_operations::{Action, Committed, RowChange};
use storage::registry_changes::Change;
use storage::{Database, StorageError};
use uuid::Uuid;

use crate::support::{Host, config};

const NAME: &str = "com.example.a";

fn name() -> PluginName {
    PluginName::parse(NAME).unwrap()
}

/// Another host on the same database.
async fn another(host: &Host) -> Database {
    Database::connect(&config(host.copy.url()), std::sync::Arc::default()).await.unwrap()
}

#[tokio::test]
async fn the_registry_gives_back_what_was_shipped() {
    let host = Host::start().await;
    let registry = host.database.registry();
    let manifest = json!({"id": NAME, "backend": {"routes": [{"middlewares": []}]}, "x": [1.5]});
    let release = Some(Uuid::new_v4());
    let insert =
        RowChange::Insert { version: "1.0.0", manifest: &manifest, enabled: false, release };
    let row = host.change(NAME, Action::Install, insert).await.unwrap().unwrap();
    assert_eq!(registry.by_name(NAME).await.unwrap().as_ref(), Some(&row));
    assert_eq!((row.manifest.clone(), row.enabled, row.release), (manifest, false, release));

    let taken = host.change(NAME, Action::Install, insert_nothing()).await.unwrap_err();
    assert!(taken.is_conflict() && !taken.is_unavailable(), "{taken}");

    let update = RowChange::Update {
        id: row.id,
        version: Some("1.1.0"),
        manifest: None,
        enabled: Some(true),
        release: None,
    };
    let changed = host.change(NAME, Action::Change, update).await.unwrap().unwrap();
    assert_eq!((changed.version.as_str(), changed.enabled), ("1.1.0", true));
    assert_eq!((&changed.manifest, changed.release), (&row.manifest, release));
    assert!(changed.revision > row.revision);
    assert_eq!(registry.list().await.unwrap(), std::slice::from_ref(&changed));
    assert_eq!(registry.revisions().await.unwrap(), [(NAME.to_owned(), changed.revision)]);

    let delete = RowChange::Delete { id: row.id };
    assert_eq!(host.change(NAME, Action::Uninstall, delete).await.unwrap(), None);
    assert!(registry.get(row.id).await.unwrap().is_none());
}

fn insert_nothing() -> RowChange<'static> {
    static NOTHING: std::sync::LazyLock<serde_json::Value> = std::sync::LazyLock::new(|| json!({}));
    RowChange::Insert { version: "1.0.0", manifest: &NOTHING, enabled: true, release: None }
}

#[tokio::test]
async fn a_plugin_is_locked_for_every_host_until_it_is_given_back() {
    let host = Host::start().await;
    let other = another(&host).await;
    let schema = name().schema_name().unwrap();
    let lock = host.database.plugin_operations().lock(&schema).await.unwrap().unwrap();
    assert!(host.database.plugin_operations().lock(&schema).await.unwrap().is_none());
    assert!(other.plugin_operations().lock(&schema).await.unwrap().is_none());
    // Another plugin is another matter.
    let neighbour = PluginName::parse("com.example.b").unwrap().schema_name().unwrap();
    assert!(other.plugin_operations().lock(&neighbour).await.unwrap().is_some());
    lock.release().await;
    assert!(other.plugin_operations().lock(&schema).await.unwrap().is_some());
}

#[tokio::test]
async fn the_lock_of_a_session_that_ends_is_free() {
    let host = Host::start().await;
    let schema = name().schema_name().unwrap();
    let operations = host.database.plugin_operations();
    let _lock = operations.lock(&schema).await.unwrap().unwrap();
    let mut superuser = host.superuser().await;
    // As when its host is killed: the server ends the session.
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE state = 'idle in transaction' AND datname = current_database()",
    )
    .execute(&mut superuser)
    .await
    .unwrap();
    let mut free = operations.lock(&schema).await.unwrap();
    for _ in 0..500 {
        if free.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        free = operations.lock(&schema).await.unwrap();
    }
    panic!("the lock is still taken");
}

#[tokio::test]
async fn a_plugins_own_role_neither_sees_nor_takes_locks() {
    let host = Host::start().await;
    let plugin = host.plugin(NAME, &[]).await;
    for sql in ["SELECT * FROM public.plugin_locks", "SELECT * FROM public.plugin_operations"] {
        let error = plugin.query(sql, "[]").await.unwrap_err().to_string();
        assert!(error.contains("permission denied"), "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_record_says_whether_the_schema_is_new_and_stays_until_it_is_ended() {
    let host = Host::start().await;
    let operations = host.database.plugin_operations();
    let first = operations.begin(&name(), Action::Install).await.unwrap();
    assert!(first.schema_is_new && !first.committed);
    assert_eq!(operations.find(&name()).await.unwrap(), Some(first.clone()));
    assert_eq!(operations.list().await.unwrap(), std::slice::from_ref(&first));
    // One operation per plugin: the one before is settled first.
    assert!(operations.begin(&name(), Action::Upgrade).await.unwrap_err().is_conflict());
    operations.end(first.id).await.unwrap();
    assert_eq!(operations.find(&name()).await.unwrap(), None);

    host.plugin(NAME, &[]).await;
    assert!(!operations.begin(&name(), Action::Install).await.unwrap().schema_is_new);
}

#[tokio::test]
async fn who_comes_to_settle_an_operation_that_ended_takes_no_lock() {
    let host = Host::start().await;
    let operations = host.database.plugin_operations();
    let operation = operations.begin(&name(), Action::Upgrade).await.unwrap();
    let schema = name().schema_name().unwrap();
    operations.lock(&schema).await.unwrap().unwrap().release().await;
    let lock = operations.lock_to_settle(&schema, operation.id).await.unwrap();
    lock.expect("nobody works on it").release().await;
    operations.end(operation.id).await.unwrap();
    assert!(operations.lock_to_settle(&schema, operation.id).await.unwrap().is_none());
    assert!(operations.lock(&schema).await.unwrap().is_some());
}

#[tokio::test]
async fn row_and_record_change_together_or_not_at_all() {
    let host = Host::start().await;
    let operations = host.database.plugin_operations();
    let operation = operations.begin(&name(), Action::Upgrade).await.unwrap();
    let update = RowChange::Update {
        id: Uuid::nil(),
        version: Some("2.0.0"),
        manifest: None,
        enabled: None,
        release: None,
    };
    assert_eq!(operations.commit(&operation, update).await.unwrap(), Committed::NoSuchRow);
    assert!(!operations.find(&name()).await.unwrap().unwrap().committed);

    let done = operations.commit(&operation, insert_nothing()).await.unwrap();
    assert!(matches!(done, Committed::Row(Some(_))), "{done:?}");
    assert!(operations.find(&name()).await.unwrap().unwrap().committed);
}

#[tokio::test]
async fn a_host_that_was_superseded_changes_nothing() {
    let host = Host::start().await;
    let operations = host.database.plugin_operations();
    let operation = operations.begin(&name(), Action::Install).await.unwrap();
    // Another host found the lock free and settled it.
    another(&host).await.plugin_operations().end(operation.id).await.unwrap();
    let done = operations.commit(&operation, insert_nothing()).await.unwrap();
    assert_eq!(done, Committed::Superseded);
    assert!(host.database.registry().list().await.unwrap().is_empty());
}

#[tokio::test]
async fn other_hosts_hear_of_a_change_and_the_host_itself_does_not() {
    let host = Host::start().await;
    let other = another(&host).await;
    let (mut own, mut heard) = (host.database.registry_changes(), other.registry_changes());
    assert_eq!((own.next().await, heard.next().await), (Change::Unknown, Change::Unknown));
    host.change(NAME, Action::Install, insert_nothing()).await.unwrap();
    assert_eq!(heard.next().await, Change::Plugin(NAME.to_owned()));

    // What is rolled back is told to nobody: the next thing heard is the next thing done.
    host.change(NAME, Action::Install, insert_nothing()).await.unwrap_err();
    let operations = other.plugin_operations();
    let neighbour = PluginName::parse("com.example.b").unwrap();
    let operation = operations.begin(&neighbour, Action::Install).await.unwrap();
    operations.commit(&operation, insert_nothing()).await.unwrap();
    assert_eq!(own.next().await, Change::Plugin("com.example.b".to_owned()));
}

#[tokio::test]
async fn a_listener_whose_session_broke_looks_at_everything() {
    let host = Host::start().await;
    let mut changes = another(&host).await.registry_changes();
    assert_eq!(changes.next().await, Change::Unknown);
    let mut superuser = host.superuser().await;
    sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE query LIKE 'LISTEN%' AND datname = current_database()",
    )
    .execute(&mut superuser)
    .await
    .unwrap();
    assert_eq!(changes.next().await, Change::Unknown);
    host.change(NAME, Action::Install, insert_nothing()).await.unwrap();
    assert_eq!(changes.next().await, Change::Plugin(NAME.to_owned()));
    superuser.close().await.unwrap();
}

#[tokio::test]
async fn a_database_that_is_away_is_said_to_be() {
    let host = Host::start().await;
    host.database.close().await;
    let operations = host.database.plugin_operations();
    let schema = name().schema_name().unwrap();
    let error: StorageError = operations.lock(&schema).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    assert!(operations.begin(&name(), Action::Install).await.unwrap_err().is_unavailable());
}
