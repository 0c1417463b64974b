//! One lane: a database, its folders, and one host after the other.

use std::{
    os::unix::process::ExitStatusExt as _,
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant as Clock},
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use nix::sys::signal::Signal;

use super::{
    look::Look,
    request::{self, Reply},
    schedule::{Instant, Step},
    state::State,
    tally::{Kind, Outcome, Tally},
};
use crate::{
    api::{self, Client},
    catalog::Catalog,
    database::Database,
    host::{Ground, Host, Plan},
    hosted::Stage,
    random::Random,
};

/// An operation, and a host that dies of it, have this long.
const PATIENCE: Duration = Duration::from_secs(30);
/// What is not settled when the host serves has this long: whoever holds the lock is dead, and the
/// host looks again every few seconds.
const SETTLED_WITHIN: Duration = Duration::from_secs(15);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// A lane at work.
pub(crate) struct Lane<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) catalog: &'a Catalog,
    pub(crate) tally: &'a Mutex<Tally>,
    pub(crate) ground: &'a Ground,
    pub(crate) database: Database,
    pub(crate) random: Random,
    /// The settings of its hosts.
    environment: Vec<(&'static str, String)>,
    admin: Client,
    /// How long operations and starts take.
    durations: [Duration; 5],
}

/// Where the duration of a start is kept, behind those of the operations.
const START: usize = 4;

impl<'a> Lane<'a> {
    /// Sets a lane up on a database. `modules` is where hosts keep compiled modules.
    pub(crate) fn new(
        stage: &'a Stage,
        catalog: &'a Catalog,
        tally: &'a Mutex<Tally>,
        ground: &'a Ground,
        database: &str,
        modules: &std::path::Path,
        random: Random,
    ) -> Result<Self> {
        let mut environment = api::environment("127.0.0.1:0", stage, database, catalog);
        // The lanes' events would meet there, and none is looked at.
        environment.retain(|(name, _)| *name != "VALKEY_URL");
        environment.push(("PLUGINS_MODULE_CACHE_DIR", modules.display().to_string()));
        Ok(Self {
            database: Database::open(stage, database)?,
            stage,
            catalog,
            tally,
            ground,
            random,
            environment,
            admin: Client::new(""),
            durations: [Duration::from_millis(100); 5],
        })
    }

    /// Takes every step. Ends with the first failure: after it, nothing is as it should be.
    pub(crate) fn run(&mut self, steps: &[Step]) -> Result<()> {
        let mut host = self.start(steps.first())?;
        self.admin = Client::sign_in(&host.url)?;
        let mut state = State::nothing("");
        for (number, step) in steps.iter().enumerate() {
            self.stage.signals.none_came()?;
            if state.name != step.name {
                state = State::nothing(&step.name);
            }
            let next = steps.get(number + 1);
            let taken = self.step(step, host, &mut state, next);
            host = taken.with_context(|| format!("step {number}, {}", step.to_text()))?;
        }
        Ok(())
    }

    /// One operation: cut short by a kill, found as it must be, done again. Answers with the host that
    /// is to do the next one.
    fn step(
        &mut self,
        step: &Step,
        mut host: Host,
        state: &mut State,
        next: Option<&Step>,
    ) -> Result<Host> {
        let action = step.operation.action();
        let (before, after) = (state.undone(&step.operation), state.after(&step.operation));
        request::publish(&step.operation, self.catalog)?;
        let id = self.plugin_id(&step.name)?;
        let delay = self.random.within(self.durations[action as usize]);
        let reply = self.kill(&mut host, step, id.as_deref(), delay);
        let reply = reply.map_err(|error| with_log(&error, &host))?;
        drop(host);

        let expected = match step.kill {
            Instant::At(point) => Some(point.is_committed()),
            // Whoever was told that it is done must find it done.
            Instant::Any => matches!(reply, Some(Reply::Done)).then_some(true),
        };
        let mut kinds = vec![Kind { action, settling: false, instant: step.kill }];
        let left_record = self.has_record()?;
        if let Some(again) = step.again
            && self.start_and_kill(again, step, left_record)?
        {
            kinds.push(Kind { action, settling: true, instant: again });
        }
        let host = self.start(next)?;
        let (new, at_start) = match self.find(&host, &before, &after, expected) {
            Ok(found) => found,
            Err(error) => {
                for kind in kinds {
                    self.note(kind, Outcome { left_record, ..Outcome::default() });
                }
                return Err(with_log(&error, &host));
            }
        };
        for kind in kinds {
            self.note(kind, Outcome { left_record, at_start, new: Some(new) });
        }
        self.repeat(step, &host, new).map_err(|error| with_log(&error, &host))?;
        *state = after;
        let (_, at_once) = self
            .find(&host, state, state, None)
            .context("after the operation was done again")
            .map_err(|error| with_log(&error, &host))?;
        ensure!(at_once, "the operation, done again, was settled only after its answer");
        Ok(host)
    }

