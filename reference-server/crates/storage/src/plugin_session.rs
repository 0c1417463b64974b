//! Sessions that log in as a plugin's own role, and the pool that bounds them.
//!
//! One pool for all plugins rather than one each: what is scarce is the server's connections, and a
//! thousand idle plugins must hold none. Idle sessions are kept for a while and given up, oldest
//! first, when another plugin needs the place.
//!
//! A session that is not handed back (the call was cancelled, the statement broke off, the result
//! was too large) is closed. Closing ends its statement too: Postgres looks every
//! [`CLIENT_CHECK_MS`] whether anybody still waits.

mod pool;

use std::sync::Arc;
use std::time::Duration;

use contract::name::PluginName;
use policy::sql::code;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use tokio::sync::OwnedSemaphorePermit;

use crate::database::Database;
use crate::plugin_schema::{Identity, RoleNames};
use crate::plugin_sql::{Access, SqlError};

pub(crate) use pool::{AcquireError, SessionPool};

/// How often Postgres checks, during a statement, that the client is still there.
const CLIENT_CHECK_MS: u32 = 500;

/// How long a session may sit in an open transaction without a word, should the host stop in the
/// middle of one.
const IDLE_IN_TRANSACTION_MS: u32 = 30_000;

/// Opens sessions as plugin roles.
#[derive(Clone)]
pub(crate) struct Login {
    options: PgConnectOptions,
    names: RoleNames,
    timeout: Duration,
}

impl Login {
    /// Logs in to the server and database of `options`; its user and password are replaced.
    pub(crate) fn new(options: PgConnectOptions, names: RoleNames, timeout: Duration) -> Self {
        // Statements are the plugin's; they may hold what nobody should find in a log.
        let options =
            options.application_name("hostproof-plugin").disable_statement_logging().options([
                ("client_connection_check_interval", CLIENT_CHECK_MS.to_string()),
                ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_MS.to_string()),
                // Text that Postgres prints for a plugin does not depend on how a server is set up.
                ("timezone", "UTC".to_owned()),
                ("datestyle", "ISO".to_owned()),
                ("intervalstyle", "postgres".to_owned()),
                ("bytea_output", "hex".to_owned()),
                // The guard reads string literals so; the server has to read them the same way.
                ("standard_conforming_strings", "on".to_owned()),
            ]);
        Self { options, names, timeout }
    }

    /// A fresh session of that role.
    pub(crate) async fn open(&self, role: &str) -> Result<PgConnection, sqlx::Error> {
        let options = self.options.clone().username(role).password(&self.names.password(role));
        tokio::time::timeout(self.timeout, options.connect())
            .await
            .unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut))
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The options hold the host's own password.
        f.debug_struct("Login").field("names", &self.names).finish_non_exhaustive()
    }
}

/// A session of a plugin's runtime role, with an open transaction.
#[derive(Debug)]
pub(crate) struct Session {
    /// Present until the session is handed back.
    connection: Option<PgConnection>,
    role: String,
    pool: Arc<SessionPool>,
    _permits: [OwnedSemaphorePermit; 2],
}

impl Session {
    /// A session of the plugin's, with a transaction begun.
    pub(crate) async fn of_plugin(
        database: &Database,
        plugin: &PluginName,
        access: Access,
    ) -> Result<Self, SqlError> {
        let identity = database
            .names()
            .identity(plugin)
            .map_err(|error| SqlError::new(code::DATABASE_ERROR, error.to_string()))?;
        let timeout = database.policy().limits.sql_statement_duration;
        Ok(Self::begin(database.sessions(), &identity, access, timeout).await?)
    }

    /// Takes a session and begins a transaction in it.
    ///
    /// Whatever an earlier statement of the same plugin left behind (a switched role, changed
    /// settings) is undone first. A kept session that turns out to be dead is replaced. All of it
    /// takes no longer than a session may be waited for: a server that hangs is told to the plugin
    /// as an error, before the call's own time is over.
    async fn begin(
        pool: &Arc<SessionPool>,
        identity: &Identity,
        access: Access,
        statement_timeout: Duration,
    ) -> Result<Self, AcquireError> {
        let role = &identity.runtime_role;
        let deadline = pool.deadline();
        let permits = pool.permits(role).await?;
        let mut session = Self {
            connection: None,
            role: role.clone(),
            pool: Arc::clone(pool),
            _permits: permits,
        };
        let begin = begin_statement(identity.schema.as_str(), access, statement_timeout);
        let connection = tokio::time::timeout_at(deadline, begun(pool, role, begin)).await;
        let connection = connection.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        session.connection = Some(connection.map_err(AcquireError::Database)?);
        Ok(session)
    }

    /// The connection, for statements of this transaction.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("a session has its connection until it is handed back")
    }

    /// Ends the transaction by its outcome, and hands the session back.
    pub(crate) async fn settle<T>(mut self, outcome: Result<T, SqlError>) -> Result<T, SqlError> {
        match &outcome {
            Ok(_) => self.finish("COMMIT").await?,
            Err(error) if error.is_by_postgres() => {
                if let Err(error) = self.finish("ROLLBACK").await {
                    tracing::debug!(%error, "a plugin session is given up");
                }
            }
            // Where in the conversation a failure of another kind left the session is unknown; it
            // is closed, which rolls back.
            Err(_) => {}
        }
        outcome
    }

    /// Undoes the transaction, and hands the session back.
    pub(crate) async fn roll_back(mut self) -> Result<(), SqlError> {
        Ok(self.finish("ROLLBACK").await?)
    }

    async fn finish(&mut self, end: &'static str) -> Result<(), sqlx::Error> {
        let Some(mut connection) = self.connection.take() else { return Ok(()) };
        // What outlives a transaction and could keep others waiting: locks and subscriptions.
        let statement = format!("{end}; SELECT pg_catalog.pg_advisory_unlock_all(); UNLISTEN *");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
        self.pool.keep(&self.role, connection);
        Ok(())
    }
}

/// A connection in which `begin` has run: a kept one, or a fresh one where that is dead.
async fn begun(pool: &SessionPool, role: &str, begin: String) -> Result<PgConnection, sqlx::Error> {
    if let Some(mut kept) = pool.take_idle(role)
        && sqlx::raw_sql(AssertSqlSafe(begin.clone())).execute(&mut kept).await.is_ok()
    {
        return Ok(kept);
    }
    let mut fresh = pool.open(role).await?;
    sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut fresh).await?;
    Ok(fresh)
}

/// Everything before a plugin's statement, in one round trip.
fn begin_statement(schema: &str, access: Access, statement_timeout: Duration) -> String {
    let mode = match access {
        Access::ReadOnly => "READ ONLY",
        Access::ReadWrite => "READ WRITE",
    };
    let settings = settings_statement(schema, statement_timeout);
    format!(
        "RESET SESSION AUTHORIZATION; \
         BEGIN ISOLATION LEVEL READ COMMITTED {mode}; \
         {settings}"
    )
}

/// The role and the settings that every statement of a plugin begins with, whatever the one before
/// it did. To be run in a transaction.
pub(crate) fn settings_statement(schema: &str, statement_timeout: Duration) -> String {
    let timeout = statement_timeout.as_millis().max(1);
    format!(
        "RESET ROLE; RESET ALL; SET LOCAL search_path TO {schema}, public; \
         SET LOCAL statement_timeout TO {timeout}"
    )
}

/// Ends a session politely, without anybody waiting for it.
fn close(connection: PgConnection) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(connection.close());
    }
}
