//! Many plugins asked at once, some far more often than others.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::{Scene, mib, plugins};
use crate::{
    api::Client,
    host::Host,
    load::{Load, Measured},
    process,
};

const BODY: &str = r#"{"hello":"world"}"#;
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// More than this much between the second quarter of the time and the last is growth.
const GROWTH: f64 = 1.05;

/// What was seen.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    plugins: usize,
    requests_per_second: f64,
    measured: Measured,
    /// Memory before the first request.
    before_bytes: u64,
    /// The mean of the second quarter of the time, when every plugin has been called.
    early_bytes: u64,
    /// The mean of the last quarter.
    late_bytes: u64,
    /// The most.
    peak_bytes: u64,
}

/// Asks so many plugins for a while.
pub(super) fn measure(
    scene: &Scene<'_>,
    host: &Host,
    plugins: usize,
    time: Duration,
    rate: f64,
) -> Result<Figures> {
    let before = process::memory(host.pid())?;
    let token = Client::sign_in(&host.url)?.token;
    let load = Load {
        spread: plugins,
        // Zipf's law, which popularity tends to follow.
        skew: 1.0,
        connections: 32,
        rate: Some(rate),
        ..Load::closed(format!("{}{}", host.url, plugins::PATH), &token, BODY, time)
    };
    let mut running = load.start(scene.stage)?;
    let began = Instant::now();
    let mut seen: Vec<(Duration, u64)> = Vec::new();
    while !running.is_over()? {
        seen.push((began.elapsed(), process::memory(host.pid())?.resident));
        scene.stage.signals.none_came()?;
        thread::sleep(LOOK_INTERVAL);
    }
    let measured = running.end().with_context(|| host.log_tail())?;
    let mean = |from: Duration, to: Duration| {
        let values: Vec<u64> = seen
            .iter()
            .filter(|(at, _)| (from..to).contains(at))
            .map(|(_, bytes)| *bytes)
            .collect();
        values.iter().sum::<u64>() / u64::try_from(values.len().max(1)).unwrap_or(1)
    };
    Ok(Figures {
        plugins,
        requests_per_second: rate,
        measured,
        before_bytes: before.resident,
        early_bytes: mean(time / 4, time / 2),
        late_bytes: mean(time * 3 / 4, time),
        peak_bytes: process::memory(host.pid())?.peak,
    })
}

impl Figures {
    /// Requests that were not answered as they should be.
    pub(super) fn failures(&self) -> Vec<String> {
        let Measured { answered, failed, first_failure, .. } = &self.measured;
        let first = first_failure.as_deref().unwrap_or("none");
        let said =
            format!("{failed} requests failed, {answered} were answered; the first: {first}");
        (*failed > 0 || *answered == 0).then_some(said).into_iter().collect()
    }

    /// That, and memory that grows.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = self.failures();
        let (early, late) = (mib(self.early_bytes), mib(self.late_bytes));
        if late > early * GROWTH {
            problems.push(format!("memory grows under load, from {early:.0} to {late:.0} MiB"));
        }
        problems
    }

    pub(super) fn print(&self) {
        let Self { plugins, requests_per_second, measured, .. } = self;
        let Measured { answered, failed, median_ms, p99_ms, slowest_ms, .. } = measured;
        println!(
            "{plugins} active plugins, {requests_per_second} requests a second: {answered} answered, \
             {failed} failed; median {median_ms:.2} ms, p99 {p99_ms:.2} ms, slowest {slowest_ms:.0} ms"
        );
        println!(
            "memory: {:.0} MiB before, {:.1} in the second quarter, {:.1} in the last, {:.0} at most",
            mib(self.before_bytes),
            mib(self.early_bytes),
            mib(self.late_bytes),
            mib(self.peak_bytes)
        );
    }
}
