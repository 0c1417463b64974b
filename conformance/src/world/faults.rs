//! Taking away what the host relies on, and bringing it back: by the commands of `[faults]`, and
//! always, whatever becomes of the case.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::process::Command;

use super::{Trouble, World};
use crate::case::{Change, Part};
use crate::client::{Outgoing, Transcript};

/// For one command. A database that is started again first reads its log.
const COMMAND_PATIENCE: Duration = Duration::from_mins(1);
/// From a change to a host that serves, or is ready, again.
const READY_PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// What is away at the moment, and what was done to it.
#[derive(Debug, Default)]
pub struct Away {
    parts: Mutex<BTreeMap<Part, Change>>,
    /// Whether the host did not become ready again.
    gave_up: AtomicBool,
}

impl Away {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Part, Change>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this is away.
    pub fn is(&self, part: Part) -> bool {
        self.lock().contains_key(&part)
    }

    /// In words, if anything is.
    pub fn describe(&self) -> Option<String> {
        let away = self.lock();
        let list: Vec<String> =
            away.iter().map(|(part, change)| format!("{part} ({change})")).collect();
        (!list.is_empty()).then(|| list.join(", "))
    }
}

impl World {
    /// Changes a part; returns when it is changed, and one that is brought back answers.
    pub async fn fault(&self, part: Part, change: Change) -> Result<(), Trouble> {
        if change.undone_by().is_some() {
            // Before anything is done: whatever becomes of it, it will be undone.
            self.away.lock().insert(part, change);
            return self.command(part, change).await.map_err(Trouble::Blocked);
        }
        self.command(part, change).await.map_err(Trouble::Blocked)?;
        match part {
            Part::Host => self.host_answers().await.map_err(Trouble::preparation)?,
            Part::Valkey => self.bus_answers().await.map_err(Trouble::Blocked)?,
            Part::Postgres => {}
        }
        self.away.lock().remove(&part);
        Ok(())
    }

    /// Brings back everything that is away, and waits until the host is ready. What did not work, in
    /// words.
    pub async fn restore(&self) -> Vec<String> {
        let away = self.away.lock().clone();
        let mut left = Vec::new();
        // The host last: it does not start without its stores.
        for (part, change) in away.into_iter().rev() {
            let Some(undo) = change.undone_by() else { continue };
            if let Err(trouble) = self.fault(part, undo).await {
                left.push(format!("{part}, after `{change}`: {}", trouble.describe()));
            }
        }
        // One that has not become ready after an earlier fault is given no such time again.
        let patience =
            if self.away.gave_up.load(Ordering::Relaxed) { PAUSE } else { READY_PATIENCE };
        if left.is_empty() {
            let ready = self.within(patience, || self.ready()).await;
            self.away.gave_up.store(!ready, Ordering::Relaxed);
            if !ready {
                left.push(format!("the host is not ready {READY_PATIENCE:?} after a fault"));
            }
        }
        left
    }

    async fn command(&self, part: Part, change: Change) -> Result<(), String> {
        let command = self.target.faults.as_ref().and_then(|all| all.command(part, change));
        let Some([program, arguments @ ..]) = command else {
            return Err(format!("[faults.{part}] of the target file has no `{change}`"));
        };
        let shown = format!("[faults.{part}] {change}: `{program} {}`", arguments.join(" "));
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(COMMAND_PATIENCE, command.output()).await;
        let output =
            output.map_err(|_| format!("{shown} has not ended after {COMMAND_PATIENCE:?}"))?;
        let output = output.map_err(|error| format!("{shown} cannot be run: {error}"))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{shown} ended with {}: {}", output.status, said.trim()))
    }

    async fn host_answers(&self) -> Result<(), String> {
        let answers = async || self.health().await.is_ok();
        if self.within(READY_PATIENCE, answers).await {
            return Ok(());
        }
        Err(format!("the host does not answer {READY_PATIENCE:?} after it was started again"))
    }

    async fn bus_answers(&self) -> Result<(), String> {
        let Ok(bus) = &self.bus else { return Ok(()) };
        // Another word every time: the echo of an earlier one says nothing.
        let now = format!("echo at {:?}", Instant::now());
        let word = format!("hostproof.{}.{}", self.run, self.token(&now));
        if self.within(READY_PATIENCE, async || bus.echoes(&word).await).await {
            return Ok(());
        }
        Err(format!("the Valkey does not answer the suite {READY_PATIENCE:?} after it is back"))
    }

    async fn ready(&self) -> bool {
        let request = Outgoing::plain("GET", "/api/readyz");
        let answer = self.client.send(&Transcript::default(), &request).await;
        answer.is_ok_and(|answer| answer.status == 200)
    }

    async fn within(&self, patience: Duration, condition: impl AsyncFn() -> bool) -> bool {
        let until = Instant::now() + patience;
        while Instant::now() < until {
            let rest = until.saturating_duration_since(Instant::now());
            if tokio::time::timeout(rest, condition()).await == Ok(true) {
                return true;
            }
            tokio::time::sleep(PAUSE).await;
        }
        false
    }
}
