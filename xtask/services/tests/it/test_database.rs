//! Databases for tests: one each, from a template made once.

use std::{
    io,
    sync::atomic::{AtomicUsize, Ordering},
};

use services::{ServicesError, TestDatabase, test_database};
use sqlx::{Connection as _, PgConnection};

async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

async fn migrate(url: String) -> Result<(), sqlx::Error> {
    let mut connection = connect(&url).await;
    sqlx::raw_sql("CREATE TABLE things (name text)").execute(&mut connection).await?;
    connection.close().await
}

async fn count(database: &TestDatabase) -> i64 {
    let mut connection = connect(database.url()).await;
    sqlx::query_scalar("SELECT count(*) FROM things").fetch_one(&mut connection).await.unwrap()
}

/// A key of this process alone, on a server that others may use as well.
fn key(name: &str) -> String {
    format!("{name}-{}", uuid::Uuid::new_v4())
}

#[tokio::test]
async fn the_template_is_made_once_and_its_copies_are_separate() {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let key = key("copies");
    let make = async || {
        test_database(&key, async |url| {
            MADE.fetch_add(1, Ordering::Relaxed);
            migrate(url).await
        })
        .await
        .unwrap()
    };
    // At the same time, so that the makers have to wait for each other.
    let (first, second) = tokio::join!(make(), make());
    assert_eq!(MADE.load(Ordering::Relaxed), 1);
    let mut connection = connect(first.url()).await;
    sqlx::query("INSERT INTO things VALUES ('x')").execute(&mut connection).await.unwrap();
    assert_eq!((count(&first).await, count(&second).await), (1, 0));
}

#[tokio::test]
async fn a_dropped_database_is_gone_even_with_somebody_connected() {
    let database = test_database(&key("dropped"), migrate).await.unwrap();
    let name = database.name().to_owned();
    let _still_connected = connect(database.url()).await;
    drop(database);
    let mut server = connect(&services::postgres().await.unwrap().url).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_database WHERE datname = $1")
        .bind(name)
        .fetch_one(&mut server)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_failed_migration_is_reported_and_leaves_no_template() {
    let key = key("failed");
    let fail = async |_url| Err::<(), _>(io::Error::other("no such luck"));
    let error = test_database(&key, fail).await.unwrap_err();
    let ServicesError::TestDatabase { step, source } = error else { panic!("{error:?}") };
    assert_eq!(step, "migrating the template");
    assert_eq!(source.to_string(), "no such luck");
    let database = test_database(&key, migrate).await.unwrap();
    assert_eq!(count(&database).await, 0);
}

#[tokio::test]
async fn the_valkeys_of_two_tests_are_two() {
    let (one, other) = tokio::join!(services::own_valkey(), services::own_valkey());
    assert_ne!(one.unwrap().url(), other.unwrap().url());
    assert!(services::valkey().await.unwrap().url.starts_with("redis://"));
}
