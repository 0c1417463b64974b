//! Every route of the host.

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, delete, get, patch, post},
};

use crate::{
    app::App,
    middleware, proxy,
    routes::{
        admin_plugins, admin_users, api_keys, auth, extension_settings, fallback, health, me,
        members, plugins, projects, roles, tasks,
    },
};

/// The whole HTTP surface, layers included.
///
/// Listener and shutdown come from outside, so that tests serve the very same thing.
pub fn build(app: Arc<App>) -> Router {
    let api = Router::new()
        // Identity.
        .route("/auth/login", post(auth::login))
        .route("/auth/refresh", post(auth::refresh))
        .route("/auth/logout", post(auth::logout))
        .route("/users/me", get(me::show).patch(me::change))
        .route("/users/me/password", patch(me::change_password))
        .route("/users/me/api-keys", get(api_keys::list).post(api_keys::create))
        .route("/users/me/api-keys/{keyId}", delete(api_keys::revoke))
        .route("/admin/users", get(admin_users::list).post(admin_users::create))
        .route("/admin/users/{userId}", delete(admin_users::delete))
        .route("/admin/users/{userId}/password", patch(admin_users::set_password))
        // Projects.
        .route("/projects", get(projects::list).post(projects::create))
        .route(
            "/projects/{projectId}",
            get(projects::show).patch(projects::change).delete(projects::delete),
        )
        .route("/projects/{projectId}/members", get(members::list).post(members::add))
        .route(
            "/projects/{projectId}/members/{userId}",
            patch(members::change).delete(members::remove),
        )
        .route("/projects/{projectId}/roles", get(roles::list).post(roles::create))
        .route("/projects/{projectId}/roles/{roleId}", patch(roles::change).delete(roles::delete))
        .route("/projects/{projectId}/tasks", get(tasks::list).post(tasks::create))
        .route(
            "/projects/{projectId}/tasks/{taskId}",
            get(tasks::show).patch(tasks::change).delete(tasks::delete),
        )
        // Plugins: the list, and the way into them. The wildcard does not match an empty tail, which
        // is a request to the plugin's root.
        .route("/plugins", get(plugins::list))
        .route("/plugins/{pluginId}/", any(proxy::handle))
        .route("/plugins/{pluginId}/{*path}", any(proxy::handle))
        // Plugins: administration.
        .route("/admin/plugins", post(admin_plugins::register))
        .route("/admin/plugins/marketplace", get(admin_plugins::marketplace))
        .route("/admin/plugins/marketplace/install", post(admin_plugins::install))
        .route(
            "/admin/plugins/{pluginId}",
            patch(admin_plugins::change).delete(admin_plugins::uninstall),
        )
        .route("/admin/plugins/{pluginId}/upgrade", post(admin_plugins::upgrade))
        .route("/admin/plugin-extension-settings", patch(extension_settings::put));
    let router = Router::new()
        .nest("/api/v1", api)
        .route("/api/healthz", get(health::healthz))
        .route("/api/readyz", get(health::readyz))
        .fallback(fallback::not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .with_state(app);
    middleware::apply(router)
}
