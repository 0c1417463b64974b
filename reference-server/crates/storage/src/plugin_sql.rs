//! A plugin's own statements (decisions D1, D2, D3, D5).
//!
//! Each statement is one transaction in a session of the plugin's runtime role. It is sent through
//! Postgres's extended protocol, which takes one statement and no more, whatever its text.
//! Admission happened before; what is enforced here is enforced by Postgres.

mod datetime;
mod error;
mod numeric;
mod params;
mod rows;
mod text;
mod wire;

use contract::name::PluginName;
use futures_util::TryStreamExt as _;
use policy::Limits;
use sqlx::postgres::{PgArguments, PgStatement};
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _, Statement as _};

use crate::database::Database;
use crate::plugin_session::Session;
use rows::Rows;

pub use error::SqlError;

/// What a statement may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing but read (`db_query`): its transaction is READ ONLY.
    ReadOnly,
    /// Write the plugin's own tables too (`db_query2`, `db_exec`).
    ReadWrite,
}

/// Runs plugins' statements.
#[derive(Clone, Copy, Debug)]
pub struct PluginSql<'a> {
    pub(crate) database: &'a Database,
}

impl PluginSql<'_> {
    /// Runs a statement that gives rows and renders them as JSON text
    /// `{"columns": […], "rows": [[…], …]}`, in which every number has all its digits.
    ///
    /// `params` is a JSON array for `$1`, `$2` and so on; absent, empty or `null` means none. With
    /// [`Access::ReadOnly`] the transaction is READ ONLY.
    pub async fn query(
        &self,
        plugin: &PluginName,
        access: Access,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, SqlError> {
        match self.query_once(plugin, access, sql, params).await {
            Err(error) if error.is_stale_plan() => {
                self.forget_plans(plugin);
                self.query_once(plugin, access, sql, params).await
            }
            outcome => outcome,
        }
    }

    /// Runs a statement for its effect and gives the number of rows affected.
    pub async fn exec(
        &self,
        plugin: &PluginName,
        sql: &str,
        params: Option<&str>,
    ) -> Result<u64, SqlError> {
        match self.exec_once(plugin, sql, params).await {
            Err(error) if error.is_stale_plan() => {
                self.forget_plans(plugin);
                self.exec_once(plugin, sql, params).await
            }
            outcome => outcome,
        }
    }

    /// Closes the plugin's idle sessions, whose plans are as old as the one that failed.
    fn forget_plans(self, plugin: &PluginName) {
        if let Ok(identity) = self.database.names().identity(plugin) {
            self.database.sessions().forget(&identity.runtime_role);
        }
    }

    async fn query_once(
        &self,
        plugin: &PluginName,
        access: Access,
        sql: &str,
        params: Option<&str>,
    ) -> Result<String, SqlError> {
        let (mut session, outcome) = self.prepare(plugin, access, sql, params).await?;
        let limits = &self.database.policy().limits;
        let outcome = match outcome {
            Ok((statement, arguments)) => rows(&mut session, &statement, arguments, limits).await,
            Err(error) => Err(error),
        };
        session.settle(outcome).await
    }

    async fn exec_once(
        &self,
        plugin: &PluginName,
        sql: &str,
        params: Option<&str>,
    ) -> Result<u64, SqlError> {
        let (mut session, outcome) = self.prepare(plugin, Access::ReadWrite, sql, params).await?;
        let outcome = match outcome {
            Ok((statement, arguments)) => statement
                .query_with(arguments)
                .execute(session.connection())
                .await
                .map(|done| done.rows_affected())
                .map_err(SqlError::from),
            Err(error) => Err(error),
        };
        session.settle(outcome).await
    }

    /// Takes a session, begins the transaction, and lets Postgres look at the statement. The inner
    /// result is what happened in the transaction; whatever it is, the session is to be settled.
    async fn prepare(
        &self,
        plugin: &PluginName,
        access: Access,
        sql: &str,
        params: Option<&str>,
    ) -> Result<(Session, Result<Prepared, SqlError>), SqlError> {
        // Before a session is taken: text that can never be bound costs no connection.
        let params = params::parse(params)?;
        let mut session = Session::of_plugin(self.database, plugin, access).await?;
        let text = AssertSqlSafe(sql.to_owned()).into_sql_str();
        let prepared = match session.connection().prepare(text).await {
            Ok(statement) => {
                params::bind(&statement, &params).map(|arguments| (statement, arguments))
            }
            Err(error) => Err(error.into()),
        };
        Ok((session, prepared))
    }
}

/// A statement as Postgres understood it, and its parameters.
type Prepared = (PgStatement, PgArguments);

async fn rows(
    session: &mut Session,
    statement: &PgStatement,
    arguments: PgArguments,
    limits: &Limits,
) -> Result<String, SqlError> {
    let mut rows = Rows::new(statement.columns(), limits.sql_rows, limits.sql_result_bytes);
    let mut stream = statement.query_with(arguments).fetch(&mut *session.connection());
    while let Some(row) = stream.try_next().await? {
        rows.push(&row)?;
    }
    drop(stream);
    rows.finish(session.connection()).await
}
