//! A stream of upgrades, through one host and the other in turn, and how long each takes to be served
//! by the rest.

use std::{
    sync::atomic::Ordering,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use ureq::http::Method;

use super::{
    scene::{PLUGIN, Scene},
    watch::Wanted,
};
use crate::{api::Client, sample::Sample};

/// What one host does, the others have to serve within this time.
const SERVED_WITHIN: Duration = Duration::from_secs(1);
/// How long an upgrade may be refused because a dead host's lock is not yet free.
const BUSY_FOR: Duration = Duration::from_secs(10);
const LOOK_INTERVAL: Duration = Duration::from_millis(1);
const BUSY_INTERVAL: Duration = Duration::from_millis(20);

/// What became of the upgrades.
#[derive(Debug, Default)]
pub(crate) struct Upgrades {
    /// Those that a host answered with success.
    pub(crate) done: usize,
    /// Those whose host was killed meanwhile.
    pub(crate) cut_short: usize,
    /// Refusals because the lock of a dead host was not yet free.
    pub(crate) busy: usize,
    /// From the answer of one host to the first answer of the new version by another, for each.
    pub(crate) propagation: Vec<Duration>,
}

/// The next version of the plugin.
pub(crate) fn sample(number: u32) -> Sample {
    Sample { name: PLUGIN.to_owned(), number, migrations: 1 }
}

enum Reply {
    Done,
    Busy,
    UpToDate,
}

fn ask(scene: &Scene<'_>, client: &Client) -> Result<Reply> {
    let path = format!("/api/v1/admin/plugins/{}/upgrade", scene.id);
    let answer = client.send(&Method::POST, &path, None)?;
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    match (answer.status, body["error_code"].as_str()) {
        (200, _) => Ok(Reply::Done),
        (409, Some("PLUGIN_BUSY")) => Ok(Reply::Busy),
        (409, Some("PLUGIN_ALREADY_UP_TO_DATE")) => Ok(Reply::UpToDate),
        (status, _) => bail!("an upgrade is answered {status}: {}", answer.body),
    }
}

impl Upgrades {
    /// Upgrades until the run is over.
    pub(crate) fn run(scene: &Scene<'_>) -> Self {
        let mut upgrades = Self::default();
        let mut number = scene.newest.load(Ordering::SeqCst);
        while scene.goes_on() {
            number += 1;
            if let Err(error) = upgrades.one(scene, number) {
                scene.fail(format!("version {number}: {error:#}"));
                return upgrades;
            }
        }
        upgrades
    }

    fn one(&mut self, scene: &Scene<'_>, number: u32) -> Result<()> {
        sample(number).publish(scene.catalog)?;
        let turn = number as usize % (scene.mortals.len() + 1);
        let mortal = turn.checked_sub(1).and_then(|turn| scene.mortals.get(turn));
        if let Some(mortal) = mortal
            && let Some((client, life)) = mortal.client()
        {
            match ask(scene, &client) {
                Ok(Reply::Done) => {
                    self.done += 1;
                    let answered = Instant::now();
                    scene.newest.fetch_max(number, Ordering::SeqCst);
                    return self.propagate(scene, number, answered, Some(turn - 1));
                }
                Ok(Reply::Busy) => self.busy += 1,
                Ok(Reply::UpToDate) => bail!("a version that is new is said to be there already"),
                // The host may have been killed between the commit and its answer.
                Err(error) if mortal.lives_since(life) => return Err(error),
                Err(_) => self.cut_short += 1,
            }
        }
        self.through_survivor(scene)?;
        let answered = Instant::now();
        scene.newest.fetch_max(number, Ordering::SeqCst);
        scene.floor.fetch_max(number, Ordering::SeqCst);
        self.propagate(scene, number, answered, None)
    }

    /// Through the host that is never killed, which has to succeed as soon as it notices that who
    /// had the lock is dead.
    fn through_survivor(&mut self, scene: &Scene<'_>) -> Result<()> {
        let deadline = Instant::now() + BUSY_FOR;
        loop {
            match ask(scene, &scene.survivor)? {
                Reply::Done => {
                    self.done += 1;
                    return Ok(());
                }
                Reply::UpToDate => return Ok(()),
                Reply::Busy => {
                    self.busy += 1;
                    ensure!(Instant::now() < deadline, "busy for {BUSY_FOR:?}");
                    thread::sleep(BUSY_INTERVAL);
                }
            }
        }
    }

    /// Waits until every other host that lives serves it.
    fn propagate(
        &mut self,
        scene: &Scene<'_>,
        number: u32,
        answered: Instant,
        through: Option<usize>,
    ) -> Result<()> {
        if through.is_some() {
            let time = served(&scene.survivor, number, answered, || true)?;
            self.propagation.extend(time);
        }
        for (place, mortal) in scene.mortals.iter().enumerate() {
            if through == Some(place) {
                continue;
            }
            let Some((client, life)) = mortal.client() else { continue };
            let time = served(&client, number, answered, || mortal.lives_since(life))
                .with_context(|| mortal.plan.name.clone())?;
            self.propagation.extend(time);
        }
        Ok(())
    }
}

/// How long it takes until a host serves a version; nothing when it was killed before.
pub(crate) fn served(
    client: &Client,
    number: u32,
    answered: Instant,
    lives: impl Fn() -> bool,
) -> Result<Option<Duration>> {
    loop {
        match Wanted::Route.ask(client) {
            Ok(found) if found >= number => return Ok(Some(answered.elapsed())),
            _ if !lives() => return Ok(None),
            // One that was never served is not yet there.
            Err(error) if number > 1 => return Err(error),
            _ => {}
        }
        ensure!(
            answered.elapsed() < SERVED_WITHIN,
            "version {number} is not served {SERVED_WITHIN:?} after another host had it"
        );
        thread::sleep(LOOK_INTERVAL);
    }
}
