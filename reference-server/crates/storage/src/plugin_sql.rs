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
use policy::sql::code;
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
        self.run(plugin, access, sql, params, async |session, statement, arguments| {
            let limits = &self.database.policy().limits;
            let mut rows = Rows::new(statement.columns(), limits.sql_rows, limits.sql_result_bytes);
            let mut stream = statement.query_with(arguments).fetch(&mut *session.connection());
            while let Some(row) = stream.try_next().await? {
                rows.push(&row)?;
            }
            drop(stream);
            rows.finish(session.connection()).await
        })
        .await
    }

    /// Runs a statement for its effect and gives the number of rows affected.
    pub async fn exec(
        &self,
        plugin: &PluginName,
        sql: &str,
        params: Option<&str>,
    ) -> Result<u64, SqlError> {
        self.run(plugin, Access::ReadWrite, sql, params, async |session, statement, arguments| {
            let done = statement.query_with(arguments).execute(session.connection()).await?;
            Ok(done.rows_affected())
        })
        .await
    }

    async fn run<T>(
        &self,
        plugin: &PluginName,
        access: Access,
        sql: &str,
        params: Option<&str>,
        work: impl AsyncFn(&mut Session, &PgStatement, PgArguments) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        // Before a session is taken: text that can never be bound costs no connection.
        let params = params::parse(params)?;
        let database = self.database;
        let identity = database
            .names()
            .identity(plugin)
            .map_err(|error| SqlError::new(code::DATABASE_ERROR, error.to_string()))?;
        let timeout = database.policy().limits.call_duration;
        let mut session = Session::begin(database.sessions(), &identity, access, timeout).await?;
        let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
        let outcome = async {
            let statement = session.connection().prepare(sql).await?;
            let arguments = params::bind(&statement, &params)?;
            work(&mut session, &statement, arguments).await
        }
        .await;
        match outcome {
            Ok(value) => session.commit().await.map(|()| value).map_err(SqlError::from),
            Err(error) => {
                // Anything but a refusal by Postgres leaves the session in an unknown state; then
                // it is closed, not rolled back.
                if error.is_by_postgres() {
                    session.roll_back().await;
                }
                Err(error)
            }
        }
    }
}
