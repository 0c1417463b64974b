//! One statement in a session that is in a transaction already.

use futures_util::TryStreamExt as _;
use policy::Limits;
use sqlx::postgres::{PgArguments, PgStatement};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, SqlSafeStr as _, Statement as _};

use super::error::SqlError;
use super::params::{self, Param};
use super::rows::Rows;

/// Runs a statement that gives rows and renders them as JSON text.
pub(super) async fn query(
    connection: &mut PgConnection,
    sql: &str,
    params: &[Param],
    limits: &Limits,
) -> Result<String, SqlError> {
    let (statement, arguments) = prepare(connection, sql, params).await?;
    let mut rows = Rows::new(statement.columns(), limits.sql_rows, limits.sql_result_bytes);
    let mut stream = statement.query_with(arguments).fetch(&mut *connection);
    while let Some(row) = stream.try_next().await? {
        rows.push(&row)?;
    }
    drop(stream);
    rows.finish(connection).await
}

/// Runs a statement for its effect and gives the number of rows affected.
pub(super) async fn exec(
    connection: &mut PgConnection,
    sql: &str,
    params: &[Param],
) -> Result<u64, SqlError> {
    let (statement, arguments) = prepare(connection, sql, params).await?;
    let done = statement.query_with(arguments).execute(connection).await?;
    Ok(done.rows_affected())
}

/// Lets Postgres look at the statement, and gives its parameters the types it asks for.
async fn prepare(
    connection: &mut PgConnection,
    sql: &str,
    params: &[Param],
) -> Result<(PgStatement, PgArguments), SqlError> {
    let text = AssertSqlSafe(sql.to_owned()).into_sql_str();
    let statement = connection.prepare(text).await?;
    let arguments = params::bind(connection, &statement, params).await?;
    Ok((statement, arguments))
}
