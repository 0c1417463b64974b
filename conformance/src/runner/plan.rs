//! Which cases a run is about, and which of those apply to the host.

use std::collections::BTreeSet;

use super::Shard;
use crate::case::{Case, Feature, Profile, Tier};
use crate::evidence::Verdict;
use crate::target::Target;

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

/// Selects cases. The positive twins of selected negative cases come along, since without them nothing
/// can be said.
pub fn plan<'a>(
    cases: &'a [Case],
    selection: &Selection,
    target: &Target,
) -> Result<Vec<Plan<'a>>, PlanError> {
    for filter in &selection.filters {
        if !cases.iter().any(|case| matches(filter, case)) {
            return Err(PlanError::NoMatch(filter.clone()));
        }
    }
    let selected = |case: &&Case| {
        let filters = &selection.filters;
        (filters.is_empty() || filters.iter().any(|filter| matches(filter, case)))
            && (selection.tiers.is_empty() || selection.tiers.contains(&case.tier))
            && (selection.profiles.is_empty() || selection.profiles.contains(&case.profile))
            && selection.shard.is_none_or(|shard| shard.contains(case))
    };
    let mut ids: BTreeSet<&str> =
        cases.iter().filter(selected).map(|case| case.id.as_str()).collect();
    let twins = cases.iter().filter(selected).filter_map(|case| case.twin.as_deref());
    ids.extend(twins.collect::<Vec<_>>());
    let plans = cases.iter().filter(|case| ids.contains(case.id.as_str()));
    Ok(plans.map(|case| Plan { case, decided: inapplicable(case, target) }).collect())
}

/// Why a case does not apply to the host, if it does not.
fn inapplicable(case: &Case, target: &Target) -> Option<Verdict> {
    let reason = if !target.claims.profiles.contains(&case.profile) {
        format!("the host does not claim the profile `{}`", case.profile)
    } else if case.tier != Tier::ZeroFixture && !target.host.owned {
        "the target file does not say that the host is yours (`owned`)".to_owned()
    } else {
        let missing: Vec<&str> = case
            .features
            .iter()
            .filter(|feature| !target.claims.features.contains(feature))
            .map(|feature| Feature::as_str(*feature))
            .collect();
        if missing.is_empty() {
            return None;
        }
        format!("the host does not claim {}", missing.join(", "))
    };
    Some(Verdict::NotApplicable(reason))
}

/// Whether a case's id, slug, area or a sentence it cites is meant.
pub(crate) fn matches(filter: &str, case: &Case) -> bool {
    let names = [case.id.as_str(), case.slug.as_str(), case.area()];
    names.into_iter().chain(case.cites.iter().map(String::as_str)).any(|name| glob(filter, name))
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
