//! Requests that go on while other steps are taken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinHandle;

use super::attempt::Attempt;
use super::step;
use crate::client::{Answer, Outgoing, Transcript};
use crate::world::Trouble;

/// What passes from step to step.
#[derive(Debug, Default)]
pub(super) struct Progressing {
    /// When the answer of the step before had been received.
    pub(super) previous: Option<Instant>,
    background: BTreeMap<String, Background>,
}

/// Which plugin a background step installs.
#[derive(Debug, Clone)]
pub(super) struct Installs(pub(super) Option<String>);

/// A request that goes on while other steps are taken; dropping it ends it.
#[derive(Debug)]
struct Background {
    task: JoinHandle<Result<Answer, Trouble>>,
    installs: Option<Installs>,
}

impl Drop for Background {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Progressing {
    /// Sends a request without waiting for its answer.
    pub(super) fn start(
        &mut self,
        attempt: &Attempt,
        name: String,
        request: Outgoing,
        transcript: Transcript,
        installs: Option<Installs>,
    ) {
        let world = Arc::clone(&attempt.world);
        let task = tokio::spawn(async move { step::send(&world, &request, &transcript).await });
        self.background.insert(name, Background { task, installs });
    }

    /// Lets a background step go, whose answer may never come.
    pub(super) fn abandon(&mut self, name: &str) {
        self.background.remove(name);
    }

    /// Waits for the answer of a background step.
    pub(super) async fn join(&mut self, attempt: &Attempt, name: &str) -> Result<Answer, Trouble> {
        let mut background = self
            .background
            .remove(name)
            .ok_or_else(|| Trouble::Harness(format!("no background step `{name}`")))?;
        let answer =
            (&mut background.task).await.map_err(|e| Trouble::Harness(e.to_string()))??;
        if let Some(Installs(key)) = &background.installs {
            attempt.installed(key.as_deref(), &answer);
        }
        Ok(answer)
    }
}
