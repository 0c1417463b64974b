//! Which member may use which, transitively. `ARCHITECTURE.md` says why.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, PackageId};

/// Every member, and all members it may reach in any number of steps, tests and builds included.
/// The suite reaches nothing of the host: a suite that links the host's encoder agrees with the
/// host's mistakes.
const ARROWS: &[(&str, &[&str])] = &[
    ("contract", &[]),
    ("policy", &["contract"]),
    ("sandbox", &["contract", "policy", "fixtures-plugins"]),
    ("storage", &["contract", "policy", "s3-server", "services"]),
    (
        "lifecycle",
        &["contract", "policy", "sandbox", "storage", "s3-server", "services", "fixtures-plugins"],
    ),
    (
        "reference-server",
        &[
            "contract",
            "policy",
            "sandbox",
            "storage",
            "lifecycle",
            "mutant-switch",
            "mutants",
            "s3-server",
            "services",
            "fixtures-plugins",
        ],
    ),
    ("mutant-switch", &[]),
    ("mutants", &["contract", "policy", "mutant-switch"]),
    ("hostproof", &["fixtures-plugins"]),
    ("fixtures-plugins", &[]),
    // The kit records answers of a real database, which it starts: it ships with both.
    (
        "golden",
        &["contract", "policy", "sandbox", "storage", "s3-server", "services", "fixtures-plugins"],
    ),
    // A whole host in one process, and each of its parts alone.
    (
        "benches",
        &[
            "contract",
            "policy",
            "sandbox",
            "storage",
            "lifecycle",
            "reference-server",
            "mutant-switch",
            "mutants",
            "s3-server",
            "services",
            "fixtures-plugins",
        ],
    ),
    ("s3-server", &[]),
    ("services", &[]),
    ("xtask", &[]),
];

/// Members that only tests and benches may use: their place is not in a program anybody ships.
const NEVER_SHIPPED: &[&str] = &["s3-server", "services"];

/// A tool for a developer's machine, where starting a Postgres is what it is asked to do.
const MAY_SHIP: &[(&str, &str)] = &[("golden", "services")];

pub(super) fn check(metadata: &Metadata) -> Vec<String> {
    let graph = Graph::of(metadata);
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut violations = Vec::new();
    for member in graph.members() {
        let Some(allowed) = allowed.get(member) else {
            violations.push(format!(
                "the member `{member}` is not in the table of arrows (xtask/src/tidy/arrows.rs)"
            ));
            continue;
        };
        for reached in graph.reached(member) {
            if !allowed.contains(&reached) {
                violations.push(format!("`{member}` must not depend on `{reached}`"));
            }
        }
        for reached in graph.direct(member, DependencyKind::Normal) {
            let exempt = MAY_SHIP.contains(&(member, reached));
            if NEVER_SHIPPED.contains(&reached) && member != "benches" && !exempt {
                violations.push(format!(
                    "`{member}` may use `{reached}` in its tests only ([dev-dependencies])"
                ));
            }
        }
    }
    for (name, _) in ARROWS {
        if !graph.members().any(|member| member == *name) {
            violations.push(format!("the table of arrows names `{name}`, which is no member"));
        }
    }
    violations
}

/// The members, and the dependencies between them.
struct Graph<'a> {
    edges: BTreeMap<&'a str, Vec<(&'a str, DependencyKind)>>,
}

impl<'a> Graph<'a> {
    fn of(metadata: &'a Metadata) -> Self {
        let members: BTreeSet<&PackageId> = metadata.workspace_members.iter().collect();
        let packages = metadata.packages.iter().filter(|package| members.contains(&package.id));
        let names: BTreeSet<&str> = packages.clone().map(|package| package.name.as_str()).collect();
        let edges = packages.map(|package| {
            // A path means the dependency is ours, and not a namesake from the registry.
            let ours = package.dependencies.iter().filter(|dependency| dependency.path.is_some());
            let ours = ours.filter_map(|dependency| {
                names.get(dependency.name.as_str()).map(|name| (*name, dependency.kind))
            });
            (package.name.as_str(), ours.collect())
        });
        Self { edges: edges.collect() }
    }

    fn members(&self) -> impl Iterator<Item = &'a str> {
        self.edges.keys().copied()
    }

    fn direct(&self, member: &str, kind: DependencyKind) -> impl Iterator<Item = &'a str> {
        let edges = self.edges.get(member).into_iter().flatten();
        edges.filter(move |(_, of)| *of == kind).map(|(name, _)| *name)
    }

    /// What `member` reaches: itself by any dependency, from there on by those that come along.
    fn reached(&self, member: &str) -> BTreeSet<&'a str> {
        let mut reached = BTreeSet::new();
        let edges = self.edges.get(member).into_iter().flatten();
        let mut waiting: Vec<&str> = edges.map(|(name, _)| *name).collect();
        while let Some(name) = waiting.pop() {
            if reached.insert(name) {
                waiting.extend(self.direct(name, DependencyKind::Normal));
                waiting.extend(self.direct(name, DependencyKind::Build));
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph<'a>(edges: &[(&'a str, &[(&'a str, DependencyKind)])]) -> Graph<'a> {
        let edges = edges.iter().map(|(name, to)| (*name, to.to_vec()));
        Graph { edges: edges.collect() }
    }

    #[test]
    fn an_arrow_counts_however_long_the_way_is() {
        use DependencyKind::{Development, Normal};
        let graph = graph(&[
            ("suite", &[("helper", Development)]),
            ("helper", &[("host", Normal), ("its-tests", Development)]),
            ("host", &[]),
            ("its-tests", &[]),
        ]);
        // By way of a helper that only tests use; but not by way of that helper's own tests.
        assert_eq!(graph.reached("suite"), BTreeSet::from(["helper", "host"]));
    }
}
