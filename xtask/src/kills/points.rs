//! Where a host can be killed: the named points of `PLUGINS_CRASH_AT`, and which operation passes
//! which.

/// The operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    Install,
    Change,
    Upgrade,
    Uninstall,
}

impl Action {
    /// All, in the order in which a plugin has them.
    pub(crate) const ALL: [Self; 4] = [Self::Install, Self::Change, Self::Upgrade, Self::Uninstall];

    /// The host's name for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Change => "change",
            Self::Upgrade => "upgrade",
            Self::Uninstall => "uninstall",
        }
    }

    /// The points it passes, in their order; with a plugin that is not to run when it is done, if
    /// `resting`.
    pub(crate) fn points(self, resting: bool) -> impl Iterator<Item = Point> {
        let passed = move |point: &Point| match self {
            Self::Install | Self::Upgrade => true,
            Self::Change if resting => point.as_str() == "begun" || *point >= Point::COMMITTED,
            Self::Change => !["staged", "stored"].contains(&point.as_str()),
            Self::Uninstall => {
                !["staged", "stored", "provisioned", "loaded"].contains(&point.as_str())
            }
        };
        (0..NAMES.len()).map(Point).filter(passed)
    }

    /// Where a host is killed at this action's named points, for `PLUGINS_CRASH_AT`.
    pub(crate) fn crash_at(self, point: Point) -> String {
        format!("{}:{}", self.as_str(), point.as_str())
    }
}

/// The host's names, in the order in which an operation passes them.
const NAMES: [&str; 12] = [
    "begun",
    "staged",
    "stored",
    "provisioned",
    "migrated",
    "loaded",
    "committed",
    "published",
    "schema-settled",
    "files-settled",
    "unstaged",
    "ended",
];

/// A named point, by its place among the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point(usize);

impl Point {
    /// From here on the new state is true.
    const COMMITTED: Self = Self(6);
    /// The points that whoever settles an interrupted operation passes as well.
    pub(crate) const SETTLING: [Self; 4] = [Self(8), Self(9), Self(10), Self(11)];

    /// The host's name for it.
    pub(crate) fn as_str(self) -> &'static str {
        NAMES[self.0]
    }

    /// Whether the new state is true at this point.
    pub(crate) fn is_committed(self) -> bool {
        self >= Self::COMMITTED
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::workspace;

    #[test]
    fn the_points_are_those_of_the_host() {
        let source = workspace::root().join("reference-server/crates/lifecycle/src/crash.rs");
        let source = fs::read_to_string(source).expect("the host's list");
        let list = source.split("CRASH_POINTS").nth(1).expect("the host's list");
        let list = list.split("];").next().expect("its end");
        let names: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
        assert_eq!(names, NAMES);
    }

    #[test]
    fn the_commit_divides_old_from_new() {
        assert_eq!(Point::COMMITTED.as_str(), "committed");
        assert_eq!(
            Point::SETTLING.map(Point::as_str),
            ["schema-settled", "files-settled", "unstaged", "ended"]
        );
        let points = |resting| Action::ALL.map(|action| action.points(resting).count());
        assert_eq!((points(false), points(true)), ([12, 10, 12, 8], [12, 7, 12, 8]));
    }
}
