//! Plugin names and their schemas.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use contract::name::{InvalidName, MAX_NAME_BYTES, MAX_SCHEMA_BYTES, PluginName, SCHEMA_PREFIX};
use proptest::prelude::*;

const VALID: &str = "[A-Za-z0-9][A-Za-z0-9_-]{0,8}(\\.[A-Za-z0-9][A-Za-z0-9_-]{0,8}){0,4}";

proptest! {
    #[test]
    fn names_of_the_pattern_survive_text_and_json(text in VALID) {
        let name = PluginName::parse(&text).unwrap();
        prop_assert_eq!(name.as_str(), &text);
        let json = serde_json::to_string(&name).unwrap();
        prop_assert_eq!(serde_json::from_str::<PluginName>(&json).unwrap(), name);
    }

    /// A schema name is safe to write into a statement unquoted, whatever the plugin's name.
    #[test]
    fn schemas_are_plain_identifiers(text in VALID) {
        match PluginName::parse(&text).unwrap().schema_name() {
            Ok(schema) => {
                let rest = schema.as_str().strip_prefix(SCHEMA_PREFIX).unwrap();
                prop_assert!(schema.as_str().len() <= MAX_SCHEMA_BYTES);
                prop_assert!(rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
                prop_assert_eq!(rest, text.to_ascii_lowercase().replace(['.', '-'], "_"));
            }
            Err(too_long) => prop_assert!(SCHEMA_PREFIX.len() + text.len() > MAX_SCHEMA_BYTES, "{}", too_long),
        }
    }

    /// No text whatever makes a name that is more than one path segment.
    #[test]
    fn accepted_names_are_one_path_segment(text in ".{0,40}") {
        if let Ok(name) = PluginName::parse(&text) {
            prop_assert!(!name.as_str().contains(['/', '\\', '\0']));
            prop_assert!(!name.as_str().starts_with('.') && !name.as_str().contains(".."));
        }
    }
}

#[test]
fn what_is_no_name() {
    for text in [
        ".a", "a.", "a..b", "-a", "_a", "a.-b", "a b", "a/b", "a\\b", "ä", "a\n", "..", "a.b.",
        " a",
    ] {
        assert_eq!(PluginName::parse(text), Err(InvalidName::Pattern), "{text:?}");
    }
    assert_eq!(PluginName::parse(""), Err(InvalidName::Empty));
    assert!(PluginName::parse(&"a".repeat(MAX_NAME_BYTES)).is_ok());
    assert_eq!(
        PluginName::parse(&"a".repeat(MAX_NAME_BYTES + 1)),
        Err(InvalidName::TooLong { bytes: MAX_NAME_BYTES + 1 })
    );
}

#[test]
fn schemas_of_the_documentation() {
    let schema = |text: &str| PluginName::parse(text).unwrap().schema_name().unwrap().to_string();
    assert_eq!(schema("com.paca.checklist"), "plugin_data_com_paca_checklist");
    assert_eq!(schema("Com.Example.Time-Log"), "plugin_data_com_example_time_log");
    // Why installs compare schemas, not names.
    assert_eq!(schema("a.b-c"), schema("a.b_c"));
}

#[test]
fn a_schema_is_refused_rather_than_cut() {
    let longest = MAX_SCHEMA_BYTES - SCHEMA_PREFIX.len();
    assert!(PluginName::parse(&"a".repeat(longest)).unwrap().schema_name().is_ok());
    let error = PluginName::parse(&"a".repeat(longest + 1)).unwrap().schema_name().unwrap_err();
    assert_eq!(error.bytes, MAX_SCHEMA_BYTES + 1);
}
