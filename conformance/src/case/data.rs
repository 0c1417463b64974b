//! Data in cases: TOML on the way in, JSON from then on.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A JSON value written in TOML. `{ "$json" = "…" }` stands for the JSON in the text, which is the
/// only way to write null.
#[derive(Debug, Clone, PartialEq)]
pub struct Data(pub Value);

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        to_json(&value).map(Self).map_err(D::Error::custom)
    }
}

fn to_json(value: &toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => Value::String(text.clone()),
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Float(number) => serde_json::Number::from_f64(*number)
            .map(Value::Number)
            .ok_or_else(|| format!("{number} is no JSON number"))?,
        toml::Value::Boolean(flag) => Value::Bool(*flag),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(items) => {
            Value::Array(items.iter().map(to_json).collect::<Result<_, _>>()?)
        }
        toml::Value::Table(table) => match table.get("$json") {
            Some(toml::Value::String(text)) if table.len() == 1 => {
                serde_json::from_str(text).map_err(|e| format!("`$json`: {e}"))?
            }
            Some(_) => return Err("`$json` stands alone and holds text".to_owned()),
            None => {
                let members = table.iter().map(|(k, v)| to_json(v).map(|v| (k.clone(), v)));
                Value::Object(members.collect::<Result<_, _>>()?)
            }
        },
    })
}

/// A length of time, written `15s`, `500ms`, `2m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text)
            .map(Self)
            .map_err(|e| D::Error::custom(format!("`{text}` is no length of time: {e}")))
    }
}
