//! A run against the accepted snapshot.

use std::time::Duration;

use similar::TextDiff;

use super::{KitError, Options, Update, shown, took};
use crate::cost::Allowance;
use crate::plugin::Plugin;
use crate::report::{Failure, ScenarioReport, StepReport, Verdict};
use crate::run::Ran;
use crate::scenario::Scenario;
use crate::snapshot::{Place, Snapshot};

/// Lines around a difference.
const CONTEXT: usize = 4;

pub(super) fn judge(
    plugin: &Plugin,
    scenario: &Scenario,
    ran: &Ran,
    options: &Options,
    elapsed: Duration,
) -> Result<ScenarioReport, KitError> {
    let place = Place::new(&plugin.golden(), &scenario.name);
    let accepted = place.read()?;
    let steps = steps(ran, accepted.as_ref());
    let mut failures = failures(scenario, ran);
    failures.extend(options.deny_regressions.iter().flat_map(|limit| grown(*limit, &steps)));
    let same = accepted.as_ref().is_some_and(|it| it.text.trim_end() == ran.text.trim_end());
    let grown = failures.len() > ran.failures.len();
    let verdict = match (failures.is_empty(), same, &accepted) {
        (true, true, _) => Verdict::Passed,
        (true, false, None) => Verdict::New,
        _ => Verdict::Failed,
    };
    let mut report = ScenarioReport {
        name: scenario.name.clone(),
        file: shown(&scenario.file),
        verdict,
        failures,
        difference: None,
        pending: None,
        steps,
        unplayed_answers: ran.coverage.unplayed,
        elapsed_ms: took(elapsed),
    };
    // Of a scenario that failed before anything was accepted, the failures are what there is to see.
    if !same && (accepted.is_some() || ran.failures.is_empty()) {
        report.difference = Some(difference(accepted.as_ref(), ran));
    }
    settle(&mut report, &place, plugin, scenario, ran, same && !grown, options.update)?;
    Ok(report)
}

/// Writes what is to be written.
fn settle(
    report: &mut ScenarioReport,
    place: &Place,
    plugin: &Plugin,
    scenario: &Scenario,
    ran: &Ran,
    settled: bool,
    update: Update,
) -> Result<(), KitError> {
    let relative = scenario.file.strip_prefix(&plugin.root).unwrap_or(&scenario.file);
    let snapshot = Snapshot {
        source: relative.display().to_string().replace('\\', "/"),
        description: scenario.description.clone(),
        costs: ran.costs.clone(),
        text: ran.text.clone(),
    };
    let written = match update {
        // A transcript of a scenario that failed in another way is a draft: the failure goes first,
        // and what waits from an earlier run waits no longer.
        Update::Accept if ran.failures.is_empty() => {
            report.verdict = Verdict::Passed;
            report.failures.clear();
            report.difference = None;
            place.bless(&snapshot)
        }
        Update::Propose if ran.failures.is_empty() && !settled => {
            report.pending = Some(shown(&place.pending()));
            place.propose(&snapshot)
        }
        Update::Propose => place.reject(),
        Update::Never | Update::Accept => Ok(()),
    };
    written.map_err(|source| KitError::Write { path: place.pending(), source })
}

fn steps(ran: &Ran, accepted: Option<&Snapshot>) -> Vec<StepReport> {
    let step = |(name, cost): &(String, _)| StepReport {
        name: name.clone(),
        cost: *cost,
        accepted: accepted.and_then(|accepted| accepted.cost(name)),
    };
    ran.costs.iter().map(step).collect()
}

fn failures(scenario: &Scenario, ran: &Ran) -> Vec<Failure> {
    let text = std::fs::read_to_string(&scenario.file).unwrap_or_default();
    let line = |at: usize| text.get(..at).unwrap_or_default().matches('\n').count() + 1;
    let failure = |failure: &crate::run::StepFailure| Failure {
        step: Some(failure.step.clone()),
        line: failure.at.map(line),
        message: failure.message.clone(),
    };
    ran.failures.iter().map(failure).collect()
}

/// Steps that take more instructions than they may.
fn grown(limit: Allowance, steps: &[StepReport]) -> Vec<Failure> {
    let too_many = |step: &&StepReport| {
        step.accepted.is_some_and(|accepted| limit.exceeded(accepted, step.cost))
    };
    steps
        .iter()
        .filter(too_many)
        .map(|step| Failure {
            step: Some(step.name.clone()),
            line: None,
            message: format!(
                "takes {} instructions, and {} were accepted",
                step.cost.instructions,
                step.accepted.map_or(0, |accepted| accepted.instructions)
            ),
        })
        .collect()
}

fn difference(accepted: Option<&Snapshot>, ran: &Ran) -> String {
    let before = accepted.map_or("", |accepted| accepted.text.as_str());
    let before = format!("{}\n", before.trim_end());
    let after = format!("{}\n", ran.text.trim_end());
    if accepted.is_none() {
        let lines: Vec<String> = after.lines().map(|line| format!("+{line}")).collect();
        return lines.join("\n");
    }
    TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(CONTEXT)
        .header("accepted", "now")
        .to_string()
}
