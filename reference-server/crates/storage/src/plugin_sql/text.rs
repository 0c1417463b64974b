//! Values of the many types this crate does not read itself, as the text Postgres prints.
//!
//! Results arrive in binary form; the driver offers no other. So the values go back once more, all
//! of a column in one array, and come out as text: intervals, arrays, ranges, addresses, composite
//! and extension types alike.

use policy::sql::code;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArguments, PgTypeInfo};
use sqlx::{Arguments as _, AssertSqlSafe, PgConnection, TypeInfo as _};

use super::error::SqlError;
use super::params::Encoded;
use super::rows::Foreign;

/// The texts of a column's values, in their order.
pub(super) async fn of(
    connection: &mut PgConnection,
    column: &str,
    info: &PgTypeInfo,
    values: &[&Foreign],
) -> Result<Vec<String>, SqlError> {
    let unsupported = || {
        let message = format!(
            "column \"{column}\" has type {}, which has no text here; select its parts instead",
            info.name()
        );
        SqlError::new(code::DATABASE_ERROR, message)
    };
    let element = info.oid().ok_or_else(unsupported)?;
    let kind: Option<(Oid, bool)> = sqlx::query_as(
        "SELECT CASE WHEN typcategory = 'A' THEN oid ELSE typarray END, typcategory = 'A'
         FROM pg_catalog.pg_type WHERE oid = $1",
    )
    .bind(element)
    .fetch_optional(&mut *connection)
    .await?;
    // There are no arrays of arrays: a column of arrays goes back value by value.
    let (array, is_array) = kind.filter(|(array, _)| array.0 != 0).ok_or_else(unsupported)?;
    if !is_array {
        // Not in FROM, where a composite type would fall apart into columns.
        let statement = format!("SELECT pg_catalog.unnest($1)::text -- {}", array.0);
        return print(connection, statement, array, array_of(element, values)).await;
    }
    let mut texts = Vec::with_capacity(values.len());
    for value in values {
        let statement = format!("SELECT $1::text -- {}", array.0);
        texts.extend(print(connection, statement, array, value.bytes.clone()).await?);
    }
    Ok(texts)
}

/// Runs a statement whose only parameter has that type and those bytes, and reads a column of text.
///
/// The session keeps prepared statements by their text, so the text has to name the type.
async fn print(
    connection: &mut PgConnection,
    statement: String,
    parameter: Oid,
    bytes: Vec<u8>,
) -> Result<Vec<String>, SqlError> {
    let mut arguments = PgArguments::default();
    let info = PgTypeInfo::with_oid(parameter);
    arguments
        .add(Encoded { bytes: Some(bytes), info })
        .map_err(|error| SqlError::from(sqlx::Error::Encode(error)))?;
    let texts =
        sqlx::query_scalar_with(AssertSqlSafe(statement), arguments).fetch_all(connection).await?;
    Ok(texts)
}

/// An array of one dimension in binary form.
fn array_of(element: Oid, values: &[&Foreign]) -> Vec<u8> {
    let length = |count: usize| i32::try_from(count).unwrap_or(i32::MAX).to_be_bytes();
    let mut bytes = Vec::new();
    bytes.extend(1i32.to_be_bytes());
    bytes.extend(0i32.to_be_bytes());
    bytes.extend(element.0.to_be_bytes());
    bytes.extend(length(values.len()));
    bytes.extend(1i32.to_be_bytes());
    for value in values {
        bytes.extend(length(value.bytes.len()));
        bytes.extend(&value.bytes);
    }
    bytes
}
