//! `/api/healthz`: the process runs. `/api/readyz`: it can serve. `/metrics`: what it counted.
//!
//! None of them is in the envelope; they are read by probes that know nothing of it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{Json, extract::State, response::Response};
use http::StatusCode;
use serde::Serialize;
use storage::StorageError;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{app::App, error::chain};

/// `{"status":"ok"}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    status: Overall,
}

/// Whether the host can serve, and what each of its stores says.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    status: Overall,
    /// By name: `postgres`, and `valkey` where one is configured.
    stores: BTreeMap<&'static str, Store>,
    /// Whether the plugins that were installed when the host started are loaded.
    plugins: Loading,
}

/// How far the host is with its plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Loading {
    /// Some are not loaded yet; they are answered 503.
    Loading,
    /// All are, or are known not to load.
    Loaded,
}

/// One word for the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Overall {
    /// Everything is there.
    Ok,
    /// A store is down, or plugins are still being loaded.
    Unavailable,
}

/// What a store says. Why it is down is for the log.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Store {
    status: StoreStatus,
}

/// Whether a store answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StoreStatus {
    /// In time.
    Up,
    /// Not, or not in time.
    Down,
}

/// The process runs. Asks nobody, so that a database outage does not get the host restarted.
#[utoipa::path(
    get,
    path = "/api/healthz",
    operation_id = "healthz",
    tag = "operations",
    responses((status = 200, description = "The process runs.", body = Health)),
)]
pub async fn healthz() -> Json<Health> {
    Json(Health { status: Overall::Ok })
}

/// 200 when every store answers and the plugins are loaded, else 503. Asked anew each time: an answer kept from before would
/// send requests to a host that cannot serve them, and keep them from one that can again.
#[utoipa::path(
    get,
    path = "/api/readyz",
    operation_id = "readyz",
    tag = "operations",
    responses(
        (status = 200, description = "Every store answers, and plugins are loaded.", body = Readiness),
        (status = 503, description = "A store is down, or plugins are being loaded.", body = Readiness),
    ),
)]
pub async fn readyz(State(app): State<Arc<App>>) -> (StatusCode, Json<Readiness>) {
    let patience = app.config.readiness_timeout;
    let postgres = state("postgres", patience, app.database.ping());
    let valkey = async {
        match app.config.valkey.url {
            Some(_) => Some(state("valkey", patience, app.events.ping()).await),
            None => None,
        }
    };
    let (postgres, valkey) = tokio::join!(postgres, valkey);
    let mut stores = BTreeMap::from([("postgres", postgres)]);
    stores.extend(valkey.map(|valkey| ("valkey", valkey)));
    let plugins = if app.loaded.initialized() { Loading::Loaded } else { Loading::Loading };
    let up = stores.values().all(|store| store.status == StoreStatus::Up);
    let (code, status) = if up && plugins == Loading::Loaded {
        (StatusCode::OK, Overall::Ok)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Overall::Unavailable)
    };
    (code, Json(Readiness { status, stores, plugins }))
}

async fn state(
    store: &'static str,
    patience: Duration,
    ping: impl Future<Output = Result<(), StorageError>>,
) -> Store {
    let status = match timeout(patience, ping).await {
        Ok(Ok(())) => StoreStatus::Up,
        Ok(Err(error)) => {
            tracing::warn!(store, error = chain(&error), "store is not ready");
            StoreStatus::Down
        }
        Err(_) => {
            tracing::warn!(store, ?patience, "store did not answer in time");
            StoreStatus::Down
        }
    };
    Store { status }
}

/// `GET /metrics`, for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "operations",
    responses((
        status = 200,
        description = "What the process has counted, in Prometheus's text format.",
        body = String,
        content_type = "text/plain",
    )),
)]
pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    crate::metrics::respond(&app)
}
