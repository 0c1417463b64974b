//! Rows as JSON text (decision D5).
//!
//! Values are written straight into the text, so that no number passes through a type that cannot
//! hold it. Rows and bytes are counted while they arrive; one too many ends the statement.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use policy::sql::code;
use sqlx::postgres::{PgColumn, PgRow, PgTypeInfo};
use sqlx::{Column as _, PgConnection, Row as _, ValueRef as _};
use uuid::Uuid;

use super::error::SqlError;
use super::numeric::Shown;
use super::wire::Wire;
use super::{datetime, numeric, text};

/// A result being rendered.
pub(super) struct Rows {
    columns: Vec<(String, PgTypeInfo)>,
    json: Vec<u8>,
    /// Values of types this crate leaves to Postgres, in their order.
    foreign: Vec<Foreign>,
    /// Their bytes, which count towards the limit like those of `json`.
    foreign_bytes: usize,
    count: usize,
    row_limit: usize,
    byte_limit: usize,
}

/// A value whose text Postgres is still to be asked for.
pub(super) struct Foreign {
    /// Where in the JSON it belongs.
    at: usize,
    column: usize,
    /// Its binary form.
    pub(super) bytes: Vec<u8>,
}

impl Rows {
    pub(super) fn new(columns: &[PgColumn], row_limit: usize, byte_limit: usize) -> Self {
        let mut json = b"{\"columns\":[".to_vec();
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            string(&mut json, column.name());
        }
        json.extend_from_slice(b"],\"rows\":[");
        let columns = columns
            .iter()
            .map(|column| (column.name().to_owned(), column.type_info().clone()))
            .collect();
        Self {
            columns,
            json,
            foreign: Vec::new(),
            foreign_bytes: 0,
            count: 0,
            row_limit,
            byte_limit,
        }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: &PgRow) -> Result<(), SqlError> {
        self.count += 1;
        if self.count > self.row_limit {
            return Err(SqlError::new(
                code::TOO_MANY_ROWS,
                format!("the result has more than {} rows", self.row_limit),
            ));
        }
        self.json.extend_from_slice(if self.count == 1 { b"[" } else { b",[" });
        for column in 0..self.columns.len() {
            if column > 0 {
                self.json.push(b',');
            }
            let value = row.try_get_raw(column)?;
            if value.is_null() {
                self.json.extend_from_slice(b"null");
                continue;
            }
            let bytes = value.as_bytes().map_err(|_| self.malformed(column))?;
            if let Some(wire) = Wire::of(&self.columns[column].1) {
                render(&mut self.json, wire, bytes).ok_or_else(|| self.malformed(column))?;
            } else {
                self.foreign_bytes += bytes.len();
                self.foreign.push(Foreign { at: self.json.len(), column, bytes: bytes.to_vec() });
            }
            check(self.json.len() + self.foreign_bytes, self.byte_limit)?;
        }
        self.json.push(b']');
        Ok(())
    }

    /// Asks Postgres for the texts still missing, and puts the result together.
    pub(super) async fn finish(
        mut self,
        connection: &mut PgConnection,
    ) -> Result<String, SqlError> {
        self.json.extend_from_slice(b"]}");
        if !self.foreign.is_empty() {
            self.splice(connection).await?;
        }
        check(self.json.len(), self.byte_limit)?;
        String::from_utf8(self.json).map_err(|_| {
            SqlError::new(code::DATABASE_ERROR, "the database sent text that is no UTF-8")
        })
    }

    async fn splice(&mut self, connection: &mut PgConnection) -> Result<(), SqlError> {
        let mut texts: Vec<(usize, String)> = Vec::with_capacity(self.foreign.len());
        for (column, (name, info)) in self.columns.iter().enumerate() {
            let values: Vec<&Foreign> =
                self.foreign.iter().filter(|foreign| foreign.column == column).collect();
            if values.is_empty() {
                continue;
            }
            let printed = text::of(connection, name, info, &values).await?;
            texts.extend(values.iter().map(|value| value.at).zip(printed));
        }
        texts.sort_unstable_by_key(|(at, _)| *at);
        let mut whole = Vec::with_capacity(self.json.len() + self.foreign_bytes);
        let mut done = 0;
        for (at, text) in texts {
            whole.extend_from_slice(&self.json[done..at]);
            string(&mut whole, &text);
            done = at;
        }
        whole.extend_from_slice(&self.json[done..]);
        self.json = whole;
        Ok(())
    }

    fn malformed(&self, column: usize) -> SqlError {
        let name = &self.columns[column].0;
        SqlError::new(code::DATABASE_ERROR, format!("column \"{name}\" holds a malformed value"))
    }
}

