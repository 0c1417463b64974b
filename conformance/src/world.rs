//! Everything around the cases of one run: the client, the suite's servers, identities, and the list of
//! what was created and has to be removed.

mod cleanup;
mod faults;
mod fixtures;
mod identity;
mod naming;
mod plugin;
mod reach;

pub use cleanup::Resource;
pub use faults::Away;
pub use identity::Identities;
pub use naming::Naming;
pub use plugin::{PluginState, manifest_of};

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex as AsyncMutex, watch};

use crate::case::{Feature, Part};
use crate::client::{Answer, Client, Outgoing, Transcript, TransportError};
use crate::errors::chain;
use crate::evidence::{Failure, FailureKind};
use crate::peers::{Bus, Catalog, Outbound};
use crate::target::Target;

/// Why a case cannot go on.
#[derive(Debug)]
pub enum Trouble {
    /// The host is at fault.
    Failed(Failure),
    /// Something around the host is missing.
    Blocked(String),
    /// The suite or the case is at fault.
    Harness(String),
}

impl Trouble {
    /// A fixture could not be made.
    pub fn preparation(message: impl Into<String>) -> Self {
        Self::Failed(Failure::new(FailureKind::Preparation, message))
    }

    /// In words, for a message about another.
    pub fn describe(self) -> String {
        match self {
            Self::Failed(failure) => failure.messages.join("; "),
            Self::Blocked(message) | Self::Harness(message) => message,
        }
    }

    /// What a broken exchange means.
    pub fn transport(error: &TransportError) -> Self {
        match error {
            TransportError::Malformed(_) => Self::Harness(error.to_string()),
            _ => Self::Failed(Failure::new(FailureKind::Transport, error.to_string())),
        }
    }
}

/// What can stop a run before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The host no longer answers.
    HostLost(String),
    /// The user interrupted the run.
    Interrupted,
    /// The global deadline passed.
    Deadline,
    /// A case failed, and the user wanted to see no more.
    Failed,
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::HostLost(why) => write!(f, "the host stopped answering: {why}"),
            Self::Interrupted => f.write_str("the run was interrupted"),
            Self::Deadline => f.write_str("the run's deadline passed"),
            Self::Failed => f.write_str("a case failed, and the run was to end with that"),
        }
    }
}

/// Long enough for a busy host to answer a health request, short against a deadline.
const PATIENCE: Duration = Duration::from_secs(10);

/// The surroundings of one run.
#[derive(Debug)]
pub struct World {
    /// The target.
    pub target: Target,
    /// The client for its host.
    pub client: Client,
    /// Four characters that name this run in everything it creates.
    pub run: String,
    /// Identities made so far.
    pub identities: Identities,
    /// The catalog, or why there is none.
    pub catalog: Result<Catalog, String>,
    /// The outbound server, or why there is none.
    pub outbound: Result<Outbound, String>,
    /// The event channel, or why there is none.
    pub bus: Result<Bus, String>,
    /// What the suite has taken away from the host and not yet brought back.
    pub away: Away,
    /// Things of the whole run to remove at its end.
    pub created: Mutex<Vec<Resource>>,
    /// For how long a host that does not answer is believed to be busy.
    pub patience: Duration,
    stop: watch::Sender<Option<Stop>>,
    probing: AsyncMutex<Option<Instant>>,
    naming: Naming,
}

impl World {
    /// Starts the suite's servers. What does not start blocks the cases that need it, not the run.
    pub async fn start(target: Target, client: Client, naming: Naming) -> Self {
        let claims: &BTreeSet<Feature> = &target.claims.features;
        let catalog = match &target.catalog {
            Some(at) if claims.contains(&Feature::Catalog) => Catalog::start(at, &target.limits)
                .await
                .map_err(|e| format!("there is no catalog: {}", chain(&e))),
            _ => Err("the target file has no [catalog]".to_owned()),
        };
        let outbound = match &target.outbound {
            Some(at) if claims.contains(&Feature::Outbound) => Outbound::start(at)
                .await
                .map_err(|e| format!("there is no outbound server: {}", chain(&e))),
            _ => Err("the target file has no [outbound]".to_owned()),
        };
        let bus = match &target.valkey {
            Some(at) if claims.contains(&Feature::Valkey) => Bus::start(at)
                .await
                .map_err(|e| format!("the Valkey of the target file does not answer: {e}")),
            _ => Err("the target file has no [valkey]".to_owned()),
        };
        Self {
            target,
            client,
            run: naming.run().to_owned(),
            identities: Identities::default(),
            catalog,
            outbound,
            bus,
            away: Away::default(),
            created: Mutex::default(),
            patience: PATIENCE,
            stop: watch::Sender::new(None),
            probing: AsyncMutex::default(),
            naming,
        }
    }

    /// Text that occurs nowhere else, the same whenever it is asked for `what`.
    pub fn token(&self, what: &str) -> String {
        self.naming.token(what)
    }

    /// Stops the run. The first reason stays.
    pub fn stop(&self, reason: Stop) {
        self.stop.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some(reason);
            }
            first
        });
    }

    /// Why the run was stopped, if it was.
    pub fn stopped(&self) -> Option<Stop> {
        self.stop.borrow().clone()
    }

    /// Resolves when the run is stopped.
    pub async fn until_stopped(&self) -> Stop {
        let mut stop = self.stop.subscribe();
        loop {
            if let Some(reason) = stop.borrow_and_update().clone() {
                return reason;
            }
            if stop.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// After a broken exchange: does the host answer at all? If it does not, the run is stopped, since
    /// every further case would say the same. Many cases may ask at once; one of them looks.
    pub async fn check_host(&self, after: &str) {
        /// How often a refused connection is tried again: a host may be restarting a listener.
        const PAUSE: Duration = Duration::from_millis(200);
        /// For how long an answer is taken as a sign of life for those who ask meanwhile.
        const FRESH: Duration = Duration::from_secs(1);
        // Nobody expects an answer of a host that the suite itself has ended.
        if self.away.is(Part::Host) {
            return;
        }
        let mut last = self.probing.lock().await;
        if self.stopped().is_some() || last.is_some_and(|seen| seen.elapsed() < FRESH) {
            return;
        }
        let started = Instant::now();
        let mut refusals = 0;
        while started.elapsed() < self.patience {
            let rest = self.patience.saturating_sub(started.elapsed());
            match tokio::time::timeout(rest, self.health()).await {
                Ok(Ok(_)) => {
                    *last = Some(Instant::now());
                    return;
                }
                Ok(Err(TransportError::Connect { .. })) => {
                    refusals += 1;
                    // Nothing listens, several times in a row: it will not come back for this run.
                    if refusals >= 5 {
                        break;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(Err(_)) => tokio::time::sleep(PAUSE).await,
                Err(_) => break,
            }
        }
        self.stop(Stop::HostLost(after.to_owned()));
    }

    /// Is there anybody? If not, the run is stopped before its first case.
    pub async fn knock(&self) {
        let why = match tokio::time::timeout(self.patience, self.health()).await {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer to GET /api/healthz within {:?}", self.patience),
        };
        self.stop(Stop::HostLost(why));
    }

    /// One request to the health endpoint. Any answer is a sign of life; what it says is judged elsewhere.
    pub async fn health(&self) -> Result<Answer, TransportError> {
        self.client.send(&Transcript::default(), &Outgoing::plain("GET", "/api/healthz")).await
    }
}
