//! Parameters: a JSON array, bound by the types that Postgres reports for the statement.
//!
//! The JSON is never turned into floating-point numbers on the way: an integer or a numeric reaches
//! Postgres with every digit the guest wrote. What this crate cannot put into binary form itself is
//! given as text, which Postgres reads: see [`from_text`].

mod array;
mod encoded;
mod from_text;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use policy::Limits;
use policy::sql::code;
use serde_json::value::RawValue;
use sqlx::postgres::{PgArguments, PgStatement, PgTypeInfo};
use sqlx::{Arguments as _, Either, PgConnection, Statement as _, TypeInfo as _};
use uuid::Uuid;

use self::array::{array_element, encode_array};
use super::error::SqlError;
use super::wire::Wire;
use super::{datetime, numeric};

pub(super) use encoded::Encoded;

/// One parameter as the guest wrote it.
pub(super) type Param = Box<RawValue>;

/// Takes the array apart. Nothing, blanks and `null` mean no parameters.
pub(super) fn parse(text: Option<&str>, limits: &Limits) -> Result<Vec<Param>, SqlError> {
    let text = text.unwrap_or_default();
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let params = serde_json::from_str::<Option<Vec<Param>>>(text)
        .map(Option::unwrap_or_default)
        .map_err(|error| invalid(format!("the parameters are not a JSON array: {error}")))?;
    if params.len() > limits.sql_params {
        let (count, limit) = (params.len(), limits.sql_params);
        return Err(invalid(format!("{count} parameters were given, {limit} are allowed")));
    }
    Ok(params)
}

/// Encodes the parameters for a statement.
pub(super) async fn bind(
    connection: &mut PgConnection,
    statement: &PgStatement,
    params: &[Param],
) -> Result<PgArguments, SqlError> {
    let types = match statement.parameters() {
        Some(Either::Left(types)) => types,
        _ => &[],
    };
    if types.len() != params.len() {
        return Err(invalid(format!(
            "the statement takes {} parameters, {} were given",
            types.len(),
            params.len()
        )));
    }
    let mut arguments = PgArguments::default();
    for (index, (info, param)) in types.iter().zip(params).enumerate() {
        let named = |reason| invalid(format!("parameter ${}: {reason}", index + 1));
        let bytes = match encode(info, param.get()).map_err(named)? {
            Value::Binary(bytes) => Some(bytes),
            Value::Null => None,
            Value::Text(text) => Some(from_text::read(connection, info, index + 1, text).await?),
        };
        arguments
            .add(Encoded { bytes, info: info.clone() })
            .map_err(|error| invalid(format!("parameter ${}: {error}", index + 1)))?;
    }
    Ok(arguments)
}

/// A parameter on its way to Postgres.
#[derive(Debug, PartialEq, Eq)]
enum Value {
    Null,
    /// The type's binary form.
    Binary(Vec<u8>),
    /// Text that Postgres reads as the type.
    Text(String),
}

fn invalid(message: String) -> SqlError {
    SqlError::new(code::PARAMS_INVALID, message)
}

/// A JSON value as a type.
fn encode(info: &PgTypeInfo, json: &str) -> Result<Value, String> {
    if json == "null" {
        return Ok(Value::Null);
    }
    let string = || serde_json::from_str::<String>(json).ok();
    if let Some(element) = array_element(info) {
        return match string() {
            // As results show arrays, and as Postgres writes them.
            Some(text) => as_text(text),
            None => encode_array(element, json),
        };
    }
    match Wire::of(info) {
        Some(wire) => match encode_scalar(wire, json) {
            Err(reason) if wire.has_more_texts() => string().map_or(Err(reason), as_text),
            outcome => outcome.map(Value::Binary),
        },
        None => string().map_or_else(
            || Err(format!("expected {} as text, got {}", info.name(), describe(json))),
            as_text,
        ),
    }
}

fn as_text(text: String) -> Result<Value, String> {
    if text.contains('\0') { Err(NO_NUL.to_owned()) } else { Ok(Value::Text(text)) }
}

const NO_NUL: &str = "text in Postgres cannot hold the character U+0000";

