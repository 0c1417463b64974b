//! The way into plugins, which has no handler of a fixed method and body.

use serde_json::{Map, Value, json};

/// Where requests to plugins arrive.
const PATH: &str = "/api/v1/plugins/{pluginId}/{path}";
/// The same for a plugin's root.
const ROOT: &str = "/api/v1/plugins/{pluginId}/";

/// The operation of the path above; the method follows.
pub(super) const CALL: &str = "callPlugin";

/// The path items. Manifests declare these methods.
pub(super) fn paths() -> Map<String, Value> {
    let item = |suffix: &str| -> Map<String, Value> {
        ["get", "post", "put", "patch", "delete"]
            .into_iter()
            .map(|method| (method.to_owned(), operation(&format!("{CALL}{suffix}_{method}"))))
            .collect()
    };
    [(PATH.to_owned(), item("").into()), (ROOT.to_owned(), item("Root").into())]
        .into_iter()
        .collect()
}

fn operation(id: &str) -> Value {
    json!({
        "operationId": id,
        "tags": ["plugins"],
        "summary": "A request to a plugin.",
        "description": "Which routes a plugin has, and who may call them, says its manifest.",
        "responses": {"default": {"description": "The plugin's own answer, in no envelope."}},
    })
}

/// A parameter in a path. All are ids, save those that lead into a plugin.
pub(super) fn parameter(path: &str, name: &str) -> Value {
    let (schema, description) = match (path, name) {
        (PATH | ROOT, "pluginId") => (json!({"type": "string"}), "The plugin's name."),
        (_, "path") => (json!({"type": "string"}), "The rest of the path, slashes included."),
        _ => (json!({"type": "string", "format": "uuid"}), "An id."),
    };
    json!({
        "name": name, "in": "path", "required": true,
        "schema": schema, "description": description,
    })
}
