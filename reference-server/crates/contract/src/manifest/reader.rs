//! A cursor over JSON that notes problems and goes on.

use serde_json::{Map, Value};

use super::problem::{Problem, code};

/// Collects problems while a document is read.
#[derive(Debug, Default)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, pointer: &str, code: &'static str, message: impl Into<String>) {
        self.0.push(Problem::new(pointer, code, message));
    }
}

/// A JSON object and where it is.
#[derive(Clone, Debug)]
pub(super) struct Object<'v> {
    fields: &'v Map<String, Value>,
    pub(super) pointer: String,
}

impl<'v> Object<'v> {
    /// Takes a value as an object, or notes that it is none.
    pub(super) fn take(value: &'v Value, pointer: String, problems: &mut Problems) -> Option<Self> {
        if let Value::Object(fields) = value {
            return Some(Self { fields, pointer });
        }
        wrong_type(problems, &pointer, value, "an object");
        None
    }

    /// Pointer to a field. Field names here are ours and need no escaping.
    pub(super) fn at(&self, field: &str) -> String {
        format!("{}/{field}", self.pointer)
    }

    /// A field that is there. `null` counts as absent: generators write it for "none".
    fn field(&self, field: &str) -> Option<&'v Value> {
        self.fields.get(field).filter(|value| !value.is_null())
    }

    /// A text that must be there and not be empty.
    pub(super) fn required_text(&self, field: &str, problems: &mut Problems) -> Option<&'v str> {
        if self.field(field).is_none() {
            problems.add(&self.at(field), code::MISSING_FIELD, format!("'{field}' is required"));
            return None;
        }
        let text = self.optional_text(field, problems)?;
        if text.trim().is_empty() {
            problems.add(&self.at(field), code::EMPTY, format!("'{field}' must not be empty"));
            return None;
        }
        Some(text)
    }

    /// A text that may be absent.
    pub(super) fn optional_text(&self, field: &str, problems: &mut Problems) -> Option<&'v str> {
        match self.field(field)? {
            Value::String(text) => Some(text),
            other => {
                wrong_type(problems, &self.at(field), other, "a string");
                None
            }
        }
    }

    /// A truth value that may be absent.
    pub(super) fn flag(&self, field: &str, problems: &mut Problems) -> bool {
        match self.field(field) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(other) => {
                wrong_type(problems, &self.at(field), other, "true or false");
                false
            }
        }
    }

    /// An object that may be absent.
    pub(super) fn object(&self, field: &str, problems: &mut Problems) -> Option<Object<'v>> {
        Object::take(self.field(field)?, self.at(field), problems)
    }

    /// A list that may be absent, each item with its pointer.
    pub(super) fn list(
        &self,
        field: &str,
        problems: &mut Problems,
    ) -> Option<Vec<(String, &'v Value)>> {
        match self.field(field)? {
            Value::Array(items) => Some(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| (format!("{}/{field}/{index}", self.pointer), item))
                    .collect(),
            ),
            other => {
                wrong_type(problems, &self.at(field), other, "an array");
                None
            }
        }
    }

    /// A list of texts, none empty; bad items are noted and left out. Absent is empty.
    pub(super) fn texts(&self, field: &str, problems: &mut Problems) -> Vec<(String, &'v str)> {
        let mut texts = Vec::new();
        for (pointer, item) in self.list(field, problems).unwrap_or_default() {
            match item {
                Value::String(text) if text.trim().is_empty() => {
                    problems.add(&pointer, code::EMPTY, "must not be empty");
                }
                Value::String(text) => texts.push((pointer, text.as_str())),
                other => wrong_type(problems, &pointer, other, "a string"),
            }
        }
        texts
    }
}

fn wrong_type(problems: &mut Problems, pointer: &str, found: &Value, expected: &str) {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    problems.add(pointer, code::WRONG_TYPE, format!("must be {expected}, is {found}"));
}
