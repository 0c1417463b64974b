//! Kills one host after the other, and starts each again.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    scene::{Mortal, Scene},
    watch::Wanted,
};
use crate::{host::Host, random::Random};

/// A host lives at most this long.
const LIFE: Duration = Duration::from_millis(1500);
/// A version that came while a host started has to be served this soon after.
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(1);
const KILLED_WITHIN: Duration = Duration::from_secs(10);
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

/// What became of the hosts.
#[derive(Debug, Default)]
pub(crate) struct Kills {
    /// When each was killed, in seconds since 1970.
    pub(crate) at: Vec<f64>,
    /// The longest time from a start to serving.
    pub(crate) longest_start: Duration,
}

impl Kills {
    /// Kills hosts for so long. All live when it is over, unless it failed.
    pub(crate) fn run(
        &mut self,
        scene: &Scene<'_>,
        hosts: &mut [Host],
        time: Duration,
        random: &mut Random,
    ) -> Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            for (mortal, host) in scene.mortals.iter().zip(hosts.iter_mut()) {
                thread::sleep(random.within(LIFE));
                scene.stage.signals.none_came()?;
                let killed = self.one(scene, mortal, host);
                killed.with_context(|| host.log_tail())?;
            }
        }
        Ok(())
    }

    fn one(&mut self, scene: &Scene<'_>, mortal: &Mortal, host: &mut Host) -> Result<()> {
        if let Some(status) = host.ended()? {
            bail!("{} ended by itself: {status}", mortal.plan.name);
        }
        mortal.now(None);
        host.kill()?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.at.push(now.as_secs_f64());
        ensure!(host.until_ended(KILLED_WITHIN)?.is_some(), "a killed host lives on");

        let newest = scene.newest.load(Ordering::SeqCst);
        let began = Instant::now();
        *host = Host::start(scene.stage, scene.ground, &mortal.plan)?;
        self.longest_start = self.longest_start.max(began.elapsed());
        let client = scene.survivor.at(&host.url);
        for wanted in Wanted::ALL {
            let first = wanted.ask(&client).context("the first answers after a start")?;
            ensure!(first >= newest, "{wanted:?}: version {first} first, after {newest}");
        }
        // What came while it started.
        let newest = scene.newest.load(Ordering::SeqCst);
        let deadline = Instant::now() + CAUGHT_UP_WITHIN;
        while Wanted::Route.ask(&client)? < newest {
            ensure!(
                Instant::now() < deadline,
                "version {newest} is missing {CAUGHT_UP_WITHIN:?} after the start"
            );
            thread::sleep(LOOK_INTERVAL);
        }
        mortal.now(Some(client));
        Ok(())
    }
}
