//! The document as a contract: which operations there are, and what each may answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};

pub(super) struct Contract {
    document: Value,
    /// The document's schemas, in which objects have the members they name and no others.
    components: Value,
}

impl Contract {
    pub(super) fn new(document: Value) -> Self {
        let mut components = document["components"].clone();
        let parts = parts_of_wholes(&document);
        for (name, schema) in components["schemas"].as_object_mut().unwrap() {
            close(schema, parts.contains(&format!("#/components/schemas/{name}")));
        }
        Self { document, components }
    }

    /// Every operation, as path and method.
    pub(super) fn operations(&self) -> BTreeSet<(String, String)> {
        let paths = self.document["paths"].as_object().unwrap();
        paths
            .iter()
            .flat_map(|(path, item)| {
                item.as_object().unwrap().keys().map(|method| (path.clone(), method.clone()))
            })
            .collect()
    }

    /// What is wrong with an answer, by what the document says of the operation.
    pub(super) fn judge(
        &self,
        method: &str,
        template: &str,
        status: u16,
        body: &[u8],
    ) -> Result<(), String> {
        let operation = &self.document["paths"][template][method.to_lowercase()];
        let response = &operation["responses"][status.to_string()];
        if response.is_null() {
            return Err(format!("status {status} is not documented"));
        }
        let Some(content) = response["content"].as_object() else {
            return if body.is_empty() {
                Ok(())
            } else {
                Err("a body is not documented".to_owned())
            };
        };
        let mut schema = content["application/json"]["schema"].clone();
        close(&mut schema, false);
        schema["components"] = self.components.clone();
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .map_err(|error| format!("not a schema: {error}"))?;
        let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let wrong: Vec<String> = validator
            .iter_errors(&body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(format!("{wrong:?}: {body}")) }
    }
}

/// References to schemas that are a part of others, which add members of their own.
fn parts_of_wholes(document: &Value) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    let mut open = vec![document];
    while let Some(value) = open.pop() {
        let members = value["allOf"].as_array().into_iter().flatten();
        parts.extend(members.filter_map(|part| part["$ref"].as_str().map(str::to_owned)));
        match value {
            Value::Object(members) => open.extend(members.values()),
            Value::Array(elements) => open.extend(elements),
            _ => {}
        }
    }
    parts
}

/// Lets no object have a member that its schema does not name. `part`: the schema describes a part
/// of an object, so others may name more.
fn close(schema: &mut Value, part: bool) {
    let Some(members) = schema.as_object_mut() else { return };
    let whole = !part && (members.contains_key("properties") || members.contains_key("allOf"));
    for (keyword, value) in members.iter_mut() {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => {
                properties.values_mut().for_each(|schema| close(schema, false));
            }
            ("allOf", Value::Array(parts)) => parts.iter_mut().for_each(|part| close(part, true)),
            ("oneOf" | "anyOf", Value::Array(choices)) => {
                for choice in choices {
                    close(choice, false);
                }
            }
            ("items" | "additionalProperties", value) => close(value, false),
            _ => {}
        }
    }
    if whole {
        members.insert("unevaluatedProperties".to_owned(), json!(false));
    }
}

#[test]
fn a_member_that_no_schema_names_is_noticed() {
    let operation = json!({"responses": {"200": {"content": {"application/json": {
        "schema": {"allOf": [{"$ref": "#/components/schemas/A"}, {"properties": {"b": {}}}]},
    }}}}});
    let document = json!({
        "paths": {"/x": {"get": operation}},
        "components": {"schemas": {"A": {"properties": {"a": {"$ref": "#/components/schemas/B"}}},
                                   "B": {"type": "object", "properties": {"c": {"type": "string"}}}}},
    });
    let contract = Contract::new(document);
    let judge =
        |status, body: Value| contract.judge("GET", "/x", status, body.to_string().as_bytes());
    judge(200, json!({"a": {"c": ""}, "b": 1})).unwrap();
    for (status, body) in [
        (200, json!({"a": {"c": ""}, "d": 1})),
        (200, json!({"a": {"c": "", "d": 1}})),
        (200, json!({"a": {"c": 1}})),
        (404, json!({})),
    ] {
        judge(status, body.clone()).unwrap_err();
    }
}
