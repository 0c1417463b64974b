//! The ways into plugins: their routes, which have no handler of a fixed method and body, and their
//! files, which have no body that a schema could describe.

use serde_json::{Map, Value, json};

/// Where requests to plugins arrive.
const PATH: &str = "/api/v1/plugins/{pluginId}/{path}";
/// The same for a plugin's root.
const ROOT: &str = "/api/v1/plugins/{pluginId}/";

/// Where files of frontends are, and those of MCP servers.
const FILES: [(&str, &str); 2] = [
    ("/plugins/{pluginId}/{path}", "getPluginFile"),
    ("/plugins-mcp/{pluginId}/{path}", "getPluginMcpFile"),
];

/// The operation of the first two paths; the method follows.
pub(super) const CALL: &str = "callPlugin";

/// The path items. Manifests declare these methods.
pub(super) fn paths() -> Map<String, Value> {
    let item = |suffix: &str| -> Map<String, Value> {
        ["get", "post", "put", "patch", "delete"]
            .into_iter()
            .map(|method| (method.to_owned(), operation(&format!("{CALL}{suffix}_{method}"))))
            .collect()
    };
    let files = FILES.map(|(path, id)| (path.to_owned(), json!({"get": file(id)})));
    [(PATH.to_owned(), item("").into()), (ROOT.to_owned(), item("Root").into())]
        .into_iter()
        .chain(files)
        .collect()
}

fn file(id: &str) -> Value {
    let any = json!({"*/*": {"schema": {"type": "string", "format": "binary"}}});
    json!({
        "operationId": id,
        "tags": ["plugins"],
        "summary": "A file that a plugin brings.",
        "responses": {
            "200": {"description": "The file.", "content": any},
            "206": {"description": "The range of it that was asked for.", "content": any},
            "304": {"description": "It is what `If-None-Match` names."},
        },
    })
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

fn leads_into_a_plugin(path: &str) -> bool {
    path == PATH || path == ROOT || FILES.iter().any(|(file, _)| *file == path)
}

/// A parameter in a path. All are ids, save those that lead into a plugin.
pub(super) fn parameter(path: &str, name: &str) -> Value {
    let (schema, description) = match (path, name) {
        (path, "pluginId") if leads_into_a_plugin(path) => {
            (json!({"type": "string"}), "The plugin's name.")
        }
        (_, "path") => (json!({"type": "string"}), "The rest of the path, slashes included."),
        _ => (json!({"type": "string", "format": "uuid"}), "An id."),
    };
    json!({
        "name": name, "in": "path", "required": true,
        "schema": schema, "description": description,
    })
}
