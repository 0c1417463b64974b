//! The lanes of a run: cases side by side, then those that must be alone, then those that take something
//! away from the host, then failures once more alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::select;
use rand::seq::SliceRandom as _;
use rand::{SeedableRng as _, rngs::StdRng};

use super::attempt::{Ended, Variable, attempt};
use super::plan::Plan;
use crate::baseline::Stale;
use crate::case::{Case, Feature, Lane, Tier};
use crate::client::{Exchange, Redactor};
use crate::evidence::{FailureKind, Verdict};
use crate::sighting::Sighting;
use crate::world::{Stop, World};

/// For all second attempts together. A host on which much fails is broken, not flaky, and second
/// attempts would only make the run longer.
const AGAIN_PATIENCE: Duration = Duration::from_secs(90);
/// So many cases of [`Lane::Waiting`] are under way for each of the others; one where those come one by one.
const WAITING: usize = 3;

/// How to run.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Cases under way at once in the shared lane, and as many again in the waiting one.
    pub jobs: usize,
    /// For the whole run.
    pub deadline: Duration,
    /// Decides the order of the cases.
    pub seed: u64,
    /// End with the first case that somebody asked for and that fails in an assertion, and try nothing
    /// a second time.
    pub fail_fast: bool,
}

/// A case with its verdict.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its verdict.
    pub verdict: Verdict,
    /// Every exchange with the host, of the attempt the verdict is about.
    pub exchanges: Vec<Exchange>,
    /// What its steps found elsewhere.
    pub sightings: Vec<Sighting>,
    /// The variables that its expectations mention, as they were in that attempt.
    pub variables: Vec<Variable>,
    /// Duration of that attempt.
    pub elapsed: Duration,
}

/// Everything a run found out.
#[derive(Debug)]
pub struct RunResult<'a> {
    /// All planned cases, in the order of the case files.
    pub outcomes: Vec<Outcome<'a>>,
    /// Why the run ended early, if it did.
    pub stopped: Option<Stop>,
    /// What could not be removed from the host, in words.
    pub leftovers: Vec<String>,
    /// Duration of the whole run.
    pub elapsed: Duration,
    /// The run's secrets, for whoever writes down what it found out.
    pub redactor: Arc<Redactor>,
    /// Lines of the baseline that are not true, once it was asked.
    pub stale: Vec<Stale>,
}

/// Who wants to see a run go on.
pub trait Progress: Sync {
    /// `total` cases will run.
    fn begin(&self, total: usize);
    /// A case has a verdict.
    fn done(&self, outcome: &Outcome<'_>);
    /// What happens now, in words.
    fn phase(&self, what: &str);
    /// The run is over.
    fn end(&self);
}

/// Runs all planned cases. Always returns: every case has a deadline, and so has the run.
pub async fn run<'a>(
    world: &Arc<World>,
    plans: Vec<Plan<'a>>,
    options: RunOptions,
    progress: &dyn Progress,
) -> RunResult<'a> {
    let started = Instant::now();
    let timer = {
        let world = Arc::clone(world);
        tokio::spawn(async move {
            tokio::time::sleep(options.deadline).await;
            world.stop(Stop::Deadline);
        })
    };
    let order: BTreeMap<&str, usize> =
        plans.iter().enumerate().map(|(index, plan)| (plan.case.id.as_str(), index)).collect();
    let (mut outcomes, mut todo) = (Vec::new(), Vec::new());
    let mut asked = BTreeSet::new();
    for Plan { case, asked: is_asked, decided } in plans {
        asked.extend(is_asked.then_some(case.id.as_str()));
        match decided.or_else(|| blocked(case, world)) {
            Some(verdict) => outcomes.push(Outcome {
                case,
                verdict,
                exchanges: Vec::new(),
                sightings: Vec::new(),
                variables: Vec::new(),
                elapsed: Duration::ZERO,
            }),
            None => todo.push(case),
        }
    }
    todo.shuffle(&mut StdRng::seed_from_u64(options.seed));
    // The longest first, so that the run does not end with one of them alone; unless it may end early.
    todo.sort_by_key(|case| std::cmp::Reverse(case.deadline));
    if options.fail_fast {
        todo.reverse();
    }
    progress.begin(todo.len());
    let mut leftovers = Vec::new();
    let (exclusive, beside): (Vec<_>, Vec<_>) =
        todo.into_iter().partition(|case| case.lane == Lane::Exclusive);
    let (waiting, shared): (Vec<_>, Vec<_>) =
        beside.into_iter().partition(|case| case.lane == Lane::Waiting);
    // Faults last: by then everything else is judged, whatever becomes of the host.
    let (faults, exclusive): (Vec<_>, Vec<_>) =
        exclusive.into_iter().partition(|case| case.tier == Tier::Fault);
    let side_by_side = |lane: Vec<&'a Case>, jobs| {
        futures_util::stream::iter(lane)
            .map(|case| async move { (case, attempt(world, case, false).await) })
            .buffer_unordered(jobs)
    };
    let jobs = options.jobs.max(1);
    // Who waits takes no turn from the others, and ends the sooner the more wait at once: guests without end
    // take what processors there are for as long as one of them is alive.
    let waiting_jobs = if jobs == 1 { 1 } else { WAITING * jobs };
    let shared = select(side_by_side(shared, jobs), side_by_side(waiting, waiting_jobs));
    let alone = side_by_side(exclusive, 1).chain(side_by_side(faults, 1));
    let mut running = std::pin::pin!(shared.chain(alone));
    while let Some((case, ended)) = running.next().await {
        let outcome = outcome(case, ended, &mut leftovers);
        progress.done(&outcome);
        if options.fail_fast && asked.contains(case.id.as_str()) && asserted(&outcome) {
            world.stop(Stop::Failed);
        }
        outcomes.push(outcome);
    }
    if !options.fail_fast {
        again(world, &mut outcomes, &mut leftovers, progress).await;
    }
    judge_by_twins(&mut outcomes);
    timer.abort();
    progress.phase("removing what the run created");
    let created = std::mem::take(
        &mut *world.created.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
    );
    leftovers.extend(world.remove(created).await);
    progress.end();
    outcomes.sort_by_key(|outcome| order.get(outcome.case.id.as_str()).copied());
    RunResult {
        outcomes,
        stopped: world.stopped(),
        leftovers,
        elapsed: started.elapsed(),
        stale: Vec::new(),
        redactor: Arc::clone(world.client.redactor()),
    }
}

