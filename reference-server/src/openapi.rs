//! The OpenAPI document: what is served, described where it is served.
//!
//! A handler's `#[utoipa::path]` is both its route and its description, so that neither exists
//! without the other ([`crate::router`]). What follows from rules rather than from the handler is
//! added here: who may call it, the ids in its path, and the error codes it answers, out of the
//! table in [`operations`].

mod operations;
mod plugin_routes;
mod schemas;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use contract::api::ErrorCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use self::operations::{Access, Operation};
pub use self::schemas::{Failure, Success};
use crate::{app::App, router};

/// What is said of the document as a whole.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Hostproof reference host",
        description = "A plugin host: its own resources, the administration of plugins, and the way into them."
    ),
    components(schemas(Failure, schemas::ErrorCode)),
    tags(
        (name = "identity", description = "Signing in, one's account, one's API keys."),
        (name = "users", description = "The administration of users."),
        (name = "projects", description = "Projects, their members, roles and tasks."),
        (name = "plugins", description = "Plugins: the list, their administration, and the way into them."),
        (name = "operations", description = "For probes and tools."),
    ),
)]
pub struct Description;

/// `GET /api/openapi.json`.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "openapi",
    tag = "operations",
    responses((status = 200, description = "This document.", body = Value)),
)]
pub async fn serve(State(app): State<Arc<App>>) -> Response {
    static WITH_METRICS: LazyLock<Bytes> = LazyLock::new(|| text(true));
    static WITHOUT: LazyLock<Bytes> = LazyLock::new(|| text(false));
    let apart = app.config.metrics.listen.is_some();
    let text = if apart { &*WITHOUT } else { &*WITH_METRICS };
    ([(CONTENT_TYPE, "application/json")], text.clone()).into_response()
}

fn text(metrics: bool) -> Bytes {
    finish(&router::described(metrics)).to_string().into()
}

/// Adds to every operation what follows from its path and its row of the table.
fn finish(described: &utoipa::openapi::OpenApi) -> Value {
    // What serialises without maps of odd keys cannot fail.
    let mut document = serde_json::to_value(described).unwrap_or_default();
    document["components"]["securitySchemes"] = json!({
        "session": {
            "type": "apiKey", "in": "cookie", "name": "access_token",
            "description": "The cookie that signing in sets.",
        },
        "bearer": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The same token, without a cookie.",
        },
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    });
    let Some(paths) = document["paths"].as_object_mut() else { return document };
    paths.extend(plugin_routes::paths());
    for (path, item) in paths {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            let Some(row) = operation["operationId"].as_str().and_then(operations::of) else {
                continue;
            };
            complete(path, operation, row);
        }
    }
    document
}

fn complete(path: &str, operation: &mut Value, row: &Operation) {
    operation["security"] = match row.access {
        Access::Public => json!([]),
        Access::Anybody => json!([{}, {"session": []}, {"bearer": []}, {"apiKey": []}]),
        Access::Caller => json!([{"session": []}, {"bearer": []}, {"apiKey": []}]),
        Access::Session => json!([{"session": []}, {"bearer": []}]),
    };
    let ids = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let ids: Vec<Value> = ids.map(|name| plugin_routes::parameter(path, name)).collect();
    let takes = !ids.is_empty() || !operation["parameters"].is_null();
    if !ids.is_empty() {
        let own = operation["parameters"].as_array().cloned().unwrap_or_default();
        operation["parameters"] = ids.into_iter().chain(own).collect();
    }
    let mut codes = row.access.codes().to_vec();
    codes.extend(row.codes);
    if path.starts_with("/api/v1/") {
        codes.extend([ErrorCode::InternalError, ErrorCode::ServiceUnavailable]);
        if takes || !operation["requestBody"].is_null() {
            codes.push(ErrorCode::BadRequest);
        }
        if !operation["requestBody"].is_null() {
            codes.push(ErrorCode::PayloadTooLarge);
        }
    }
    for (status, codes) in by_status(codes) {
        operation["responses"][status.to_string()] = refusal(&codes);
    }
}

fn by_status(codes: Vec<ErrorCode>) -> BTreeMap<u16, Vec<ErrorCode>> {
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in codes {
        let same = by_status.entry(code.status()).or_default();
        if !same.contains(&code) {
            same.push(code);
        }
    }
    by_status
}

/// An answer with one of these codes.
fn refusal(codes: &[ErrorCode]) -> Value {
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let meanings: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.meaning())).collect();
    json!({
        "description": meanings.join("\n\n"),
        "content": {"application/json": {"schema": {
            "allOf": [
                {"$ref": "#/components/schemas/Failure"},
                {"type": "object", "properties": {"error_code": {"enum": names}}},
            ],
        }}},
    })
}

#[cfg(test)]
mod tests;
