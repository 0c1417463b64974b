//! Keeping secrets out of reports.

use std::sync::{LazyLock, PoisonError, RwLock};

use regex::Regex;
use serde_json::Value;

/// Knows the run's secrets, and replaces them by their labels: `«admin token»`.
#[derive(Debug, Default)]
pub struct Redactor {
    secrets: RwLock<Vec<(String, String)>>,
}

/// Members of JSON answers that are secrets whoever issued them.
static MEMBERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#""(access_token|refresh_token|password|password_hash)"\s*:\s*"[^"«]+""#)
        .expect("a constant expression")
});

impl Redactor {
    /// From now on `secret` appears as `«label»`. Very short texts are no secrets, and are left alone.
    pub fn hide(&self, secret: &str, label: &str) {
        const SHORTEST: usize = 6;
        if secret.len() >= SHORTEST {
            let mut secrets = self.secrets.write().unwrap_or_else(PoisonError::into_inner);
            secrets.push((secret.to_owned(), format!("«{label}»")));
            // Longest first, so that a secret inside another does not uncover the rest of it.
            secrets.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        }
    }

    /// `text` without secrets.
    pub fn redact(&self, text: &str) -> String {
        let secrets = self.secrets.read().unwrap_or_else(PoisonError::into_inner);
        let mut text = text.to_owned();
        for (secret, label) in secrets.iter() {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), label);
            }
        }
        MEMBERS.replace_all(&text, "\"$1\":\"«redacted»\"").into_owned()
    }

    /// The same for all texts in a value.
    pub fn redact_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::from(self.redact(text)),
            Value::Array(items) => items.iter().map(|item| self.redact_value(item)).collect(),
            Value::Object(members) => {
                let members = members.iter();
                members.map(|(name, member)| (name.clone(), self.redact_value(member))).collect()
            }
            other => other.clone(),
        }
    }

    /// A header's value without secrets. Cookies the host sets are secrets, whatever they hold.
    pub fn redact_header(&self, name: &str, value: &str) -> String {
        if name.eq_ignore_ascii_case("set-cookie")
            && let Some((cookie, rest)) = value.split_once('=')
        {
            let attributes = rest.split_once(';').map_or("", |(_, attributes)| attributes);
            return format!("{cookie}=«redacted»;{attributes}");
        }
        self.redact(value)
    }
}