fn check(bytes: usize, byte_limit: usize) -> Result<(), SqlError> {
    if bytes <= byte_limit {
        return Ok(());
    }
    let message = format!("the result has more than {byte_limit} bytes as JSON");
    Err(SqlError::new(code::RESULT_TOO_LARGE, message))
}

/// Writes one value as JSON; `None` when its binary form is not what the type says.
fn render(json: &mut Vec<u8>, wire: Wire, bytes: &[u8]) -> Option<()> {
    match wire {
        Wire::Bool => json.extend_from_slice(match bytes {
            [0] => b"false",
            [1] => b"true",
            _ => return None,
        }),
        Wire::Int2 => display(json, i16::from_be_bytes(bytes.try_into().ok()?)),
        Wire::Int4 => display(json, i32::from_be_bytes(bytes.try_into().ok()?)),
        Wire::Int8 => display(json, i64::from_be_bytes(bytes.try_into().ok()?)),
        Wire::Oid => display(json, u32::from_be_bytes(bytes.try_into().ok()?)),
        Wire::Float4 => {
            let value = f32::from_be_bytes(bytes.try_into().ok()?);
            float(json, f64::from(value), value)?;
        }
        Wire::Float8 => {
            let value = f64::from_be_bytes(bytes.try_into().ok()?);
            float(json, value, value)?;
        }
        Wire::Numeric => match numeric::decode(bytes)? {
            Shown::Digits(digits) => json.extend_from_slice(digits.as_bytes()),
            Shown::Word(word) => string(json, word),
        },
        Wire::Text => string(json, std::str::from_utf8(bytes).ok()?),
        Wire::Uuid => string(json, &Uuid::from_slice(bytes).ok()?.to_string()),
        Wire::Timestamp | Wire::Timestamptz => {
            let micros = i64::from_be_bytes(bytes.try_into().ok()?);
            string(json, &datetime::show_timestamp(micros));
        }
        Wire::Date => {
            string(json, &datetime::show_date(i32::from_be_bytes(bytes.try_into().ok()?)));
        }
        Wire::Time => {
            string(json, &datetime::show_time(i64::from_be_bytes(bytes.try_into().ok()?)));
        }
        Wire::Json => json.extend_from_slice(bytes),
        // The first byte is the version of the format, and there is only one.
        Wire::Jsonb => json.extend_from_slice(bytes.strip_prefix(b"\x01")?),
        Wire::Bytea => string(json, &STANDARD.encode(bytes)),
        Wire::Void => json.extend_from_slice(b"null"),
    }
    Some(())
}

/// JSON has no words for the values that are no numbers; they become strings.
fn float(json: &mut Vec<u8>, value: f64, shown: impl serde::Serialize) -> Option<()> {
    if value.is_nan() {
        string(json, "NaN");
    } else if value.is_infinite() {
        string(json, if value > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        serde_json::to_writer(json, &shown).ok()?;
    }
    Some(())
}

fn display(json: &mut Vec<u8>, value: impl std::fmt::Display) {
    write!(json, "{value}").expect("writing into memory cannot fail");
}

fn string(json: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(json, text).expect("writing a string into memory cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(wire: Wire, bytes: &[u8]) -> String {
        let mut json = Vec::new();
        render(&mut json, wire, bytes).expect("well formed");
        String::from_utf8(json).expect("text")
    }

    #[test]
    fn numbers_keep_their_digits_and_the_others_become_words() {
        assert_eq!(rendered(Wire::Int8, &i64::MAX.to_be_bytes()), "9223372036854775807");
        assert_eq!(rendered(Wire::Float8, &0.1f64.to_be_bytes()), "0.1");
        assert_eq!(rendered(Wire::Float4, &0.1f32.to_be_bytes()), "0.1");
        assert_eq!(rendered(Wire::Float8, &f64::NAN.to_be_bytes()), "\"NaN\"");
        assert_eq!(rendered(Wire::Float4, &f32::NEG_INFINITY.to_be_bytes()), "\"-Infinity\"");
    }

    #[test]
    fn malformed_values_are_noticed() {
        assert_eq!(render(&mut Vec::new(), Wire::Bool, &[2]), None);
        assert_eq!(render(&mut Vec::new(), Wire::Int4, &[0; 3]), None);
        assert_eq!(render(&mut Vec::new(), Wire::Jsonb, b"\x02{}"), None);
        assert_eq!(render(&mut Vec::new(), Wire::Text, &[0xFF]), None);
    }
}
