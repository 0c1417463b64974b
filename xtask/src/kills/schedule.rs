//! Which operations a lane has a host do, and where it kills the host.

use std::collections::{BTreeMap, VecDeque};

use super::{
    points::{Action, Point},
    state::Operation,
};
use crate::{random::Random, sample::Sample};

/// Where a host is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Instant {
    /// At a named point: by itself.
    At(Point),
    /// At any instant of the time that the operation, or the start, takes: from outside.
    Any,
}

/// One operation, and the kills that go with it.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// The plugin.
    pub(crate) name: String,
    /// What the host is to do.
    pub(crate) operation: Operation,
    /// Where it is killed meanwhile.
    pub(crate) kill: Instant,
    /// Where the next start of it is killed, if it is.
    pub(crate) again: Option<Instant>,
}

impl Operation {
    /// What the host calls it.
    pub(crate) fn action(&self) -> Action {
        match self {
            Self::Install { .. } => Action::Install,
            Self::Manifest(_) | Self::Enable(_) => Action::Change,
            Self::Upgrade(_) => Action::Upgrade,
            Self::Uninstall => Action::Uninstall,
        }
    }
}

impl Step {
    /// How many kills it has.
    pub(crate) fn kills(&self) -> usize {
        1 + usize::from(self.again.is_some())
    }
}

/// The schedules of so many lanes: first every named point of every operation, once, then random
/// instants until there are `count` kills.
pub(crate) fn schedules(count: usize, lanes: usize, random: &mut Random) -> Vec<Vec<Step>> {
    let mut named: BTreeMap<Action, VecDeque<Point>> =
        Action::ALL.into_iter().map(|action| (action, action.points().collect())).collect();
    let mut schedules = vec![Vec::new(); lanes];
    let mut planned = 0;
    let mut settling: BTreeMap<Action, usize> = BTreeMap::new();
    for round in 0.. {
        for lane in 0..lanes {
            for (name, operation) in operations(lane, round, random) {
                let action = operation.action();
                let named = named.get_mut(&action).and_then(VecDeque::pop_front);
                let again = match named {
                    // Where there is something left to settle.
                    Some(point) if point < Point::SETTLING[0] => {
                        let turn = settling.entry(action).or_default();
                        *turn += 1;
                        Some(Instant::At(Point::SETTLING[*turn % Point::SETTLING.len()]))
                    }
                    Some(_) => None,
                    None => (random.below(4) == 0).then_some(Instant::Any),
                };
                let kill = named.map_or(Instant::Any, Instant::At);
                let step = Step { name, operation, kill, again };
                planned += step.kills();
                schedules[lane].push(step);
                if planned >= count {
                    return schedules;
                }
            }
        }
    }
    schedules
}

/// The life of a plugin. Every name is used twice: the second installation finds the data of the
/// first. The first rounds, in which hosts are killed at named points, change manifests, which is
/// the change that passes all of them.
fn operations(lane: usize, round: u32, random: &mut Random) -> Vec<(String, Operation)> {
    let name = format!("com.example.kills-{lane}-{}", round / 2);
    let number = 1 + round % 2 * 2;
    let sample = |number, migrations| Sample { name: name.clone(), number, migrations };
    let kind = if round < ROUNDS_OF_POINTS { 0 } else { random.below(3) };
    let change = match kind {
        0 => Operation::Manifest(sample(number, 1)),
        1 => Operation::Enable(false),
        _ => Operation::Enable(true),
    };
    let enabled = !matches!(change, Operation::Enable(true));
    let life = [
        Operation::Install { sample: sample(number, 1), enabled },
        change,
        Operation::Upgrade(sample(number + 1, 2)),
        Operation::Uninstall,
    ];
    life.into_iter().map(|operation| (name.clone(), operation)).collect()
}

/// Enough rounds for the operation with the most points, whatever the number of lanes.
const ROUNDS_OF_POINTS: u32 = 12;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_named_point_has_its_turn() {
        let schedules = schedules(240, 2, &mut Random::new(1));
        let steps: Vec<&Step> = schedules.iter().flatten().collect();
        let named: BTreeSet<_> = steps
            .iter()
            .filter(|step| step.kill != Instant::Any)
            .map(|step| (step.operation.action(), step.kill))
            .collect();
        assert_eq!(named.len(), Action::ALL.iter().flat_map(|action| action.points()).count());
        let kills: usize = steps.iter().map(|step| step.kills()).sum();
        assert!((240..=241).contains(&kills), "{kills}");
        // A host is told at its start where to die, so no operation may follow on one of its kind.
        for schedule in &schedules {
            let actions: Vec<_> = schedule.iter().map(|step| step.operation.action()).collect();
            assert!(actions.windows(2).all(|two| two[0] != two[1]));
        }
    }
}
