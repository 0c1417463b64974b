//! Judging a value by a matcher.

use serde_json::Value;

use super::{Comparison, Kind, Matcher, Rule};

impl Matcher {
    /// Whether `actual`, or its absence, is as expected; if not, in what it differs.
    pub fn judge(&self, actual: Option<&Value>) -> Result<(), String> {
        if let Self::Rules(rules) = self {
            return rules.iter().try_for_each(|rule| rule.judge(actual));
        }
        let Some(actual) = actual else {
            return Err(format!("expected {self}, but it is absent"));
        };
        match self {
            Self::Literal(expected) if equal(expected, actual) => Ok(()),
            Self::List(expected) => {
                let Some(items) = actual.as_array() else {
                    return Err(mismatch(self, actual));
                };
                if items.len() != expected.len() {
                    let (want, got) = (expected.len(), items.len());
                    return Err(format!("expected {want} elements, got {got}: {}", short(actual)));
                }
                expected.iter().zip(items).enumerate().try_for_each(|(index, (matcher, item))| {
                    matcher.judge(Some(item)).map_err(|m| format!("element {index}: {m}"))
                })
            }
            Self::Members(expected) if actual.is_object() => {
                expected.iter().try_for_each(|(name, matcher)| {
                    matcher.judge(actual.get(name)).map_err(|m| format!("member {name:?}: {m}"))
                })
            }
            _ => Err(mismatch(self, actual)),
        }
    }
}

impl Rule {
    fn judge(&self, actual: Option<&Value>) -> Result<(), String> {
        if let Self::Exists(expected) = self {
            return match (expected, actual) {
                (true, Some(_)) | (false, None) => Ok(()),
                (true, None) => Err("expected it to be present, but it is absent".to_owned()),
                (false, Some(value)) => {
                    Err(format!("expected it to be absent, but it is {}", short(value)))
                }
            };
        }
        // Only these two can hold of what is absent: to be absent is to be another value.
        match self {
            Self::OneOf(matchers) if matchers.iter().any(|m| m.judge(actual).is_ok()) => {
                return Ok(());
            }
            Self::Ne(_) if actual.is_none() => return Ok(()),
            _ => {}
        }
        let Some(actual) = actual else {
            return Err(format!("expected a value {self}, but it is absent"));
        };
        let holds = match self {
            Self::Eq(expected) => equal(expected, actual),
            Self::Ne(unwanted) => !equal(unwanted, actual),
            Self::Matches(regex) => actual.as_str().is_some_and(|text| regex.is_match(text)),
            Self::NotMatches(regex) => actual.as_str().is_some_and(|text| !regex.is_match(text)),
            Self::Type(kind) => kind.fits(actual),
            Self::Contains(matcher) => contains(actual, matcher)?,
            Self::ContainsAll(matchers) => {
                for matcher in matchers {
                    if !contains(actual, matcher)? {
                        return Err(format!("expected {matcher} in {}", short(actual)));
                    }
                }
                true
            }
            Self::Lacks(matcher) => !contains(actual, matcher)?,
            Self::HasHeader(name, matcher) => has_header(actual, name, matcher)?,
            Self::OneOf(_) => false,
            Self::Compare(comparison, bound) => {
                actual.as_f64().is_some_and(|number| match comparison {
                    Comparison::Gt => number > *bound,
                    Comparison::Gte => number >= *bound,
                    Comparison::Lt => number < *bound,
                    Comparison::Lte => number <= *bound,
                })
            }
            Self::Len(matcher) => {
                let length = length(actual).map(Value::from);
                return matcher.judge(length.as_ref()).map_err(|m| format!("length: {m}"));
            }
            Self::SortedBy(pointer) => sorted(actual, pointer),
            Self::Exists(_) => true,
        };
        if holds { Ok(()) } else { Err(format!("expected a value {self}, got {}", short(actual))) }
    }
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Boolean => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
            Self::Null => value.is_null(),
            Self::Uuid => value.as_str().is_some_and(|text| uuid::Uuid::parse_str(text).is_ok()),
            Self::Datetime => value.as_str().is_some_and(|text| {
                let format = &time::format_description::well_known::Rfc3339;
                time::OffsetDateTime::parse(text, format).is_ok()
            }),
        }
    }
}

/// Equality of JSON, except that `1` and `1.0` are one number.
fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            a.as_f64() == b.as_f64()
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, a)| b.get(k).is_some_and(|b| equal(a, b)))
        }
        (a, b) => a == b,
    }
}

/// Substring of a text, element of a list, members of an object. Anything else contains nothing, and
/// asking is a failure rather than a "no": `lacks` must not hold because the answer is no list at all.
fn contains(actual: &Value, matcher: &Matcher) -> Result<bool, String> {
    match (actual, matcher) {
        (Value::String(text), Matcher::Literal(Value::String(part))) => Ok(text.contains(part)),
        (Value::Array(items), matcher) => Ok(items.iter().any(|i| matcher.judge(Some(i)).is_ok())),
        (Value::Object(_), Matcher::Members(_)) => Ok(matcher.judge(Some(actual)).is_ok()),
        (Value::Object(members), Matcher::Literal(Value::String(key))) => {
            Ok(members.contains_key(key))
        }
        _ => Err(format!("{} cannot contain {matcher}", short(actual))),
    }
}

fn has_header(actual: &Value, name: &str, matcher: &Matcher) -> Result<bool, String> {
    // A guest sees JSON text where a host hands headers over as text.
    let parsed = actual.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let Some(members) = parsed.as_ref().unwrap_or(actual).as_object() else {
        return Err(format!("{} is no object of headers", short(actual)));
    };
    let header = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    Ok(matcher.judge(header.map(|(_, value)| value)).is_ok())
}

fn length(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        Value::Object(members) => Some(members.len()),
        _ => None,
    }
}

/// Whether the list's elements ascend by the text or number at `pointer`.
fn sorted(actual: &Value, pointer: &str) -> bool {
    let Some(items) = actual.as_array() else { return false };
    let keys: Vec<&Value> = items.iter().filter_map(|item| item.pointer(pointer)).collect();
    keys.len() == items.len()
        && keys.windows(2).all(|pair| match (pair[0], pair[1]) {
            (Value::String(a), Value::String(b)) => a <= b,
            (a, b) => a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| a <= b),
        })
}

fn mismatch(expected: &Matcher, actual: &Value) -> String {
    format!("expected {expected}, got {}", short(actual))
}

/// A value for a message: whole when short, its beginning otherwise.
fn short(value: &Value) -> String {
    const LIMIT: usize = 300;
    let text = value.to_string();
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}
