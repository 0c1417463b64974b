//! `/admin/plugins`: installing, changing and removing plugins. Needs the global `users.write`, the
//! permission of whoever administers the host.

use std::sync::Arc;

use axum::extract::State;
use contract::catalog::CatalogEntry;
use http::StatusCode;
use lifecycle::{LifecycleError, Patch, Registration};
use sandbox::LoadError;
use serde::Deserialize;
use serde_json::Value;
use storage::registry::PluginRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::plugins::List;
use crate::{
    app::App,
    auth::authenticate::Caller,
    error::{ApiError, ApiResult},
    extract::{JsonBody, UrlPath},
    openapi::Success,
    reply::Reply,
};

/// What every route here needs.
pub(super) const PERMISSION: &str = "users.write";

impl From<LifecycleError> for ApiError {
    fn from(error: LifecycleError) -> Self {
        let code = error.code();
        // What goes wrong inside has a message made for operators; clients get the fixed one.
        if code == contract::api::ErrorCode::InternalError {
            return Self::internal(error);
        }
        let api = Self::new(code, error.to_string());
        let api = match &error {
            // By then those that wait now have had their turn.
            LifecycleError::Load(LoadError::NoRoom { waited }) => {
                api.retry_after(policy::limits::whole_seconds(*waited))
            }
            _ => api,
        };
        let api = match error.details() {
            Some(details) => api.with_details(details),
            None => api,
        };
        api.because(error)
    }
}

/// `GET /admin/plugins/marketplace`: what the catalog offers. Entries that cannot be used are left
/// out, and named in the log.
#[utoipa::path(
    get,
    path = "/admin/plugins/marketplace",
    operation_id = "listMarketplace",
    tag = "plugins",
    responses((status = 200, description = "Done.", body = Success<List<CatalogEntry>>)),
)]
pub async fn marketplace(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> ApiResult<Reply<List<CatalogEntry>>> {
    caller.require(&app, PERMISSION).await?;
    let catalog = app.lifecycle.marketplace().await?;
    Ok(Reply::ok(List { plugins: catalog.entries }))
}

/// Body of an installation from the marketplace.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PluginInstall)]
pub struct Install {
    name: String,
    enabled: Option<bool>,
}

/// `POST /admin/plugins/marketplace/install`. Enabled unless the body says otherwise.
#[utoipa::path(
    post,
    path = "/admin/plugins/marketplace/install",
    operation_id = "installPlugin",
    tag = "plugins",
    request_body = Install,
    responses((status = 201, description = "Done.", body = Success<PluginRow>)),
)]
pub async fn install(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(body): JsonBody<Install>,
) -> ApiResult<Reply<PluginRow>> {
    caller.require(&app, PERMISSION).await?;
    let row = app.lifecycle.install(&body.name, body.enabled.unwrap_or(true)).await?;
    Ok(Reply::created(row))
}

/// Body of a manual registration.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PluginRegister)]
pub struct Register {
    name: String,
    version: String,
    manifest: Value,
    #[serde(default)]
    enabled: bool,
}

/// `POST /admin/plugins`. Disabled unless the body says otherwise.
#[utoipa::path(
    post,
    path = "/admin/plugins",
    operation_id = "registerPlugin",
    tag = "plugins",
    request_body = Register,
    responses((status = 201, description = "Done.", body = Success<PluginRow>)),
)]
pub async fn register(
    State(app): State<Arc<App>>,
    caller: Caller,
    JsonBody(body): JsonBody<Register>,
) -> ApiResult<Reply<PluginRow>> {
    caller.require(&app, PERMISSION).await?;
    let Register { name, version, manifest, enabled } = body;
    let row = app.lifecycle.register(Registration { name, version, manifest, enabled }).await?;
    Ok(Reply::created(row))
}

/// Body of a change. A manifest replaces the old one whole.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = PluginChange)]
pub struct Change {
    version: Option<String>,
    manifest: Option<Value>,
    enabled: Option<bool>,
}

/// `PATCH /admin/plugins/{pluginId}`.
#[utoipa::path(
    patch,
    path = "/admin/plugins/{pluginId}",
    operation_id = "changePlugin",
    tag = "plugins",
    request_body = Change,
    responses((status = 200, description = "Done.", body = Success<PluginRow>)),
)]
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(id): UrlPath<Uuid>,
    JsonBody(body): JsonBody<Change>,
) -> ApiResult<Reply<PluginRow>> {
    caller.require(&app, PERMISSION).await?;
    let Change { version, manifest, enabled } = body;
    let row = app.lifecycle.patch(id, Patch { version, manifest, enabled }).await?;
    Ok(Reply::ok(row))
}

/// `POST /admin/plugins/{pluginId}/upgrade`: to the catalog's version.
#[utoipa::path(
    post,
    path = "/admin/plugins/{pluginId}/upgrade",
    operation_id = "upgradePlugin",
    tag = "plugins",
    responses((status = 200, description = "Done.", body = Success<PluginRow>)),
)]
pub async fn upgrade(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(id): UrlPath<Uuid>,
) -> ApiResult<Reply<PluginRow>> {
    caller.require(&app, PERMISSION).await?;
    Ok(Reply::ok(app.lifecycle.upgrade(id).await?))
}

/// `DELETE /admin/plugins/{pluginId}`.
#[utoipa::path(
    delete,
    path = "/admin/plugins/{pluginId}",
    operation_id = "uninstallPlugin",
    tag = "plugins",
    responses((status = 204, description = "Done.")),
)]
pub async fn uninstall(
    State(app): State<Arc<App>>,
    caller: Caller,
    UrlPath(id): UrlPath<Uuid>,
) -> ApiResult<StatusCode> {
    caller.require(&app, PERMISSION).await?;
    app.lifecycle.uninstall(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
