//! Which cases a run is about, and which of those apply to the host.

use std::collections::BTreeSet;

use super::Shard;
use crate::aliases::Aliases;
use crate::case::{Case, Feature, Profile, Tier};
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
    /// Not applicable, where that is known already.
    pub decided: Option<Verdict>,
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
        let reason = inapplicable(case, &target.claims, target.host.owned);
        let asked = is_asked(case, suite, selection);
        Plan { case, asked, decided: reason.map(Verdict::NotApplicable) }
    };
    Ok(selected(suite, selection)?.into_iter().map(plan).collect())
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
    let missing: Vec<&str> = missing.map(|feature| Feature::as_str(*feature)).collect();
    (!missing.is_empty()).then(|| format!("the host does not claim {}", missing.join(", ")))
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
