//! JSON for reading: keys sorted, numbers with every digit they came with.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::value::RawValue;

use crate::normalise;

/// Texts up to this many characters stay on one line.
const LINE: usize = 90;

/// JSON on one line where it is short, indented where it is not. `None` for what is no JSON object or
/// array.
pub(crate) fn readable(text: &str) -> Option<String> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    if !raw.get().starts_with(['{', '[']) {
        return None;
    }
    let mut written = String::new();
    write(&mut written, raw, 0)?;
    Some(written)
}

fn write(out: &mut String, raw: &RawValue, depth: usize) -> Option<()> {
    let mut line = String::new();
    compact(&mut line, raw)?;
    if normalise::width(&line) + depth * 2 <= LINE {
        out.push_str(&line);
        return Some(());
    }
    let indent = "  ".repeat(depth + 1);
    let end = "  ".repeat(depth);
    match first(raw) {
        '{' => {
            let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(raw.get()).ok()?;
            out.push('{');
            for (at, (key, value)) in fields.iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                let key = serde_json::to_string(key).ok()?;
                let _ = write!(out, "{comma}\n{indent}{key}: ");
                write(out, value, depth + 1)?;
            }
            let _ = write!(out, "\n{end}}}");
        }
        '[' => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(raw.get()).ok()?;
            out.push('[');
            for (at, value) in items.iter().enumerate() {
                let comma = if at > 0 { "," } else { "" };
                let _ = write!(out, "{comma}\n{indent}");
                write(out, value, depth + 1)?;
            }
            let _ = write!(out, "\n{end}]");
        }
        _ => out.push_str(&line),
    }
    Some(())
}

fn compact(out: &mut String, raw: &RawValue) -> Option<()> {
    match first(raw) {
        '{' => {
            let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(raw.get()).ok()?;
            out.push('{');
            for (at, (key, value)) in fields.iter().enumerate() {
                let comma = if at > 0 { ", " } else { "" };
                let _ = write!(out, "{comma}{}: ", serde_json::to_string(key).ok()?);
                compact(out, value)?;
            }
            out.push('}');
        }
        '[' => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(raw.get()).ok()?;
            out.push('[');
            for (at, value) in items.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                compact(out, value)?;
            }
            out.push(']');
        }
        '"' => {
            // As a guest wrote it, "\u00fc" and "ü" are the same text.
            let text: String = serde_json::from_str(raw.get()).ok()?;
            out.push_str(&serde_json::to_string(&text).ok()?);
        }
        _ => out.push_str(raw.get()),
    }
    Some(())
}

fn first(raw: &RawValue) -> char {
    raw.get().chars().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_numbers_keep_their_digits() {
        let text = r#"{"b":[ 9007199254740993, 1.50],"a":"\u00fc"}"#;
        assert_eq!(readable(text).as_deref(), Some(r#"{"a": "ü", "b": [9007199254740993, 1.50]}"#));
        assert_eq!(readable("plain"), None);
        assert_eq!(readable("12"), None);
    }

    #[test]
    fn what_is_long_is_indented() {
        let long = "x".repeat(90);
        let text = format!(r#"{{"list":["{long}",[]],"n":1}}"#);
        let expected = format!("{{\n  \"list\": [\n    \"{long}\",\n    []\n  ],\n  \"n\": 1\n}}");
        assert_eq!(readable(&text), Some(expected));
    }
}
