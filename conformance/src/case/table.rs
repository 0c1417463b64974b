//! Tables of cases: one template, and a row for each case.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::text::CaseText;

/// `[[table]]` as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    template: toml::Table,
    #[serde(default)]
    row: Vec<Spanned<toml::Table>>,
}

/// Fields of a case: a row key of such a name replaces the template's field.
const CASE_FIELDS: &[&str] = &[
    "id", "slug", "title", "cites", "why", "profile", "tier", "deadline", "features", "lane",
    "negative", "twin", "needs", "plugin", "also", "steps",
];

impl Table {
    /// One case text per row, with the row's offset in the file.
    pub(super) fn expand(self) -> Vec<(usize, Result<CaseText, String>)> {
        let template = &self.template;
        self.row
            .into_iter()
            .map(|row| (row.span().start, expand_row(template, row.get_ref())))
            .collect()
    }
}

fn expand_row(template: &toml::Table, row: &toml::Table) -> Result<CaseText, String> {
    let mut used = BTreeSet::new();
    let mut expanded = toml::Table::new();
    for (key, value) in template {
        expanded.insert(key.clone(), substitute(value, row, &mut used)?);
    }
    for (key, value) in row {
        if CASE_FIELDS.contains(&key.as_str()) {
            expanded.insert(key.clone(), value.clone());
        } else if !used.contains(key) {
            let hint = crate::suggest::hint(key, CASE_FIELDS.iter().copied());
            return Err(format!("nothing in the template uses the row's `{key}`{hint}"));
        }
    }
    Value::Table(expanded).try_into().map_err(|e: toml::de::Error| {
        format!("expanded row: {}", crate::suggest::improve(e.message()))
    })
}

/// Replaces `${x}` by the row's value: with its type where it is the whole string, as text elsewhere.
fn substitute(
    value: &Value,
    row: &toml::Table,
    used: &mut BTreeSet<String>,
) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => substitute_text(text, row, used)?,
        Value::Array(items) => Value::Array(
            items.iter().map(|item| substitute(item, row, used)).collect::<Result<_, _>>()?,
        ),
        Value::Table(table) => {
            let mut out = toml::Table::new();
            for (key, value) in table {
                let key = match substitute_text(key, row, used)? {
                    Value::String(key) => key,
                    other => return Err(format!("the key `{key}` would become {other}")),
                };
                out.insert(key, substitute(value, row, used)?);
            }
            Value::Table(out)
        }
        other => other.clone(),
    })
}

fn substitute_text(
    text: &str,
    row: &toml::Table,
    used: &mut BTreeSet<String>,
) -> Result<Value, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else { break };
        let name = &rest[start + 2..start + length];
        let value = row.get(name).ok_or_else(|| {
            let hint = crate::suggest::hint(name, row.keys().map(String::as_str));
            format!("the template uses `${{{name}}}`, which this row lacks{hint}")
        })?;
        used.insert(name.to_owned());
        if start == 0 && length + 1 == rest.len() && out.is_empty() {
            return Ok(value.clone());
        }
        out.push_str(&rest[..start]);
        match value {
            Value::String(text) => out.push_str(text),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => {
                out.push_str(&value.to_string());
            }
            _ => {
                return Err(format!(
                    "`${{{name}}}` inside a string is a list or table in this row"
                ));
            }
        }
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    Ok(Value::String(out))
}
