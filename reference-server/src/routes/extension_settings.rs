//! `/admin/plugin-extension-settings`: hide or reorder what plugins add to the frontend.

use std::sync::Arc;

use axum::extract::State;
use contract::api::ErrorCode;
use serde::{Deserialize, Serialize};
use storage::{StorageError, registry::ExtensionSetting};
use utoipa::ToSchema;
use uuid::Uuid;

use super::validate;
use crate::{
    app::App,
    auth::authenticate::Caller,
    error::{ApiError, ApiResult},
    extract::JsonBody,
    openapi::Success,
    reply::Reply,
};

/// Body of the setting of one extension point.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ExtensionSettingPut)]
pub struct Put {
    plugin_id: Uuid,
    extension_point: String,
    #[serde(default)]
    settings: Settings,
}

/// What can be set.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[schema(as = ExtensionSettings)]
pub struct Settings {
    #[serde(default)]
    hidden: bool,
    /// 0 is the plugin's own order, and not stored.
    #[serde(default, skip_serializing_if = "is_zero")]
    order: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_zero(order: &i64) -> bool {
    *order == 0
}

/// `PATCH /admin/plugin-extension-settings`: creates or replaces.
#[utoipa::path(
    patch,
    path = "/admin/plugin-extension-settings",
    operation_id = "putExtensionSetting",
    tag = "plugins",
    request_body = Put,
    responses((status = 200, description = "Done.", body = Success<ExtensionSetting>)),
)]
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(put): JsonBody<Put>,
) -> ApiResult<Reply<ExtensionSetting>> {
    caller.require(&app, super::admin_plugins::PERMISSION).await?;
    if put.plugin_id.is_nil() {
        return Err(ApiError::bad_request("plugin_id must not be the nil UUID"));
    }
    let point = validate::name("extension_point", &put.extension_point)?;
    let settings = serde_json::to_value(&put.settings).map_err(ApiError::internal)?;
    let registry = app.database.registry();
    let stored = registry.put_extension_setting(put.plugin_id, point, &settings).await;
    stored.map(Reply::ok).map_err(|error| match error {
        StorageError::MissingReference { .. } => {
            ApiError::new(ErrorCode::PluginNotFound, "there is no such plugin").because(error)
        }
        other => other.into(),
    })
}
