//! Clients of the host that is never killed: asking without pause, and missing nothing.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use super::scene::{PLUGIN, Scene};
use crate::{
    api::{Answer, Client},
    sample::{self, Sample},
};

/// What a client asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wanted {
    /// The plugin's code.
    Route,
    /// A file of it.
    File,
    /// The list of plugins.
    List,
}

impl Wanted {
    pub(crate) const ALL: [Self; 3] = [Self::Route, Self::File, Self::List];

    fn path(self) -> String {
        match self {
            Self::Route => format!("/api/v1/plugins/{PLUGIN}/version"),
            Self::File => format!("/plugins/{PLUGIN}/remoteEntry.js"),
            Self::List => "/api/v1/plugins".to_owned(),
        }
    }

    /// The number of the version that a host answers.
    pub(crate) fn ask(self, client: &Client) -> Result<u32> {
        let answer = client.get(&self.path())?;
        ensure!(answer.status == 200, "{self:?} is answered {}: {}", answer.status, answer.body);
        let version = match self {
            Self::Route => answer.version.clone(),
            Self::File => Sample::version_in(&answer.body).map(str::to_owned),
            Self::List => listed(&answer)?,
        };
        let number = version.as_deref().and_then(sample::number);
        number.with_context(|| format!("{self:?} is answered {answer:?}"))
    }
}

fn listed(answer: &Answer) -> Result<Option<String>> {
    let plugins = answer.data()?["plugins"].take();
    let plugin =
        plugins.as_array().and_then(|plugins| plugins.iter().find(|p| p["name"] == PLUGIN));
    Ok(plugin.and_then(|plugin| plugin["version"].as_str()).map(str::to_owned))
}

/// What a client saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) requests: usize,
    pub(crate) failures: usize,
    /// The longest time between two successful answers.
    pub(crate) longest_gap: Duration,
}

/// Asks until the run is over. Whatever is answered is no older than what this client saw before,
/// nor than what the host said was installed before it was asked.
pub(crate) fn watch(scene: &Scene<'_>, wanted: Wanted) -> Seen {
    let mut seen = Seen::default();
    let mut newest = 0;
    let mut last = Instant::now();
    while scene.goes_on() {
        let floor = scene.floor.load(Ordering::SeqCst).max(newest);
        seen.requests += 1;
        match wanted.ask(&scene.survivor) {
            Ok(number) => {
                seen.longest_gap = seen.longest_gap.max(last.elapsed());
                last = Instant::now();
                newest = newest.max(number);
                if number < floor {
                    seen.failures += 1;
                    scene.fail(format!("{wanted:?}: version {number} after version {floor}"));
                }
            }
            Err(error) => {
                seen.failures += 1;
                scene.fail(format!("survivor: {error:#}"));
            }
        }
    }
    seen
}
