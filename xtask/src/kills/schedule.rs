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

impl Instant {
    /// Its name.
    pub(crate) fn to_text(self) -> &'static str {
        match self {
            Self::At(point) => point.as_str(),
            Self::Any => "any instant",
        }
    }
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
    /// For people.
    pub(crate) fn to_text(&self) -> String {
        let Self { name, operation, kill, again } = self;
        let again = again.map(|again| format!(", again at {}", again.to_text()));
        format!(
            "{} of {name}, killed at {}{}",
            operation.action().as_str(),
            kill.to_text(),
            again.unwrap_or_default()
        )
    }

    /// How many kills it has.
    pub(crate) fn kills(&self) -> usize {
        1 + usize::from(self.again.is_some())
    }
}

/// The schedules of so many lanes: first every named point of every operation, with a plugin that
/// runs and with one that does not, then random instants until there are `count` kills.
pub(crate) fn schedules(count: usize, lanes: usize, random: &mut Random) -> Vec<Vec<Step>> {
    let mut named = [Named::new(false), Named::new(true)];
    let mut schedules = vec![Vec::new(); lanes];
    let mut planned = 0;
    for round in 0.. {
        for (lane, schedule) in schedules.iter_mut().enumerate() {
            let mut named = named.iter_mut().find(|named| !named.is_empty());
            let change = match &named {
                Some(named) if named.resting => Change::Disable,
                Some(_) => Change::Manifest,
                None => [Change::Manifest, Change::Disable, Change::Enable]
                    [usize::try_from(random.below(3)).unwrap_or_default()],
            };
            for (name, operation) in life(lane, round, change) {
                let point = named.as_mut().and_then(|named| named.next(operation.action()));
                let (kill, again) = match point {
                    Some((point, again)) => (Instant::At(point), again.map(Instant::At)),
                    None => (Instant::Any, (random.below(4) == 0).then_some(Instant::Any)),
                };
                let step = Step { name, operation, kill, again };
                planned += step.kills();
                schedule.push(step);
                if planned >= count {
                    return schedules;
                }
            }
        }
    }
    schedules
}

/// The named points that have not had their turn.
struct Named {
    resting: bool,
    left: BTreeMap<Action, VecDeque<Point>>,
    /// How many points of each had a kill while settling as well.
    settling: BTreeMap<Action, usize>,
}

impl Named {
    fn new(resting: bool) -> Self {
        // An installation that does not run is one of the random ones.
        let actions = Action::ALL.into_iter().filter(|one| !resting || *one != Action::Install);
        let left = actions.map(|action| (action, action.points(resting).collect())).collect();
        Self { resting, left, settling: BTreeMap::new() }
    }

    fn is_empty(&self) -> bool {
        self.left.values().all(VecDeque::is_empty)
    }

    /// The next point of an operation; where that leaves something to settle, also one at which the
    /// next host is killed while it does.
    fn next(&mut self, action: Action) -> Option<(Point, Option<Point>)> {
        let point = self.left.get_mut(&action)?.pop_front()?;
        if point >= Point::SETTLING[0] {
            return Some((point, None));
        }
        let turn = self.settling.entry(action).or_default();
        *turn += 1;
        Some((point, Some(Point::SETTLING[*turn % Point::SETTLING.len()])))
    }
}

/// What happens to a plugin between installation and upgrade.
#[derive(Clone, Copy, Debug)]
enum Change {
    Manifest,
    Disable,
    /// It was installed at rest.
    Enable,
}

/// The life of a plugin. Every name is used twice: the second installation finds the data of the
/// first.
fn life(lane: usize, round: u32, change: Change) -> Vec<(String, Operation)> {
    let name = format!("com.example.kills-{lane}-{}", round / 2);
    let number = 1 + round % 2 * 2;
    let sample = |number, migrations| Sample { name: name.clone(), number, migrations };
    let enabled = !matches!(change, Change::Enable);
    let change = match change {
        Change::Manifest => Operation::Manifest(sample(number, 1)),
        Change::Disable => Operation::Enable(false),
        Change::Enable => Operation::Enable(true),
    };
    let life = [
        Operation::Install { sample: sample(number, 1), enabled },
        change,
        Operation::Upgrade(sample(number + 1, 2)),
        Operation::Uninstall,
    ];
    life.into_iter().map(|operation| (name.clone(), operation)).collect()
}

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
        let points = Action::ALL.iter().flat_map(|action| action.points(false));
        assert_eq!(named.len(), points.count());
        let kills: usize = steps.iter().map(|step| step.kills()).sum();
        assert!((240..=241).contains(&kills), "{kills}");
        // A host is told at its start where to die, so no operation may follow on one of its kind.
        for schedule in &schedules {
            let actions: Vec<_> = schedule.iter().map(|step| step.operation.action()).collect();
            assert!(actions.windows(2).all(|two| two[0] != two[1]));
        }
    }
}
