//! Parameters: a JSON array, bound by the types that Postgres reports for the statement.
//!
//! The JSON is never turned into floating-point numbers on the way: an integer or a numeric reaches
//! Postgres with every digit the guest wrote.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use policy::sql::code;
use serde_json::value::RawValue;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgStatement, PgTypeInfo, PgTypeKind};
use sqlx::{Arguments as _, Either, Encode, Postgres, Statement as _, Type, TypeInfo as _};
use uuid::Uuid;

use super::error::SqlError;
use super::wire::Wire;
use super::{datetime, numeric};

/// One parameter as the guest wrote it.
pub(super) type Param = Box<RawValue>;

/// Takes the array apart. Nothing, blanks and `null` mean no parameters.
pub(super) fn parse(text: Option<&str>) -> Result<Vec<Param>, SqlError> {
    let text = text.unwrap_or_default();
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str::<Option<Vec<Param>>>(text)
        .map(Option::unwrap_or_default)
        .map_err(|error| invalid(format!("the parameters are not a JSON array: {error}")))
}

/// Encodes the parameters for a statement.
pub(super) fn bind(statement: &PgStatement, params: &[Param]) -> Result<PgArguments, SqlError> {
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
        let bytes = encode(info, param.get())
            .map_err(|reason| invalid(format!("parameter ${}: {reason}", index + 1)))?;
        arguments
            .add(Encoded { bytes, info: info.clone() })
            .map_err(|error| invalid(format!("parameter ${}: {error}", index + 1)))?;
    }
    Ok(arguments)
}

fn invalid(message: String) -> SqlError {
    SqlError::new(code::PARAMS_INVALID, message)
}

/// The binary form of a JSON value as a type; `None` is NULL.
fn encode(info: &PgTypeInfo, json: &str) -> Result<Option<Vec<u8>>, String> {
    if json == "null" {
        return Ok(None);
    }
    if let Some(element) = array_element(info) {
        return encode_array(element, json).map(Some);
    }
    match Wire::of(info) {
        Some(wire) => encode_scalar(wire, json).map(Some),
        None => Err(format!(
            "a value of type {name} cannot be given as JSON; give text and convert it with a cast",
            name = info.name()
        )),
    }
}

fn array_element(info: &PgTypeInfo) -> Option<&PgTypeInfo> {
    match info.kind() {
        PgTypeKind::Array(element) => Some(element),
        PgTypeKind::Domain(base) => array_element(base),
        _ => None,
    }
}

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
        return Err("text in Postgres cannot hold the character U+0000".to_owned());
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

/// One dimension, the element type, a flag for NULLs, then each element with its length.
fn encode_array(element: &PgTypeInfo, json: &str) -> Result<Vec<u8>, String> {
    let items: Vec<&RawValue> = serde_json::from_str(json)
        .map_err(|_| format!("expected an array of {}, got {}", element.name(), describe(json)))?;
    let oid = element.oid().ok_or_else(|| format!("unknown element type {}", element.name()))?.0;
    let length = i32::try_from(items.len()).map_err(|_| "too many elements".to_owned())?;
    let mut body = Vec::new();
    let mut nulls = 0i32;
    for (index, item) in items.iter().enumerate() {
        let encoded =
            encode(element, item.get()).map_err(|reason| format!("element {index}: {reason}"))?;
        if let Some(bytes) = encoded {
            let length = i32::try_from(bytes.len()).map_err(|_| "too large".to_owned())?;
            body.extend(length.to_be_bytes());
            body.extend(bytes);
        } else {
            nulls = 1;
            body.extend((-1i32).to_be_bytes());
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
    Ok(bytes)
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

/// Bytes that are already in Postgres's binary form.
pub(super) struct Encoded {
    pub(super) bytes: Option<Vec<u8>>,
    pub(super) info: PgTypeInfo,
}

impl Type<Postgres> for Encoded {
    fn type_info() -> PgTypeInfo {
        // Never used: `produces` names the type of each value.
        PgTypeInfo::with_name("unknown")
    }
}

impl Encode<'_, Postgres> for Encoded {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match &self.bytes {
            Some(bytes) => {
                buffer.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.info.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_null_mean_no_parameters() {
        for text in [None, Some(""), Some("  "), Some("null"), Some("[]")] {
            assert!(parse(text).expect("no parameters").is_empty(), "{text:?}");
        }
        for text in ["{}", "1", "\"a\"", "[1", "[1] 2"] {
            assert_eq!(parse(Some(text)).expect_err(text).code, code::PARAMS_INVALID, "{text}");
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
}
