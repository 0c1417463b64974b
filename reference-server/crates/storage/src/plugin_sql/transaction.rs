//! A transaction over several statements of one call (decision A1).
//!
//! Each statement runs behind a savepoint. One that fails undoes itself and nothing else, so a guest
//! may try, look at the error and go on; and a reading statement is READ ONLY in the middle of a
//! transaction that writes, because Postgres takes that mode back with the savepoint.
//!
//! Settings are put back before each statement: what a function of the plugin's changed for the rest
//! of the transaction (a timeout, a search path) ends with the statement that called it.

use std::time::Duration;

use policy::sql::code;
use sqlx::{AssertSqlSafe, PgConnection};

use super::error::SqlError;
use super::params::{self, Param};
use super::{Access, PluginSql, statement};
use crate::database::Database;
use crate::plugin_kv;
use crate::plugin_session::{Session, settings_statement};
use contract::name::PluginName;

/// A plugin's open transaction. Dropped, it is rolled back, and its session closed.
#[derive(Debug)]
pub struct PluginTransaction {
    database: Database,
    session: Session,
    /// Every statement's settings.
    settings: String,
    /// False once nobody knows where the session stands: nothing may be committed then.
    whole: bool,
}

impl PluginSql<'_> {
    /// Begins a transaction for several statements.
    pub async fn begin(&self, plugin: &PluginName) -> Result<PluginTransaction, SqlError> {
        let session = Session::of_plugin(self.database, plugin, Access::ReadWrite).await?;
        let schema = plugin
            .schema_name()
            .map_err(|error| SqlError::new(code::DATABASE_ERROR, error.to_string()))?;
        let timeout: Duration = self.database.policy().limits.sql_statement_duration;
        Ok(PluginTransaction {
            database: self.database.clone(),
            session,
            settings: settings_statement(schema.as_str(), timeout),
            whole: true,
        })
    }
}

impl PluginTransaction {
    /// As [`PluginSql::query`], in this transaction.
    pub async fn query(
        &mut self,
        access: Access,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, SqlError> {
        let params = params::parse(params, &self.database.policy().limits)?;
        match self.query_once(access, sql, &params).await {
            Err(error) if error.is_stale_plan() => {
                self.forget_plans().await?;
                self.query_once(access, sql, &params).await
            }
            outcome => outcome,
        }
    }

    /// As [`PluginSql::exec`], in this transaction.
    pub async fn exec(&mut self, sql: &str, params: Option<&str>) -> Result<u64, SqlError> {
        let params = params::parse(params, &self.database.policy().limits)?;
        match self.exec_once(sql, &params).await {
            Err(error) if error.is_stale_plan() => {
                self.forget_plans().await?;
                self.exec_once(sql, &params).await
            }
            outcome => outcome,
        }
    }

    /// As [`PluginKv::get`](crate::plugin_kv::PluginKv::get), in this transaction.
    pub async fn kv_get(&mut self, key: &str) -> Result<Option<String>, SqlError> {
        let connection = self.enter(Access::ReadOnly).await?;
        let outcome = plugin_kv::get(connection, key).await;
        self.leave(Access::ReadOnly, outcome).await
    }

    /// As [`PluginKv::set`](crate::plugin_kv::PluginKv::set), in this transaction.
    pub async fn kv_set(&mut self, key: &str, value: &str) -> Result<(), SqlError> {
        let limit = self.database.policy().limits.kv_keys;
        let connection = self.enter(Access::ReadWrite).await?;
        let outcome = plugin_kv::set(connection, key, value, limit).await;
        self.leave(Access::ReadWrite, outcome).await
    }

    /// As [`PluginKv::delete`](crate::plugin_kv::PluginKv::delete), in this transaction.
    pub async fn kv_delete(&mut self, key: &str) -> Result<(), SqlError> {
        let connection = self.enter(Access::ReadWrite).await?;
        let outcome = plugin_kv::delete(connection, key).await;
        self.leave(Access::ReadWrite, outcome).await
    }

    /// Makes everything permanent. An error, a deferred constraint's for one, means that nothing is.
    pub async fn commit(self) -> Result<(), SqlError> {
        if !self.whole {
            return Err(lost());
        }
        self.session.settle(Ok(())).await
    }

    /// Undoes everything.
    pub async fn rollback(self) -> Result<(), SqlError> {
        // A session that nobody knows the state of is closed by being dropped.
        if self.whole { self.session.roll_back().await } else { Ok(()) }
    }

    async fn query_once(
        &mut self,
        access: Access,
        sql: &str,
        params: &[Param],
    ) -> Result<String, SqlError> {
        let database = self.database.clone();
        let connection = self.enter(access).await?;
        let outcome = statement::query(connection, sql, params, &database.policy().limits).await;
        self.leave(access, outcome).await
    }

    async fn exec_once(&mut self, sql: &str, params: &[Param]) -> Result<u64, SqlError> {
        let connection = self.enter(Access::ReadWrite).await?;
        let outcome = statement::exec(connection, sql, params).await;
        self.leave(Access::ReadWrite, outcome).await
    }

    /// Sets the savepoint and the statement's settings, and hands out the connection.
    async fn enter(&mut self, access: Access) -> Result<&mut PgConnection, SqlError> {
        if !self.whole {
            return Err(lost());
        }
        let mode = match access {
            Access::ReadOnly => "; SET TRANSACTION READ ONLY",
            Access::ReadWrite => "",
        };
        let settings = &self.settings;
        self.run(format!("SAVEPOINT hostproof; {settings}{mode}")).await?;
        Ok(self.session.connection())
    }

    /// Goes back to the savepoint, or past it. A reading statement leaves nothing worth keeping.
    async fn leave<T>(
        &mut self,
        access: Access,
        outcome: Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let keep = access == Access::ReadWrite && outcome.is_ok();
        let back = if keep { "" } else { "ROLLBACK TO SAVEPOINT hostproof; " };
        match self.run(format!("{back}RELEASE SAVEPOINT hostproof")).await {
            Ok(()) => outcome,
            // The statement's own error says more than that the session was lost over it.
            Err(error) => Err(outcome.err().unwrap_or(error)),
        }
    }

    async fn forget_plans(&mut self) -> Result<(), SqlError> {
        let cleared = sqlx::Connection::clear_cached_statements(self.session.connection()).await;
        self.whole &= cleared.is_ok();
        Ok(cleared?)
    }

    /// Runs what keeps the transaction in order; when that fails, it is lost.
    async fn run(&mut self, statement: String) -> Result<(), SqlError> {
        let connection = self.session.connection();
        let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await;
        self.whole &= done.is_ok();
        Ok(done.map(drop)?)
    }
}

fn lost() -> SqlError {
    SqlError::new(code::DATABASE_ERROR, "the transaction is lost; nothing of it is kept")
}
