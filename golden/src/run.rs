//! One scenario, from loading the plugin to its transcript.

mod perform;

use std::sync::Arc;
use std::time::Duration;

use policy::Policy;
use sandbox::watch::{Surroundings, Watch, WatchedEngine, Witness};
use sandbox::{LoadError, LoadRequest, Outbound, Sandbox, Services};

use crate::cost::Cost;
use crate::coverage::Coverage;
use crate::front::Front;
use crate::normalise::Normaliser;
use crate::plugin::Plugin;
use crate::scenario::{Scenario, StubAnswer};
use crate::stage::{Complaints, Database, Network, Shared, Stage};
use crate::transcript;
use crate::watcher::Watcher;

/// Real time for a call of a guest that waits for nothing: a busy machine must not decide a test.
const PATIENCE: Duration = Duration::from_mins(2);

/// The name under which the costs of loading are kept.
pub const LOAD: &str = "load";

/// What a scenario came to.
#[derive(Clone, Debug, Default)]
pub struct Ran {
    /// The transcript, normalised.
    pub text: String,
    /// What each step cost, loading first.
    pub costs: Vec<(String, Cost)>,
    /// What did not hold: step, line of the file in bytes, and why.
    pub failures: Vec<StepFailure>,
    /// What was made use of.
    pub coverage: Coverage,
}

/// Something that did not hold in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepFailure {
    /// The step's name.
    pub step: String,
    /// Where it begins in the file, in bytes; loading begins nowhere.
    pub at: Option<usize>,
    /// Why.
    pub message: String,
}

/// Everything that one run of a scenario has for itself.
pub(crate) struct Running {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) watcher: Arc<Watcher>,
    pub(crate) complaints: Arc<Complaints>,
    stage: Arc<Stage>,
    sandbox: Sandbox,
}

impl Running {
    pub(crate) fn new(
        engine: &WatchedEngine,
        plugin: Arc<Plugin>,
        scenario: Arc<Scenario>,
        database: Database,
    ) -> Self {
        let policy = Arc::new(policy(&scenario));
        let watcher = Arc::new(Watcher::default());
        let complaints = Arc::new(Complaints::default());
        let stage = Arc::new(Stage::new(
            Arc::clone(&scenario),
            Arc::clone(&plugin.manifest),
            Arc::clone(&policy),
            Arc::clone(&complaints),
            database,
        ));
        let network = Network {
            scenario: Arc::clone(&scenario),
            policy: Arc::clone(&policy),
            complaints: Arc::clone(&complaints),
        };
        let surroundings = Surroundings { now: scenario.clock, seed: scenario.seed };
        let watch = Watch {
            witness: Arc::clone(&watcher) as Arc<dyn Witness>,
            instructions: scenario.instructions,
            surroundings,
        };
        let services: Arc<dyn Services> = Arc::new(Shared(Arc::clone(&stage)));
        let outbound: Arc<dyn Outbound> = Arc::new(network);
        let sandbox = engine.sandbox(Arc::clone(&policy), services, outbound, watch);
        Self { plugin, scenario, policy, watcher, complaints, stage, sandbox }
    }

    /// Runs every step.
    pub(crate) async fn run(&self) -> Ran {
        let mut ran = Ran::default();
        let mut text = String::new();
        let loaded = self.load().await;
        let seen = self.watcher.take();
        ran.costs.push((LOAD.to_owned(), seen.cost));
        transcript::heading(&mut text, LOAD);
        let front = match loaded {
            Ok(front) => {
                transcript::host_calls(&mut text, &seen.calls);
                perform::grants(self, LOAD, None, &seen.calls, &[], &mut ran);
                perform::complaints(self, LOAD, None, &mut ran);
                Some(front)
            }
            Err(error) => {
                let message = format!("the plugin does not load: {}", chain(&error));
                ran.failures.push(StepFailure { step: LOAD.to_owned(), at: None, message });
                None
            }
        };
        let mut captured = Vec::new();
        if let Some(front) = front {
            for (number, step) in (1..).zip(&self.scenario.steps) {
                perform::step(self, &front, number, step, &mut captured, &mut text, &mut ran).await;
            }
            front.plugin.shutdown().await;
        }
        self.unplayed(&mut ran);
        ran.text = Normaliser::new(&self.scenario, &captured).apply(&text);
        let secrets = &self.stage.secrets;
        for failure in &mut ran.failures {
            failure.message = secrets.hide(&failure.message);
        }
        ran
    }

    async fn load(&self) -> Result<Front, LoadError> {
        let manifest = Arc::clone(&self.plugin.manifest);
        let request = LoadRequest {
            name: manifest.id.clone(),
            manifest: Arc::clone(&manifest),
            wasm: self.plugin.wasm.clone(),
        };
        let plugin = self.sandbox.load(request).await?;
        Ok(Front::new(plugin, manifest, Arc::clone(&self.policy), Arc::clone(&self.scenario)))
    }

    /// Recorded answers that nobody asked for: what the plugin no longer does.
    fn unplayed(&self, ran: &mut Ran) {
        if let Database::Replay(replay) = &self.stage.database
            && ran.failures.is_empty()
        {
            ran.coverage.unplayed = replay.unplayed().len();
        }
    }

    /// The live database, in a recording.
    pub(crate) fn stage(&self) -> &Stage {
        &self.stage
    }
}

fn policy(scenario: &Scenario) -> Policy {
    let mut policy = Policy::default();
    let hangs = scenario.fetch.iter().any(|stub| matches!(stub.answer, StubAnswer::Hangs));
    if let Some(limit) = scenario.call_duration {
        policy.limits.call_duration = limit;
    } else if !hangs {
        // Nothing here takes time but the guest, and its instructions are counted.
        policy.limits.call_duration = PATIENCE;
    }
    // Nobody else is served meanwhile, so that no call has to give way.
    policy.limits.prompt_duration = PATIENCE;
    policy
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
