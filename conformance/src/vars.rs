//! Variables in case texts: `{plugin_url}`, `{task}`, and whatever a step captured.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A text mentions a variable that has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{{{name}}}` is no variable here{hint}; write `{{{{{name}}}}}` for the text itself")]
pub struct UnknownVariable {
    /// The name between the braces.
    pub name: String,
    /// A similar name, for the message.
    hint: String,
}

/// Names and values.
#[derive(Debug, Clone, Default)]
pub struct Vars {
    values: BTreeMap<String, Value>,
}

impl Vars {
    /// Gives `name` a value, replacing an earlier one.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.values.insert(name.into(), value.into());
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Whether `name` has a value.
    pub fn contains(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// `text` with its variables replaced.
    pub fn text(&self, text: &str) -> Result<String, UnknownVariable> {
        match self.string(text)? {
            Value::String(text) => Ok(text),
            other => Ok(other.to_string()),
        }
    }

    /// `value` with the variables in all its strings and keys replaced. A string that is nothing
    /// but a variable takes the variable's type.
    pub fn value(&self, value: &Value) -> Result<Value, UnknownVariable> {
        Ok(match value {
            Value::String(text) => self.string(text)?,
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let mut out = Map::new();
                for (key, member) in members {
                    out.insert(self.text(key)?, self.value(member)?);
                }
                Value::Object(out)
            }
            other => other.clone(),
        })
    }

    fn string(&self, text: &str) -> Result<Value, UnknownVariable> {
        let pieces = pieces(text);
        if let [Piece::Variable(name)] = pieces.as_slice() {
            return self.lookup(name).cloned();
        }
        let mut out = String::with_capacity(text.len());
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Variable(name) => match self.lookup(name)? {
                    Value::String(value) => out.push_str(value),
                    other => out.push_str(&other.to_string()),
                },
            }
        }
        Ok(Value::String(out))
    }

    fn lookup(&self, name: &str) -> Result<&Value, UnknownVariable> {
        self.values.get(name).ok_or_else(|| UnknownVariable {
            name: name.to_owned(),
            hint: crate::suggest::hint(name, self.values.keys().map(String::as_str)),
        })
    }
}

/// The names of all variables in `text`.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Variable(name) => Some(name),
        Piece::Text(_) => None,
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
}

/// Splits a text. `{name}` is a variable, `{{name}}` the text `{name}`, every other brace is text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut start, mut index) = (0, 0);
    while let Some(found) = text[index..].find('{') {
        let open = index + found;
        let doubled = text[open + 1..].starts_with('{');
        let name_at = open + 1 + usize::from(doubled);
        let name = identifier(&text[name_at..]);
        let close = if doubled { "}}" } else { "}" };
        let after = name_at + name.len();
        if name.is_empty() || !text[after..].starts_with(close) {
            index = open + 1;
            continue;
        }
        if start < open {
            pieces.push(Piece::Text(&text[start..open]));
        }
        pieces.push(if doubled {
            Piece::Text(&text[open + 1..=after])
        } else {
            Piece::Variable(name)
        });
        start = after + close.len();
        index = start;
    }
    if start < text.len() || pieces.is_empty() {
        pieces.push(Piece::Text(&text[start..]));
    }
    pieces
}

/// The longest prefix that is a variable's name: a lower-case letter, then letters, digits, `_`.
fn identifier(text: &str) -> &str {
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        return "";
    }
    let end = text
        .find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
        .unwrap_or(text.len());
    &text[..end]
}
