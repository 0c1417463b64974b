//! Requests that go on while other steps are taken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

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

/// Requests of one step that go on while other steps are taken; dropping it ends them.
#[derive(Debug)]
struct Background {
    tasks: JoinSet<Result<Answer, Trouble>>,
    installs: Option<Installs>,
}

impl Progressing {
    /// Sends a request, so many times at once, without waiting for the answers.
    pub(super) fn start(
        &mut self,
        attempt: &Attempt,
        name: String,
        (request, at_once): (Outgoing, usize),
        transcript: &Transcript,
        installs: Option<Installs>,
    ) {
        let mut tasks = JoinSet::new();
        for _ in 0..at_once {
            let (request, transcript) = (request.clone(), transcript.clone());
            let world = Arc::clone(&attempt.world);
            tasks.spawn(async move { step::send(&world, &request, &transcript).await });
        }
        self.background.insert(name, Background { tasks, installs });
    }

    /// Lets a background step go, whose answer may never come.
    pub(super) fn abandon(&mut self, name: &str) {
        self.background.remove(name);
    }

    /// Waits for the next answer of a background step. `None`: all have come.
    pub(super) async fn join(
        &mut self,
        attempt: &Attempt,
        name: &str,
    ) -> Result<Option<Answer>, Trouble> {
        let background = self
            .background
            .get_mut(name)
            .ok_or_else(|| Trouble::Harness(format!("no background step `{name}`")))?;
        let Some(ended) = background.tasks.join_next().await else { return Ok(None) };
        let answer = ended.map_err(|e| Trouble::Harness(e.to_string()))??;
        if let Some(Installs(key)) = &background.installs {
            attempt.installed(key.as_deref(), &answer);
        }
        Ok(Some(answer))
    }
}
