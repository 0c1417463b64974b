//! A case as it is written, and how it becomes one that can be run.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::step::StepText;
use super::{Case, Feature, Lane, Need, PluginSpec, Profile, Span, Tier, check};

/// A case as written. Everything is optional here, because `[defaults]` may hold it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseText {
    pub(super) id: Option<String>,
    pub(super) slug: Option<String>,
    title: Option<String>,
    cites: Option<Vec<String>>,
    why: Option<String>,
    profile: Option<Profile>,
    tier: Option<Tier>,
    deadline: Option<Span>,
    features: Option<BTreeSet<Feature>>,
    lane: Option<Lane>,
    negative: Option<bool>,
    twin: Option<String>,
    needs: Option<BTreeSet<Need>>,
    plugin: Option<PluginSpec>,
    also: Option<Vec<PluginSpec>>,
    steps: Option<Vec<StepText>>,
}

impl CaseText {
    /// Puts the defaults under a case, demands what is mandatory, and checks what types cannot.
    pub(super) fn into_case(
        self,
        defaults: &Self,
        path: &str,
        line: usize,
    ) -> Result<Case, String> {
        let need = |what: &str| format!("a case has `{what}`");
        let steps = self.steps.or_else(|| defaults.steps.clone()).ok_or_else(|| need("steps"))?;
        let steps = steps.into_iter().enumerate().map(|(index, step)| {
            step.into_step().map_err(|message| format!("step {}: {message}", index + 1))
        });
        let also = self.also.or_else(|| defaults.also.clone()).unwrap_or_default();
        let also = also.into_iter().map(|mut spec| {
            let key = spec.key.take().ok_or("a plugin of `also` has a `key`")?;
            Ok((key, spec))
        });
        let mut case = Case {
            id: self.id.ok_or_else(|| need("id"))?,
            slug: self.slug.ok_or_else(|| need("slug"))?,
            title: self.title.or_else(|| defaults.title.clone()).ok_or_else(|| need("title"))?,
            why: self.why.or_else(|| defaults.why.clone()),
            cites: self.cites.or_else(|| defaults.cites.clone()).unwrap_or_default(),
            profile: self.profile.or(defaults.profile).ok_or_else(|| need("profile"))?,
            tier: self.tier.or(defaults.tier).ok_or_else(|| need("tier"))?,
            deadline: self.deadline.or(defaults.deadline).ok_or_else(|| need("deadline"))?.0,
            features: self.features.or_else(|| defaults.features.clone()).unwrap_or_default(),
            lane: self.lane.or(defaults.lane).unwrap_or(Lane::Shared),
            negative: self.negative.or(defaults.negative).unwrap_or(false),
            twin: self.twin.or_else(|| defaults.twin.clone()),
            needs: self.needs.or_else(|| defaults.needs.clone()).unwrap_or_default(),
            plugin: self.plugin.or_else(|| defaults.plugin.clone()),
            also: also.collect::<Result<_, String>>()?,
            steps: steps.collect::<Result<_, _>>()?,
            identities: BTreeSet::new(),
            path: path.to_owned(),
            line,
        };
        check::check(&mut case)?;
        Ok(case)
    }
}