fn encode_scalar(wire: Wire, json: &str) -> Result<Vec<u8>, String> {
    let mismatch = || format!("expected {}, got {}", wire.as_str(), describe(json));
    let string = || serde_json::from_str::<String>(json).ok();
    // Numbers may also come as strings: JavaScript guests have no other way to send large ones.
    let digits = || string().unwrap_or_else(|| json.to_owned());
    let float = || match digits().as_str() {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        digits if digits.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            digits.parse::<f64>().ok().filter(|value| value.is_finite())
        }
        _ => None,
    };
    let encoded = match wire {
        Wire::Bool => match json {
            "true" => Some(vec![1]),
            "false" => Some(vec![0]),
            _ => None,
        },
        Wire::Int2 => integer(&digits()).map(|value: i16| value.to_be_bytes().to_vec()),
        Wire::Int4 => integer(&digits()).map(|value: i32| value.to_be_bytes().to_vec()),
        Wire::Int8 => integer(&digits()).map(|value: i64| value.to_be_bytes().to_vec()),
        Wire::Oid => integer(&digits()).map(|value: u32| value.to_be_bytes().to_vec()),
        Wire::Float4 => float().map(|value| {
            #[expect(clippy::cast_possible_truncation, reason = "a real keeps what it can hold")]
            let value = value as f32;
            value.to_be_bytes().to_vec()
        }),
        Wire::Float8 => float().map(|value| value.to_be_bytes().to_vec()),
        Wire::Numeric => numeric::encode(&digits()),
        Wire::Text => string().map(String::into_bytes),
        Wire::Uuid => string()
            .and_then(|text| Uuid::parse_str(&text).ok())
            .map(|uuid| uuid.as_bytes().to_vec()),
        Wire::Timestamp | Wire::Timestamptz => string()
            .and_then(|text| datetime::read_timestamp(&text))
            .map(|micros| micros.to_be_bytes().to_vec()),
        Wire::Date => string()
            .and_then(|text| datetime::read_date(&text))
            .map(|days| days.to_be_bytes().to_vec()),
        Wire::Time => string()
            .and_then(|text| datetime::read_time(&text))
            .map(|micros| micros.to_be_bytes().to_vec()),
        // The JSON as it stands, digits and all.
        Wire::Json => Some(json.as_bytes().to_vec()),
        Wire::Jsonb => Some([b"\x01", json.as_bytes()].concat()),
        Wire::Bytea => string().and_then(|text| STANDARD.decode(text).ok()),
        Wire::Void => None,
    };
    let encoded = encoded.ok_or_else(mismatch)?;
    if wire == Wire::Text && encoded.contains(&0) {
        return Err(NO_NUL.to_owned());
    }
    Ok(encoded)
}

/// An integer of a JSON number. One written with a fraction of zero, or an exponent, counts too:
/// some languages write their integers so.
fn integer<T: TryFrom<i128>>(digits: &str) -> Option<T> {
    let whole = digits.parse::<i128>().ok().or_else(|| whole_number(digits))?;
    T::try_from(whole).ok()
}

/// A number whose fraction is zero.
fn whole_number(digits: &str) -> Option<i128> {
    let numeric::Shown::Digits(shown) = numeric::decode(&numeric::encode(digits)?)? else {
        return None;
    };
    let (whole, fraction) = shown.split_once('.').unwrap_or((&shown, ""));
    if fraction.contains(|digit| digit != '0') { None } else { whole.parse().ok() }
}

/// What a JSON value is, without repeating it: it may be long, or not for the log.
fn describe(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'"') => "a string that is none",
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number that does not fit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: Option<&str>) -> Result<Vec<Param>, SqlError> {
        parse(text, &Limits { sql_params: 3, ..Limits::default() })
    }

    #[test]
    fn parameters_are_counted() {
        assert_eq!(parsed(Some("[1, 2, 3]")).expect("three").len(), 3);
        assert_eq!(parsed(Some("[1, 2, 3, 4]")).expect_err("four").code, code::PARAMS_INVALID);
    }

    #[test]
    fn nothing_and_null_mean_no_parameters() {
        for text in [None, Some(""), Some("  "), Some("null"), Some("[]")] {
            assert!(parsed(text).expect("no parameters").is_empty(), "{text:?}");
        }
        for text in ["{}", "1", "\"a\"", "[1", "[1] 2"] {
            assert_eq!(parsed(Some(text)).expect_err(text).code, code::PARAMS_INVALID, "{text}");
        }
    }

    #[test]
    fn integers_are_exact_and_bounded() {
        assert_eq!(integer("9223372036854775807"), Some(i64::MAX));
        assert_eq!(integer("9007199254740993"), Some(9_007_199_254_740_993i64));
        assert_eq!(integer("1.0"), Some(1i32));
        assert_eq!(integer("-3e2"), Some(-300i16));
        assert_eq!(integer::<i64>("9223372036854775808"), None);
        assert_eq!(integer::<i16>("32768"), None);
        assert_eq!(integer::<i32>("1.5"), None);
        assert_eq!(integer::<i32>("one"), None);
        assert_eq!(integer::<i32>("NaN"), None);
        assert_eq!(integer::<i64>("1e100000"), None);
    }

    #[test]
    fn a_value_of_another_kind_is_refused_and_named() {
        let refused = |wire, json| encode_scalar(wire, json).expect_err(json);
        assert_eq!(refused(Wire::Text, "5"), "expected text, got a number that does not fit");
        assert_eq!(refused(Wire::Bool, "\"true\""), "expected boolean, got a string that is none");
        assert_eq!(refused(Wire::Uuid, "{}"), "expected uuid, got an object");
        assert_eq!(refused(Wire::Bytea, "\"*\""), "expected bytea, got a string that is none");
        assert!(refused(Wire::Text, "\"a\\u0000b\"").contains("U+0000"));
        assert!(encode_scalar(Wire::Float8, "\"inf\"").is_err());
        assert!(encode_scalar(Wire::Float8, "\"Infinity\"").is_ok());
    }

    #[test]
    fn what_only_postgres_reads_goes_as_text() {
        let interval =
            <sqlx::postgres::types::PgInterval as sqlx::Type<sqlx::Postgres>>::type_info();
        assert_eq!(encode(&interval, "\"1 day\""), Ok(Value::Text("1 day".to_owned())));
        assert_eq!(encode(&interval, "null"), Ok(Value::Null));
        assert!(encode(&interval, "5").is_err());
        assert!(encode(&interval, "\"a\\u0000\"").is_err());
    }
}
