//! Sessions of plugins: bounded, shared, replaced; and the store being away.

use std::time::{Duration, Instant};

use policy::sql::code;

use crate::support::{Host, as_files, config, scalar};

const OPEN: &str = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'hostproof-plugin'";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_plugins_together_stay_within_the_bound() {
    let host = Host::start().await;
    let mut plugins = Vec::new();
    for number in 0..8 {
        plugins.push(host.plugin(&format!("p{number}"), &[]).await);
    }
    let mut superuser = host.superuser().await;
    let mut running = tokio::task::JoinSet::new();
    for plugin in &plugins {
        for _ in 0..6 {
            let (database, name) = (host.database.clone(), plugin.name.clone());
            running.spawn(async move {
                let sql = "SELECT pg_sleep(0.01)::text";
                let access = storage::plugin_sql::Access::ReadOnly;
                database.plugin_sql().query(&name, access, sql, None).await.unwrap();
            });
        }
    }
    let mut most = 0;
    while running.try_join_next().is_some() || !running.is_empty() {
        most = most.max(scalar::<i64>(&mut superuser, OPEN).await);
    }
    // The bound is 4, against the 16 that eight plugins may have by themselves. The server still
    // counts those that have said goodbye and are on their way out.
    assert!((2..=8).contains(&most), "{most} sessions at once");
}

#[tokio::test]
async fn a_plugin_that_waits_for_itself_leaves_room_for_others() {
    let host = Host::start_with(|config| config.acquire_timeout = Duration::from_millis(500)).await;
    let (slow, other) = (host.plugin("slow", &[]).await, host.plugin("other", &[]).await);
    let sleeping = || slow.query("SELECT pg_sleep(2)::text", "");
    let (one, two, three, quick) = tokio::join!(sleeping(), sleeping(), sleeping(), async {
        let began = Instant::now();
        for _ in 0..20 {
            other.value("SELECT 1").await;
        }
        began.elapsed()
    });
    let outcomes = [one, two, three];
    let refused: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1, "two sessions each");
    assert_eq!(refused[0].code, code::TIMEOUT);
    assert!(quick < Duration::from_secs(2), "{quick:?}");
}

#[tokio::test]
async fn a_session_the_server_ended_is_replaced() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    let pid = plugin.value("SELECT pg_backend_pid()").await;
    let mut superuser = host.superuser().await;
    let ended: bool =
        scalar(&mut superuser, &format!("SELECT pg_terminate_backend({pid}, 5000)")).await;
    assert!(ended);
    assert_ne!(plugin.value("SELECT pg_backend_pid()").await, pid);
}

#[tokio::test]
async fn a_cancelled_call_ends_its_statement() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    let call = plugin.query("SELECT pg_sleep(60)::text", "");
    tokio::time::timeout(Duration::from_millis(300), call).await.expect_err("it sleeps");
    let mut superuser = host.superuser().await;
    let began = Instant::now();
    while scalar::<i64>(&mut superuser, OPEN).await > 0 {
        assert!(began.elapsed() < Duration::from_secs(2), "the statement went on alone");
        tokio::task::yield_now().await;
    }
    assert_eq!(plugin.value("SELECT 1").await, 1);
}

#[tokio::test]
async fn a_migration_renews_what_sessions_had_prepared() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    let first = ("1.sql", "CREATE TABLE t (a int)");
    plugin.migrate(&[first]).await.unwrap();
    let columns = async || plugin.query("SELECT * FROM t", "").await.unwrap()["columns"].clone();
    assert_eq!(columns().await, serde_json::json!(["a"]));
    plugin.migrate(&[first, ("2.sql", "ALTER TABLE t ADD COLUMN b int")]).await.unwrap();
    assert_eq!(columns().await, serde_json::json!(["a", "b"]));
}

#[tokio::test]
async fn a_migration_by_another_host_is_noticed() {
    let host = Host::start_with(|config| config.plugin_connections_each = 1).await;
    let plugin = host.plugin("a", &[]).await;
    let first = ("1.sql", "CREATE TABLE t (a int)");
    plugin.migrate(&[first]).await.unwrap();
    plugin.query("SELECT * FROM t", "").await.unwrap();
    let session = plugin.value("SELECT pg_backend_pid()").await;

    let policy = std::sync::Arc::default();
    let other = storage::Database::connect(&config(host.copy.url()), policy).await.unwrap();
    let files = as_files(&[first, ("2.sql", "ALTER TABLE t ADD COLUMN b int")]);
    other.migrations().run(&plugin.name, &files).await.unwrap();
    other.close().await;
    assert_eq!(plugin.value("SELECT pg_backend_pid()").await, session, "still the same session");
    let found = plugin.query("SELECT * FROM t", "").await.unwrap();
    assert_eq!(found["columns"], serde_json::json!(["a", "b"]));
}

#[tokio::test]
async fn a_store_that_is_away_says_so() {
    let host = Host::start().await;
    let plugin = host.plugin("a", &[]).await;
    host.database.ping().await.unwrap();
    host.database.close().await;
    assert!(host.database.ping().await.unwrap_err().is_unavailable());
    assert!(host.database.registry().list().await.unwrap_err().is_unavailable());
    assert!(plugin.query("SELECT 1", "").await.unwrap_err().is_unavailable());

    // Nobody listens on port 1.
    let mut nowhere = config("postgres://u:p@127.0.0.1:1/d");
    nowhere.acquire_timeout = Duration::from_millis(500);
    let error = storage::Database::connect(&nowhere, std::sync::Arc::default()).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    let nonsense = config("not a url");
    let error = storage::Database::connect(&nonsense, std::sync::Arc::default()).await.unwrap_err();
    assert!(matches!(error, storage::StorageError::InvalidUrl { .. }), "{error}");
}
