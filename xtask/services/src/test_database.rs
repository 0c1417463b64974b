//! A database per test, copied from a template in milliseconds.
//!
//! The first test that wants a template makes it; every test, in this process or another on the
//! same server, gets a copy. The copy is dropped with its handle; what a killed test left behind is
//! swept by a later one.

use std::{
    error::Error,
    str::FromStr as _,
    sync::mpsc,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sha2::{Digest as _, Sha256};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, postgres::PgConnectOptions};
use url::Url;

use crate::{ServicesError, postgres};

/// Databases older than this with nobody connected were left by a killed test.
const ABANDONED_AFTER: Duration = Duration::from_hours(2);

/// How long a migration's connections may take to be gone after it returned: Postgres needs a
/// moment to notice that a client hung up.
const DISCONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// How long a handle waits for its database to be dropped.
const PATIENCE: Duration = Duration::from_secs(1);

/// A database nobody else uses, dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    server: String,
    name: String,
    url: String,
}

impl TestDatabase {
    /// The database's URL, as a superuser of the server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The database's name on its server.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // The test's own runtime may be the one that is dropping us, so a runtime of our own. What
        // cannot be dropped now is swept later.
        let (dropped, waiting) = mpsc::channel();
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            let done = runtime.block_on(async {
                let mut connection = connect(&server).await.ok()?;
                let statement = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
                sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.ok()
            });
            dropped.send(done).ok()
        });
        // A connection that the test was just opening keeps the server waiting, and nobody drives it
        // while we are here. The server finishes once it is closed.
        let _ = waiting.recv_timeout(PATIENCE);
    }
}

/// A database of the caller's own on [`postgres()`], copied from the template `template_key`.
///
/// Where there is no such template yet, `migrate` is given the URL of an empty database to turn
/// into it, and has to have disconnected when it returns. The key names a state: when the schema
/// changes, so must the key (put a hash of the migrations into it), or a long-lived server hands
/// out the old state.
///
/// # Errors
/// [`ServicesError::NoWay`] without a Postgres; [`ServicesError::TestDatabase`] when the migration
/// fails or leaves a connection open, or the server refuses.
pub async fn test_database<M, F, E>(
    template_key: &str,
    migrate: M,
) -> Result<TestDatabase, ServicesError>
where
    M: FnOnce(String) -> F,
    F: Future<Output = Result<(), E>>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let server = postgres().await?.url.clone();
    let mut connection = connect(&server).await.map_err(|e| step("connecting to the server", e))?;
    let template = template_name(template_key);
    if !exists(&mut connection, &template).await? {
        // Only the maker of a template waits for other makers.
        let lock = i64::from_be_bytes(digest(template_key)[..8].try_into().expect("32 bytes"));
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(lock)
            .execute(&mut connection)
            .await
            .map_err(|e| step("waiting for the template's lock", e))?;
        if !exists(&mut connection, &template).await? {
            sweep(&mut connection).await?;
            make_template(&mut connection, &server, &template, migrate).await?;
        }
        sqlx::query("SELECT pg_advisory_unlock($1)")
            .bind(lock)
            .execute(&mut connection)
            .await
            .map_err(|e| step("releasing the template's lock", e))?;
    }
    create(&mut connection, &server, &format!("TEMPLATE \"{template}\"")).await
}

/// An empty database of the caller's own on `server`, a superuser's URL.
///
/// # Errors
/// [`ServicesError::TestDatabase`] when the server refuses.
pub async fn empty_database(server: &str) -> Result<TestDatabase, ServicesError> {
    let mut connection = connect(server).await.map_err(|e| step("connecting to the server", e))?;
    sweep(&mut connection).await?;
    create(&mut connection, server, "").await
}

async fn create(
    connection: &mut PgConnection,
    server: &str,
    options: &str,
) -> Result<TestDatabase, ServicesError> {
    let name = format!("hostproof_test_{:x}_{}", now().as_secs(), uuid::Uuid::new_v4().simple());
    run(connection, &format!("CREATE DATABASE \"{name}\" {options}")).await?;
    let url = with_database(server, &name)?;
    Ok(TestDatabase { server: server.to_owned(), name, url })
}