/// What the suite could not start that a case needs.
fn blocked(case: &Case, world: &World) -> Option<Verdict> {
    let reason = case.features.iter().find_map(|feature| match feature {
        Feature::Catalog => world.catalog.as_ref().err(),
        Feature::Outbound => world.outbound.as_ref().err(),
        Feature::Valkey => world.bus.as_ref().err(),
        _ => None,
    });
    reason.cloned().map(Verdict::Blocked)
}

fn outcome<'a>(case: &'a Case, ended: Ended, leftovers: &mut Vec<String>) -> Outcome<'a> {
    leftovers.extend(ended.leftovers);
    let Ended { verdict, exchanges, sightings, variables, elapsed, .. } = ended;
    Outcome { case, verdict, exchanges, sightings, variables, elapsed }
}

/// Whether an expectation of the case did not hold.
fn asserted(outcome: &Outcome<'_>) -> bool {
    outcome.verdict.failure().is_some_and(|failure| failure.kind == FailureKind::Assertion)
        && matches!(outcome.verdict, Verdict::Fail(_))
}

/// Second attempts, one at a time, on a host that does nothing else. Who passes now is flaky.
async fn again(
    world: &Arc<World>,
    outcomes: &mut [Outcome<'_>],
    leftovers: &mut Vec<String>,
    progress: &dyn Progress,
) {
    let started = Instant::now();
    let failed = outcomes.iter_mut().filter(|o| matches!(o.verdict, Verdict::Fail(_)));
    for outcome in failed {
        if started.elapsed() > AGAIN_PATIENCE || world.stopped().is_some() {
            return;
        }
        progress.phase(&format!("once more, alone: {}", outcome.case.slug));
        let ended = attempt(world, outcome.case, true).await;
        leftovers.extend(ended.leftovers);
        if let (Verdict::Fail(first), Verdict::Pass(pass)) = (&outcome.verdict, ended.verdict) {
            // The exchanges stay those of the failure, which is what has to be explained.
            outcome.verdict = Verdict::Flaky { first: first.clone(), pass };
        }
    }
}

/// A refusal says nothing while the same thing, done right, is refused too.
fn judge_by_twins(outcomes: &mut [Outcome<'_>]) {
    let passed: BTreeMap<String, bool> =
        outcomes.iter().map(|o| (o.case.id.clone(), o.verdict.passed())).collect();
    for outcome in outcomes.iter_mut().filter(|o| o.case.negative && o.verdict.passed()) {
        let twin = outcome.case.twin.as_deref().unwrap_or_default();
        if passed.get(twin) != Some(&true) {
            outcome.verdict = Verdict::Inconclusive(format!(
                "what it asserts holds, but its positive twin {twin} did not pass"
            ));
        }
    }
}
