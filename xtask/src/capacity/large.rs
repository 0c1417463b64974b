//! A plugin whose instances take 20 MiB each.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::{
    Scene, mib,
    plugins::{self, LARGE, LARGE_BYTES},
};
use crate::{api::Client, host::Host, load::Load, process};

const BODY: &str = r#"{"hello":"world"}"#;
const TIME: Duration = Duration::from_secs(5);
/// More clients than a plugin may have instances.
const CLIENTS: usize = 32;
/// Instances of one plugin that may run at the same time (`limits.instances_per_plugin`).
const INSTANCES: u64 = 16;
/// Instances that are kept when nobody has called for a while.
const KEPT: u64 = 1;
/// What else may come and go meanwhile: connections, buffers, stacks.
const SLACK_BYTES: u64 = 32 << 20;
/// Freed memory goes back to the system as the last calls end.
const SETTLED_WITHIN: Duration = Duration::from_secs(10);

/// What was seen.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    clients: usize,
    answered: u64,
    p99_ms: f64,
    before_bytes: u64,
    /// The most while it was called.
    most_bytes: u64,
    /// What stayed.
    after_bytes: u64,
}

/// Installs it, calls it by many clients at once, and waits until memory has settled.
pub(super) fn measure(scene: &Scene<'_>, host: &Host) -> Result<Figures> {
    plugins::publish_large(&scene.catalog)?;
    let admin = Client::sign_in(&host.url)?;
    admin.install(LARGE).with_context(|| host.log_tail())?;
    let resident = || Ok::<_, anyhow::Error>(process::memory(host.pid())?.resident);
    let before = resident()?;
    let url = format!("{}/api/v1/plugins/{LARGE}/echo", host.url);
    let load = Load { connections: CLIENTS, ..Load::closed(url, &admin.token, BODY, TIME) };
    let mut running = load.start(scene.stage)?;
    let mut most = before;
    while !running.is_over()? {
        most = most.max(resident()?);
        scene.stage.signals.none_came()?;
        thread::sleep(Duration::from_millis(20));
    }
    let measured = running.end()?;
    anyhow::ensure!(
        measured.failed == 0,
        "{} calls failed; the first: {}",
        measured.failed,
        measured.first_failure.as_deref().unwrap_or_default()
    );
    let deadline = Instant::now() + SETTLED_WITHIN;
    let mut after = resident()?;
    while after > allowed_after(before) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(100));
        after = resident()?;
    }
    Ok(Figures {
        clients: CLIENTS,
        answered: measured.answered,
        p99_ms: measured.p99_ms,
        before_bytes: before,
        most_bytes: most,
        after_bytes: after,
    })
}

fn allowed_after(before: u64) -> u64 {
    before + KEPT * LARGE_BYTES + SLACK_BYTES
}

impl Figures {
    pub(super) fn problems(&self) -> Vec<String> {
        let Self { before_bytes, most_bytes, after_bytes, .. } = *self;
        let mut problems = Vec::new();
        let allowed = before_bytes + INSTANCES * LARGE_BYTES + SLACK_BYTES;
        if most_bytes > allowed {
            let (most, allowed) = (mib(most_bytes), mib(allowed));
            problems.push(format!("large instances took {most:.0} MiB, {allowed:.0} are allowed"));
        }
        let allowed = allowed_after(before_bytes);
        if after_bytes > allowed {
            let (after, allowed) = (mib(after_bytes), mib(allowed));
            problems.push(format!("large instances left {after:.0} MiB, {allowed:.0} are allowed"));
        }
        problems
    }

    pub(super) fn print(&self) {
        println!(
            "instances of 20 MiB, {} clients: {} answered, p99 {:.1} ms; memory: {:.0} MiB before, {:.0} \
             at most, {:.0} after",
            self.clients,
            self.answered,
            self.p99_ms,
            mib(self.before_bytes),
            mib(self.most_bytes),
            mib(self.after_bytes)
        );
    }
}