async fn make_template<M, F, E>(
    connection: &mut PgConnection,
    server: &str,
    template: &str,
    migrate: M,
) -> Result<(), ServicesError>
where
    M: FnOnce(String) -> F,
    F: Future<Output = Result<(), E>>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    // Under another name until it is finished: a half-made template is never taken for one.
    let draft = format!("{template}_draft");
    run(connection, &format!("DROP DATABASE IF EXISTS \"{draft}\" WITH (FORCE)")).await?;
    run(connection, &format!("CREATE DATABASE \"{draft}\"")).await?;
    migrate(with_database(server, &draft)?).await.map_err(|e| step("migrating the template", e))?;
    wait_until_unused(connection, &draft).await?;
    // Copying needs a template that nobody is connected to; so nobody can be.
    run(connection, &format!("ALTER DATABASE \"{draft}\" WITH ALLOW_CONNECTIONS false")).await?;
    run(connection, &format!("ALTER DATABASE \"{draft}\" RENAME TO \"{template}\"")).await
}

async fn wait_until_unused(
    connection: &mut PgConnection,
    database: &str,
) -> Result<(), ServicesError> {
    let deadline = tokio::time::Instant::now() + DISCONNECT_DEADLINE;
    loop {
        let open: i64 =
            sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE datname = $1")
                .bind(database)
                .fetch_one(&mut *connection)
                .await
                .map_err(|e| step("counting the template's connections", e))?;
        if open == 0 {
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            let said = format!("the migration returned and left {open} connection(s) open");
            return Err(step("migrating the template", said));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Drops test databases that are old and unused. A database that is used refuses, and stays.
async fn sweep(connection: &mut PgConnection) -> Result<(), ServicesError> {
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT datname FROM pg_database WHERE starts_with(datname, 'hostproof_test_')",
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(|e| step("looking for abandoned databases", e))?;
    let limit = now().saturating_sub(ABANDONED_AFTER).as_secs();
    for name in names.iter().filter(|name| made_at(name).is_some_and(|made| made < limit)) {
        let statement = format!("DROP DATABASE IF EXISTS \"{name}\"");
        let _ = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await;
    }
    Ok(())
}

/// Seconds since 1970, out of a test database's name.
fn made_at(name: &str) -> Option<u64> {
    let (made, _) = name.strip_prefix("hostproof_test_")?.split_once('_')?;
    u64::from_str_radix(made, 16).ok()
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn template_name(key: &str) -> String {
    format!("hostproof_template_{}", hex::encode(&digest(key)[..10]))
}

fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

fn with_database(server: &str, name: &str) -> Result<String, ServicesError> {
    let mut url = Url::parse(server).map_err(|e| step("reading the server's URL", e))?;
    url.set_path(name);
    Ok(url.into())
}

async fn exists(connection: &mut PgConnection, name: &str) -> Result<bool, ServicesError> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(connection)
        .await
        .map_err(|e| step("looking for the template", e))
}

/// Runs a statement whose names are ours: hashes and random numbers, never anybody's input.
async fn run(connection: &mut PgConnection, statement: &str) -> Result<(), ServicesError> {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(|e| step(statement, e))
}

async fn connect(server: &str) -> Result<PgConnection, sqlx::Error> {
    PgConnectOptions::from_str(server)?.disable_statement_logging().connect().await
}

fn step(step: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> ServicesError {
    ServicesError::TestDatabase { step: step.into(), source: source.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_when_it_was_made() {
        assert_eq!(made_at("hostproof_test_ff_0a0b"), Some(255));
        assert_eq!(made_at("hostproof_test_zz_0a0b"), None);
        assert_eq!(made_at("somebody_elses"), None);
    }

    #[test]
    fn a_template_is_named_for_its_key() {
        assert_eq!(template_name("a"), template_name("a"));
        assert_ne!(template_name("a"), template_name("b"));
        // Postgres cuts names at 63 bytes, silently.
        assert!(format!("{}_draft", template_name("a")).len() <= 63);
    }
}
