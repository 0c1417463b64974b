//! Every route of the host. A route and its description in the OpenAPI document are one: path and
//! method stand at the handler.

use std::sync::Arc;

use axum::{
    Router,
    middleware::map_response,
    routing::{any, get},
};
use utoipa::{OpenApi as _, openapi::OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    middleware,
    openapi::{self, Description},
    proxy,
    routes::{
        admin_plugins, admin_users, api_keys, auth, extension_settings, fallback, health, me,
        members, plugins, projects, roles, static_files, tasks,
    },
};

/// The whole HTTP surface, layers included.
///
/// Listener and shutdown come from outside, so that tests serve the very same thing.
pub fn build(app: Arc<App>) -> Router {
    let (router, _) = all(app.config.metrics.listen.is_none()).split_for_parts();
    let router = router
        .merge(files())
        .fallback(fallback::not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .with_state(app);
    middleware::apply(router)
}

/// Plugins' files, described in `openapi`.
fn files() -> Router<Arc<App>> {
    Router::new()
        .route("/plugins/{*file}", get(static_files::frontend))
        .route("/plugins-mcp/{*file}", get(static_files::mcp))
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .layer(map_response(static_files::nosniff))
}

/// What is served on the address of `METRICS_LISTEN`.
pub fn metrics(app: Arc<App>) -> Router {
    let (router, _) = OpenApiRouter::new().routes(routes!(health::metrics)).split_for_parts();
    router.with_state(app)
}

/// What the routes say of themselves, with or without `/metrics`.
pub fn described(metrics: bool) -> OpenApi {
    all(metrics).into_openapi()
}

fn all(metrics: bool) -> OpenApiRouter<Arc<App>> {
    let router = OpenApiRouter::with_openapi(Description::openapi())
        .nest("/api/v1", api())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(openapi::serve));
    if metrics { router.routes(routes!(health::metrics)) } else { router }
}

/// Below `/api/v1`.
fn api() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        // Identity.
        .routes(routes!(auth::login))
        .routes(routes!(auth::refresh))
        .routes(routes!(auth::logout))
        .routes(routes!(me::show, me::change))
        .routes(routes!(me::change_password))
        .routes(routes!(api_keys::list, api_keys::create))
        .routes(routes!(api_keys::revoke))
        .routes(routes!(admin_users::list, admin_users::create))
        .routes(routes!(admin_users::delete))
        .routes(routes!(admin_users::set_password))
        // Projects.
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::show, projects::change, projects::delete))
        .routes(routes!(members::list, members::add))
        .routes(routes!(members::change, members::remove))
        .routes(routes!(roles::list, roles::create))
        .routes(routes!(roles::change, roles::delete))
        .routes(routes!(tasks::list, tasks::create))
        .routes(routes!(tasks::show, tasks::change, tasks::delete))
        // Plugins: the list, and the way into them, described in `openapi`. The wildcard does not
        // match an empty tail, which is a request to the plugin's root.
        .routes(routes!(plugins::list))
        .route("/plugins/{pluginId}/", any(proxy::handle))
        .route("/plugins/{pluginId}/{*path}", any(proxy::handle))
        // Plugins: administration.
        .routes(routes!(admin_plugins::register))
        .routes(routes!(admin_plugins::marketplace))
        .routes(routes!(admin_plugins::install))
        .routes(routes!(admin_plugins::change, admin_plugins::uninstall))
        .routes(routes!(admin_plugins::upgrade))
        .routes(routes!(extension_settings::put))
}
