//! JSON arrays as Postgres's arrays.

use serde_json::value::RawValue;
use sqlx::TypeInfo as _;
use sqlx::postgres::{PgTypeInfo, PgTypeKind};

use super::{Value, as_text, describe, encode};

/// The type of an array's elements; `None` for a type that is no array.
pub(super) fn array_element(info: &PgTypeInfo) -> Option<&PgTypeInfo> {
    match info.kind() {
        PgTypeKind::Array(element) => Some(element),
        PgTypeKind::Domain(base) => array_element(base),
        _ => None,
    }
}

/// An array of one dimension: its element type, a flag for NULLs, then each element with its
/// length. Of elements that only Postgres can read, the whole array's text.
pub(super) fn encode_array(element: &PgTypeInfo, json: &str) -> Result<Value, String> {
    let items: Vec<&RawValue> = serde_json::from_str(json)
        .map_err(|_| format!("expected an array of {}, got {}", element.name(), describe(json)))?;
    let oid = element.oid().ok_or_else(|| format!("unknown element type {}", element.name()))?.0;
    let length = i32::try_from(items.len()).map_err(|_| "too many elements".to_owned())?;
    let mut body = Vec::new();
    let mut nulls = 0i32;
    for (index, item) in items.iter().enumerate() {
        let encoded =
            encode(element, item.get()).map_err(|reason| format!("element {index}: {reason}"))?;
        match encoded {
            Value::Binary(bytes) => {
                let length = i32::try_from(bytes.len()).map_err(|_| "too large".to_owned())?;
                body.extend(length.to_be_bytes());
                body.extend(bytes);
            }
            Value::Null => {
                nulls = 1;
                body.extend((-1i32).to_be_bytes());
            }
            Value::Text(_) => return array_text(&items),
        }
    }
    let dimensions = i32::from(!items.is_empty());
    let mut bytes = Vec::with_capacity(20 + body.len());
    bytes.extend(dimensions.to_be_bytes());
    bytes.extend(nulls.to_be_bytes());
    bytes.extend(oid.to_be_bytes());
    if dimensions == 1 {
        bytes.extend(length.to_be_bytes());
        // Arrays count from 1 in Postgres.
        bytes.extend(1i32.to_be_bytes());
    }
    bytes.extend(body);
    Ok(Value::Binary(bytes))
}

/// Strings as an array in Postgres's own writing: `{"one","t\"wo",NULL}`.
fn array_text(items: &[&RawValue]) -> Result<Value, String> {
    let mut elements = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        elements.push(match serde_json::from_str::<Option<String>>(item.get()) {
            Ok(Some(text)) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
            Ok(None) => "NULL".to_owned(),
            Err(_) => {
                return Err(format!(
                    "element {index}: expected text, got {}",
                    describe(item.get())
                ));
            }
        });
    }
    as_text(format!("{{{}}}", elements.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_postgres_reads_them() {
        let items: Vec<&RawValue> = serde_json::from_str(r#"["a\"b\\c", null, ""]"#).expect("JSON");
        let text = Value::Text(r#"{"a\"b\\c",NULL,""}"#.to_owned());
        assert_eq!(array_text(&items), Ok(text));
    }
}
