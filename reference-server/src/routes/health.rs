//! `/api/healthz`: the process runs. `/api/readyz`: it can serve.
//!
//! Neither is in the envelope; both are read by probes that know nothing of it.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Serialize;
use tokio::time::timeout;

use crate::{app::App, error::chain};

/// A store that takes longer than this to say a word is not ready. Shorter than the timeout of
/// common probes, so that they see an answer and not silence.
const PATIENCE: Duration = Duration::from_secs(1);

/// `{"status":"ok"}`.
#[derive(Debug, Serialize)]
pub struct Health {
    status: &'static str,
}

/// What each store says.
#[derive(Debug, Serialize)]
pub struct Readiness {
    status: &'static str,
    stores: Stores,
}

/// State of each store: `ok` or `unavailable`.
#[derive(Debug, Serialize)]
pub struct Stores {
    database: &'static str,
    events: &'static str,
}

/// The process runs. Asks nobody, so that a database outage does not get the host restarted.
pub async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// 200 when every store answers, else 503.
pub async fn readyz(State(app): State<Arc<App>>) -> (StatusCode, Json<Readiness>) {
    let (database, events) =
        tokio::join!(state("database", app.database.ping()), state("events", app.events.ping()));
    let ready = [database, events].iter().all(|state| *state == "ok");
    let (code, status) = if ready {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    };
    (code, Json(Readiness { status, stores: Stores { database, events } }))
}

async fn state(
    store: &'static str,
    ping: impl Future<Output = Result<(), storage::StorageError>>,
) -> &'static str {
    match timeout(PATIENCE, ping).await {
        Ok(Ok(())) => "ok",
        Ok(Err(error)) => {
            tracing::warn!(store, error = chain(&error), "store is not ready");
            "unavailable"
        }
        Err(_) => {
            tracing::warn!(store, "store did not answer in time");
            "unavailable"
        }
    }
}
