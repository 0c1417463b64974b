//! Parameters of the many types this crate does not write itself: Postgres reads their text and
//! gives back their binary form, which is the only one the driver sends.

use policy::sql::code;
use sqlx::postgres::{PgRow, PgTypeInfo};
use sqlx::{AssertSqlSafe, PgConnection, Row as _, TypeInfo as _};

use super::super::error::SqlError;

/// The binary form of a text, as that type.
pub(super) async fn read(
    connection: &mut PgConnection,
    info: &PgTypeInfo,
    number: usize,
    text: String,
) -> Result<Vec<u8>, SqlError> {
    let name = type_name(connection, info).await?;
    let row: PgRow = sqlx::query(AssertSqlSafe(format!("SELECT ($1::text)::{name}")))
        .bind(text)
        .fetch_one(connection)
        .await
        .map_err(|error| refused(number, error))?;
    let value = row.try_get_raw(0)?;
    let bytes = value.as_bytes().map_err(sqlx::Error::Decode)?;
    Ok(bytes.to_vec())
}

/// The type's name, quoted and qualified as it has to be in a statement.
async fn type_name(connection: &mut PgConnection, info: &PgTypeInfo) -> Result<String, SqlError> {
    let unknown = || SqlError::new(code::PARAMS_INVALID, format!("unknown type {}", info.name()));
    let oid = info.oid().ok_or_else(unknown)?;
    let name: Option<String> = sqlx::query_scalar("SELECT pg_catalog.format_type($1, NULL)")
        .bind(oid)
        .fetch_one(connection)
        .await?;
    name.ok_or_else(unknown)
}

/// Text that is none of the type is the parameter's fault; anything else is told as it is.
fn refused(number: usize, error: sqlx::Error) -> SqlError {
    let mut error = SqlError::from(error);
    if error.code == code::DATABASE_ERROR && error.is_by_postgres() {
        error.code = code::PARAMS_INVALID;
        error.message = format!("parameter ${number}: {}", error.message);
    }
    error
}
