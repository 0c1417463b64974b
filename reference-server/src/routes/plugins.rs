//! `GET /plugins`: what is installed, for the web frontend and for MCP servers.

use std::{collections::HashMap, sync::Arc};

use axum::extract::State;
use serde::Serialize;
use storage::registry::{ExtensionSetting, PluginRow};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::App, auth::authenticate::Anybody, error::ApiResult, openapi::Success, reply::Reply,
};

/// A plugin and how an administrator arranged its extension points.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedPlugin)]
pub struct Listed {
    #[serde(flatten)]
    plugin: PluginRow,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extension_settings: Vec<ExtensionSetting>,
}

/// `{"plugins":[…]}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// By name; disabled ones included.
    pub plugins: Vec<T>,
}

/// `GET /plugins`.
#[utoipa::path(
    get,
    path = "/plugins",
    operation_id = "listPlugins",
    tag = "plugins",
    responses((status = 200, description = "Done.", body = Success<List<Listed>>)),
)]
pub async fn list(State(app): State<Arc<App>>, _: Anybody) -> ApiResult<Reply<List<Listed>>> {
    let registry = app.database.registry();
    let mut settings: HashMap<Uuid, Vec<ExtensionSetting>> = HashMap::new();
    for setting in registry.extension_settings().await? {
        settings.entry(setting.plugin_id).or_default().push(setting);
    }
    let plugins = registry
        .list()
        .await?
        .into_iter()
        .map(|plugin| Listed {
            extension_settings: settings.remove(&plugin.id).unwrap_or_default(),
            plugin,
        })
        .collect();
    Ok(Reply::ok(List { plugins }))
}
