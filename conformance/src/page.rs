//! Pages that stand alone: one file, nothing loaded from elsewhere, a policy that forbids it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// What all pages share: colours and type.
pub(crate) const STYLE: &str = include_str!("page/base.css");

/// The switch between light and dark.
pub(crate) const THEME: &str = include_str!("page/theme.js");

/// Replaces each `{{name}}` of a template. What is put in is not searched again, so a value may hold
/// anything. A name without a value stays as it is, which no template of ours survives in its tests.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let size = template.len() + values.iter().map(|(_, value)| value.len()).sum::<usize>();
    let mut out = String::with_capacity(size);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let value = after.split_once("}}").and_then(|(name, tail)| {
            values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value, tail))
        });
        if let Some((value, tail)) = value {
            out.push_str(value);
            rest = tail;
        } else {
            out.push_str("{{");
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// The policy of a page with this style and this script: those two by their hashes, and nothing else
/// of any kind.
pub(crate) fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    )
}

/// A script of several files, in a scope of its own.
pub(crate) fn script(files: &[&str]) -> String {
    format!("\"use strict\";\n(() => {{\n{}\n}})();\n", files.join("\n"))
}

/// Text as HTML, for elements and for attributes in double quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// JSON that may stand in a `<script>` element: no `<`, so neither its end nor a comment begins there.
pub(crate) fn embeddable(json: &str) -> String {
    // `<` occurs in strings only, where it may be written so.
    json.replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::{embeddable, escape, fill};

    #[test]
    fn what_is_put_in_is_not_searched_again() {
        assert_eq!(fill("a {{x}} b {{y}}", &[("x", "{{y}}"), ("y", "{{x}}")]), "a {{y}} b {{x}}");
        assert_eq!(fill("{{z}} {{", &[("x", "1")]), "{{z}} {{");
    }

    #[test]
    fn nothing_ends_an_element_or_an_attribute() {
        assert_eq!(escape(r#"<a b="c" d='e'>&"#), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
        let json = embeddable(r#"{"a":"</script><!--"}"#);
        assert!(!json.contains('<'));
        let value: serde_json::Value = serde_json::from_str(&json).unwrap_or_default();
        assert_eq!(value["a"], "</script><!--");
    }
}
