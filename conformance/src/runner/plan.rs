//! Which cases a run is about, and which of those apply to the host.

use std::collections::BTreeSet;

use super::Shard;
use crate::aliases::Aliases;
use crate::case::{Action, Case, Feature, Profile, Tier};
use crate::evidence::Verdict;
use crate::suite::Suite;
use crate::target::{Claims, Target};

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Globs over case ids, slugs, areas and cited sentence ids; empty selects all.
    pub filters: Vec<String>,
    /// Only these tiers; empty means all.
    pub tiers: BTreeSet<Tier>,
    /// Only these profiles; empty means all.
    pub profiles: BTreeSet<Profile>,
    /// Only this part of them.
    pub shard: Option<Shard>,
}

/// A selected case, and its verdict if it has one before it ran.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The case.
    pub case: &'a Case,
    /// Whether somebody asked for it; a positive twin may only have come along.
    pub asked: bool,
    /// Not applicable, or blocked, where the target file says that already.
    pub decided: Option<Verdict>,
}

impl Plan<'_> {
    /// Whether the case needs a feature of the host.
    pub fn needs(&self, feature: Feature) -> bool {
        self.case.features.contains(&feature)
    }
}

/// The selection is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A filter that selects nothing is a typing error, never an empty success.
    #[error("the filter `{0}` matches no case")]
    NoMatch(String),
}

/// The selected cases, and which of them apply to the host.
pub fn plan<'a>(
    suite: &'a Suite,
    selection: &Selection,
    target: &Target,
) -> Result<Vec<Plan<'a>>, PlanError> {
    let plan = |case| {
        let asked = is_asked(case, suite, selection);
        Plan { case, asked, decided: decided(case, target) }
    };
    Ok(selected(suite, selection)?.into_iter().map(plan).collect())
}

/// The verdict of a case that the target file settles: not applicable, or blocked.
pub fn decided(case: &Case, target: &Target) -> Option<Verdict> {
    inapplicable(case, &target.claims, target.host.owned)
        .map(Verdict::NotApplicable)
        .or_else(|| missing(case, target).map(Verdict::Blocked))
}

/// Selects cases. The positive twins of selected negative cases come along, since without them nothing
/// can be said.
pub fn selected<'a>(suite: &'a Suite, selection: &Selection) -> Result<Vec<&'a Case>, PlanError> {
    for filter in &selection.filters {
        if !suite.cases.iter().any(|case| matches(filter, case, &suite.aliases)) {
            return Err(PlanError::NoMatch(filter.clone()));
        }
    }
    let chosen: Vec<&Case> =
        suite.cases.iter().filter(|case| is_asked(case, suite, selection)).collect();
    let mut ids: BTreeSet<&str> = chosen.iter().map(|case| case.id.as_str()).collect();
    ids.extend(chosen.iter().filter_map(|case| case.twin.as_deref()));
    Ok(suite.cases.iter().filter(|case| ids.contains(case.id.as_str())).collect())
}

fn is_asked(case: &Case, suite: &Suite, selection: &Selection) -> bool {
    let mut filters = selection.filters.iter();
    (filters.len() == 0 || filters.any(|filter| matches(filter, case, &suite.aliases)))
        && (selection.tiers.is_empty() || selection.tiers.contains(&case.tier))
        && (selection.profiles.is_empty() || selection.profiles.contains(&case.profile))
        && selection.shard.is_none_or(|shard| shard.contains(case))
}

/// Why a case does not apply to a host that makes these claims, if it does not.
pub fn inapplicable(case: &Case, claims: &Claims, owned: bool) -> Option<String> {
    if !claims.profiles.contains(&case.profile) {
        return Some(format!("the host does not claim the profile `{}`", case.profile));
    }
    if case.tier != Tier::ZeroFixture && !owned {
        return Some("the target file does not say that the host is yours (`owned`)".to_owned());
    }
    let missing = case.features.iter().filter(|feature| !claims.features.contains(feature));
    let missing: Vec<String> =
        missing.map(|feature| format!("`{feature}` (one that does {})", feature.means())).collect();
    (!missing.is_empty()).then(|| format!("the host does not claim {}", missing.join(", ")))
}

/// What a case needs that applies, and the target file does not say; with what to write there.
fn missing(case: &Case, target: &Target) -> Option<String> {
    let section = |name: &str, feature: Feature| {
        format!(
            "`{feature}` is claimed, and the target file has no [{name}]: the host {}, which it describes",
            feature.means()
        )
    };
    if target.admin.is_none() && case.identities.iter().any(|identity| identity.needs_admin()) {
        let what = "an administrator of the host with all permissions, whose password is fresh";
        return Some(format!("the target file has no [admin]: {what}"));
    }
    case.features.iter().find_map(|&feature| match feature {
        Feature::Catalog if target.catalog.is_none() => Some(section("catalog", feature)),
        Feature::Outbound if target.outbound.is_none() => Some(section("outbound", feature)),
        Feature::Valkey if target.valkey.is_none() => Some(section("valkey", feature)),
        Feature::Faults => match &target.faults {
            None => Some(section("faults", feature)),
            Some(faults) => case.steps.iter().find_map(|step| match &step.action {
                Action::Fault(fault) => faults.lacks(fault),
                _ => None,
            }),
        },
        _ => None,
    })
}

/// Whether one of the names of a case, or of what it cites, is meant: of today or of old.
pub(crate) fn matches(filter: &str, case: &Case, aliases: &Aliases) -> bool {
    let names = [case.id.as_str(), case.slug.as_str(), case.area()];
    names
        .into_iter()
        .chain(case.cites.iter().map(String::as_str))
        .any(|name| glob(filter, name) || aliases.former(name).any(|former| glob(filter, former)))
}

/// `*` stands for any text, `?` for one character.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let mut pattern_chars = pattern.chars();
    match pattern_chars.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = pattern_chars.as_str();
            text.char_indices().any(|(at, _)| glob(rest, &text[at..])) || glob(rest, "")
        }
        Some('?') => {
            let mut text_chars = text.chars();
            text_chars.next().is_some() && glob(pattern_chars.as_str(), text_chars.as_str())
        }
        Some(expected) => {
            text.strip_prefix(expected).is_some_and(|text| glob(pattern_chars.as_str(), text))
        }
    }
}
