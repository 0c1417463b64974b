//! Plugins that nobody calls: what they take, as they grow in number.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::{Scene, mib, plugins};
use crate::{
    api::Client,
    curves::Curves,
    load::Load,
    process::{self, Memory},
    tool::announce,
};

/// What is sent to the one that is called.
const BODY: &str = r#"{"hello":"world"}"#;
/// Requests a second: few, so that what is seen is a request and not a queue.
const RATE: f64 = 200.0;
const TIME: Duration = Duration::from_secs(5);

/// Figures of so many installed plugins.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    plugins: usize,
    /// From the start of the process until it serves, all plugins loaded from compiled modules on disk.
    start_ms: f64,
    /// Memory once it serves, before anybody called anything.
    resident_bytes: u64,
    /// The last installations, each.
    installation_ms: f64,
    /// Answers of one of the plugins.
    median_ms: f64,
    p99_ms: f64,
}

/// Installs so many, and takes figures at every power of ten on the way.
pub(super) fn measure(scene: &Scene<'_>, installed: usize) -> Result<Vec<Figures>> {
    let powers = std::iter::successors(Some(1_usize), |count| count.checked_mul(10));
    let mut counts: Vec<usize> = powers.take_while(|count| *count < installed).collect();
    counts.push(installed);
    let (mut figures, mut done) = (Vec::new(), 0);
    for count in counts {
        announce(&format!("{count} installed plugins"));
        let installation_ms = install(scene, done, count)?;
        done = count;
        figures.push(restarted(scene, count, installation_ms)?);
        scene.stage.signals.none_came()?;
    }
    Ok(figures)
}

/// Installs the plugins that are missing; gives what one took.
fn install(scene: &Scene<'_>, from: usize, to: usize) -> Result<f64> {
    let host = scene.start()?;
    let admin = Client::sign_in(&host.url)?;
    let mut took = Duration::ZERO;
    for number in from..to {
        plugins::publish(&scene.catalog, number)?;
        let began = Instant::now();
        admin.install(&plugins::name(number)).with_context(|| host.log_tail())?;
        took += began.elapsed();
        scene.stage.signals.none_came()?;
    }
    Ok(took.as_secs_f64() * 1000.0 / f64::from(u32::try_from(to - from)?))
}

fn restarted(scene: &Scene<'_>, plugins: usize, installation_ms: f64) -> Result<Figures> {
    let began = Instant::now();
    let host = scene.start()?;
    let start_ms = began.elapsed().as_secs_f64() * 1000.0;
    let Memory { resident, .. } = process::memory(host.pid())?;
    let token = Client::sign_in(&host.url)?.token;
    let path = plugins::PATH.replace("{n}", &(plugins / 2).to_string());
    let load = Load::closed(format!("{}{path}", host.url), &token, BODY, TIME);
    let load = Load { connections: 1, rate: Some(RATE), ..load };
    let measured = load.run(scene.stage).with_context(|| host.log_tail())?;
    Ok(Figures {
        plugins,
        start_ms,
        resident_bytes: resident,
        installation_ms,
        median_ms: measured.median_ms,
        p99_ms: measured.p99_ms,
    })
}

/// Whether they take more than they may.
pub(super) fn problems(figures: &[Figures], budget_mib: u64) -> Vec<String> {
    let Some(last) = figures.last() else { return Vec::new() };
    #[expect(clippy::cast_precision_loss, reason = "counts of plugins and mebibytes")]
    let budget = budget_mib as f64 * last.plugins as f64 / 1000.0;
    // A host without plugins takes something, too.
    let budget = budget.max(100.0);
    let taken = mib(last.resident_bytes);
    let over = taken > budget;
    let said =
        format!("{} idle plugins take {taken:.0} MiB, {budget:.0} are allowed", last.plugins);
    over.then_some(said).into_iter().collect()
}

impl Figures {
    pub(super) fn print(&self) {
        let Self { plugins, start_ms, installation_ms, median_ms, p99_ms, .. } = self;
        let memory = mib(self.resident_bytes);
        println!(
            "{plugins:>7} {start_ms:>5.0} ms {memory:>5.0} MiB {installation_ms:>14.1} ms \
             {median_ms:>16.2} ms {p99_ms:>6.2} ms"
        );
    }
}

/// A file for each figure.
pub(super) fn write_curves(figures: &[Figures], folder: &Path) -> Result<()> {
    type Line = (&'static str, fn(&Figures) -> f64);
    type Curve = (&'static str, &'static str, &'static str, &'static [Line]);
    let curves: [Curve; 4] = [
        ("memory", "Memory of a host", "MiB", &[("resident", |f| mib(f.resident_bytes))]),
        ("start", "Start of a host", "ms", &[("until it serves", |f| f.start_ms)]),
        ("install", "An installation", "ms", &[("mean", |f| f.installation_ms)]),
        (
            "request",
            "A request to one of the plugins",
            "ms",
            &[("median", |f| f.median_ms), ("p99", |f| f.p99_ms)],
        ),
    ];
    for (file, title, y, lines) in curves {
        let points = lines.iter().flat_map(|(line, value)| {
            figures.iter().map(move |figures| ((*line).to_owned(), figures.plugins, value(figures)))
        });
        let curves = Curves {
            file: format!("plugins-{file}"),
            title: format!("{title}, by installed plugins"),
            x: "plugins".to_owned(),
            y,
            points: points.collect(),
        };
        curves.write(folder)?;
    }
    Ok(())
}