    /// Has the host begin the operation, and die. Answers what the client was told, if anything.
    fn kill(
        &self,
        host: &mut Host,
        step: &Step,
        id: Option<&str>,
        delay: Duration,
    ) -> Result<Option<Reply>> {
        let client = self.admin.at(&host.url);
        thread::scope(|scope| {
            let asked = scope.spawn(|| request::send(&client, &step.operation, id));
            if step.kill == Instant::Any {
                thread::sleep(delay);
                host.kill()?;
            }
            let status = host.until_ended(PATIENCE)?;
            let reply = asked.join().ok().context("the client's thread")?;
            let Some(status) = status else {
                bail!("the host lives on behind {:?}, and answered {reply:?}", step.kill);
            };
            ensure!(
                status.signal() == Some(Signal::SIGKILL as i32),
                "the host ended with {status} and not by a kill"
            );
            // A connection that broke is no answer.
            Ok(reply.ok())
        })
    }

    /// Starts a host that is killed while it starts; false when it served before that.
    fn start_and_kill(&mut self, at: Instant, step: &Step, left_record: bool) -> Result<bool> {
        let crash = match at {
            Instant::At(point) if left_record => Some(step.operation.action().crash_at(point)),
            // There is nothing to settle, hence nothing that passes the point.
            Instant::At(_) => return Ok(false),
            Instant::Any => None,
        };
        let delay = self.random.within(self.durations[START]);
        let mut host = Host::launch(self.stage, self.ground, &self.plan(crash))?;
        if at == Instant::Any {
            thread::sleep(delay);
            host.kill()?;
            return Ok(true);
        }
        let ended = host.until_ready(&self.stage.signals)?;
        let killed = ended.is_some_and(|status| status.signal() == Some(Signal::SIGKILL as i32));
        ensure!(killed, "the host passed {at:?} when it settled, and lives:\n{}", host.log_tail());
        Ok(true)
    }

    /// Starts the host that is to die at the next step.
    fn start(&mut self, next: Option<&Step>) -> Result<Host> {
        let crash = next.and_then(|step| match step.kill {
            Instant::At(point) => Some(step.operation.action().crash_at(point)),
            Instant::Any => None,
        });
        let began = Clock::now();
        let host = Host::start(self.stage, self.ground, &self.plan(crash))?;
        self.durations[START] = began.elapsed();
        Ok(host)
    }

    fn plan(&self, crash: Option<String>) -> Plan {
        let mut environment = self.environment.clone();
        environment.extend(crash.map(|crash| ("PLUGINS_CRASH_AT", crash)));
        Plan { name: "host".to_owned(), environment, plugin_config: String::new() }
    }

    /// Demands one of the two states: whether it is the new one, and whether all was settled at once.
    fn find(
        &mut self,
        host: &Host,
        before: &State,
        after: &State,
        expected: Option<bool>,
    ) -> Result<(bool, bool)> {
        let client = self.admin.at(&host.url);
        let deadline = Clock::now() + SETTLED_WITHIN;
        let mut at_start = true;
        loop {
            let look = Look::at(&after.name, &client, &mut self.database, self.ground)?;
            let wrong = [before, after].map(|state| look.wrongly_served(state));
            let new = !wrong[0].is_empty();
            let state = if new { after } else { before };
            ensure!(
                !new || wrong[1].is_empty(),
                "what is served is of no one version.\nNot the old one: {:#?}\nNot the new one: {:#?}",
                wrong[0],
                wrong[1]
            );
            ensure!(
                expected.is_none_or(|expected| expected == new),
                "the {} state is true, and not the other",
                if new { "new" } else { "old" }
            );
            let kept = look.wrongly_kept(state)?;
            if kept.is_empty() {
                return Ok((new, at_start));
            }
            at_start = false;
            ensure!(
                Clock::now() < deadline,
                "not settled {SETTLED_WITHIN:?} later: {kept:#?}\n{look:#?}"
            );
            thread::sleep(LOOK_INTERVAL);
        }
    }

    /// Does the operation again, which must succeed, or be answered that it is done.
    fn repeat(&mut self, step: &Step, host: &Host, done: bool) -> Result<()> {
        let client = self.admin.at(&host.url);
        let id = self.plugin_id(&step.name)?;
        let began = Clock::now();
        let reply = request::send(&client, &step.operation, id.as_deref());
        let reply = reply.context("the operation, done again")?;
        let expected = request::when_repeated(&step.operation, done);
        ensure!(
            reply == expected,
            "the operation, done again, is answered {reply:?} and not {expected:?}"
        );
        if !done {
            self.durations[step.operation.action() as usize] = began.elapsed();
        }
        Ok(())
    }

    fn plugin_id(&mut self, name: &str) -> Result<Option<String>> {
        let ids = self.database.texts(&format!("SELECT id FROM plugins WHERE name = '{name}'"))?;
        Ok(ids.into_iter().next())
    }

    fn has_record(&mut self) -> Result<bool> {
        Ok(!self.database.rows("SELECT id FROM plugin_operations")?.is_empty())
    }

    fn note(&self, kind: Kind, outcome: Outcome) {
        const PROGRESS: usize = 20;
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let kills = tally.note(kind, outcome);
        if kills.is_multiple_of(PROGRESS) {
            eprintln!(
                "    {kills} kills, {} failed; last: {}",
                tally.failures.len(),
                kind.to_text()
            );
        }
    }
}

/// What was wrong, and behind it what the host has to say.
fn with_log(error: &anyhow::Error, host: &Host) -> anyhow::Error {
    anyhow!("{error:#}\n{}", host.log_tail())
}
