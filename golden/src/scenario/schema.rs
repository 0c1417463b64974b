//! The published schema, for editors.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::data::File;

/// The JSON schema of scenario files.
pub fn schema() -> Value {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<File>();
    let mut value = schema.to_value();
    value.sort_all_objects();
    value
}
