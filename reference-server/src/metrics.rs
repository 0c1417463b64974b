//! `/metrics`: what this process has counted, in Prometheus's text format.
//!
//! | what | named in |
//! |---|---|
//! | requests | [`http`] |
//! | plugins: calls, instances, statements, outbound requests | [`sandbox::metrics`] |
//! | connections to the database | [`storage::metrics`] |
//! | events on their way to plugins | [`events`] |
//! | the host itself | here |
//!
//! One recorder serves the process, as `tracing` has one subscriber; parts register their
//! instruments with it and know nothing of each other. What is cheaper to look at than to count is
//! looked at when somebody asks.

pub mod events;
mod exposition;
pub mod http;

use std::{
    sync::{OnceLock, PoisonError},
    time::Duration,
};

use ::metrics::{describe_gauge, gauge};
use anyhow::Context as _;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use sandbox::Sandbox;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;

/// Always 1; its label `version` says which build runs.
pub const BUILD_INFO: &str = "hostproof_build_info";
/// Installed plugins by `state`: `running`, `stopped` (enabled, but it could not be loaded),
/// `disabled`, or `without_backend`.
pub const PLUGINS: &str = "hostproof_plugins";

/// Upper bounds of the buckets of every duration, in seconds. A call into a small plugin takes a
/// tenth of a millisecond; ten seconds are twice what a call may take unless told otherwise.
const BUCKETS: &[f64] = &[
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0,
];

/// How often durations are sorted into buckets when nobody asks for metrics; until then each is a
/// number in memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// What Prometheus expects the text format to be called.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The process's recorder, and what is looked at when it is read.
#[derive(Debug)]
pub struct Metrics {
    handle: PrometheusHandle,
    sandbox: Sandbox,
}

impl Metrics {
    /// Metrics of a host with this sandbox. [`install`] comes before.
    ///
    /// # Errors
    /// The process's recorder is somebody else's.
    pub fn new(sandbox: Sandbox) -> anyhow::Result<Self> {
        Ok(Self { handle: install()?, sandbox })
    }

    /// Sorts durations into buckets from time to time. Never returns.
    pub async fn keep_up(&self) {
        let mut ticks = interval(UPKEEP);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.handle.run_upkeep();
        }
    }

    /// The text of a scrape. Series of plugins that are not installed (any more) are left out.
    pub fn render(&self, app: &App) -> String {
        #[cfg(feature = "mutants")]
        crate::mutant::record_metrics();
        self.sandbox.record_metrics();
        app.database.record_metrics();
        let plugins = app.lifecycle.snapshot();
        for state in ["running", "stopped", "disabled", "without_backend"] {
            let count = plugins.iter().filter(|one| state_of(one) == state).count();
            gauge!(PLUGINS, "state" => state).set(u32::try_from(count).unwrap_or(u32::MAX));
        }
        exposition::of_installed(&self.handle.render(), |name| plugins.get(name).is_some())
    }
}

fn state_of(plugin: &lifecycle::Installed) -> &'static str {
    if !plugin.row.enabled {
        "disabled"
    } else if plugin.plugin.is_some() {
        "running"
    } else if plugin.unavailable() {
        "stopped"
    } else {
        "without_backend"
    }
}

/// Makes the recorder of this process, the first time; afterwards gives access to it. Comes before
/// everything that registers instruments: those made earlier record nothing.
///
/// # Errors
/// The process's recorder is somebody else's.
pub fn install() -> anyhow::Result<PrometheusHandle> {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    static MAKING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = HANDLE.get() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets(BUCKETS)
        .context("the buckets of durations are refused")?
        .install_recorder()
        .context("this process has a recorder of metrics already")?;
    sandbox::metrics::describe();
    storage::metrics::describe();
    http::describe();
    events::describe();
    #[cfg(feature = "mutants")]
    crate::mutant::describe_metrics();
    describe_gauge!(BUILD_INFO, "Always 1; the label says which build runs.");
    describe_gauge!(PLUGINS, "Installed plugins, by state.");
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1);
    Ok(HANDLE.get_or_init(|| handle).clone())
}

/// `GET /metrics`.
pub fn respond(app: &App) -> Response {
    ([(::http::header::CONTENT_TYPE, CONTENT_TYPE)], app.metrics.render(app)).into_response()
}
