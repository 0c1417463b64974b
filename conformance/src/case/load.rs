//! Reading case files: typed, with unknown fields refused and errors that name file and line.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::step::StepText;
use super::{Case, Feature, Lane, Need, PluginSpec, Profile, Span, Tier, check, table};
use crate::sources::SourceFile;

/// A case file is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {message}")]
pub struct CaseError {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, with a suggestion where there is one.
    pub message: String,
}

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(default)]
    defaults: CaseText,
    #[serde(default)]
    case: Vec<toml::Spanned<CaseText>>,
    #[serde(default)]
    table: Vec<table::Table>,
}

/// Reads all case files. Every malformed file is reported, the others are read.
pub fn load(files: &[SourceFile]) -> Result<Vec<Case>, Vec<CaseError>> {
    let (mut cases, mut errors) = (Vec::new(), Vec::new());
    for file in files {
        load_file(file, &mut cases, &mut errors);
    }
    if errors.is_empty() { Ok(cases) } else { Err(errors) }
}

fn load_file(file: &SourceFile, cases: &mut Vec<Case>, errors: &mut Vec<CaseError>) {
    let line_of = |offset: usize| {
        file.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
    };
    let error = |line, message| CaseError { path: file.path.clone(), line, message };
    let parsed: CaseFile = match toml::from_str(&file.text) {
        Ok(parsed) => parsed,
        Err(e) => {
            let line = line_of(e.span().map_or(0, |span| span.start));
            errors.push(error(line, crate::suggest::improve(e.message())));
            return;
        }
    };
    let mut texts = Vec::new();
    for case in parsed.case {
        let line = line_of(case.span().start);
        texts.push((line, Ok(case.into_inner())));
    }
    for table in parsed.table {
        texts.extend(table.expand().into_iter().map(|(offset, text)| (line_of(offset), text)));
    }
    for (line, text) in texts {
        let case = text.and_then(|text| build(text, &parsed.defaults, &file.path, line));
        match case {
            Ok(case) => cases.push(case),
            Err(message) => errors.push(error(line, message)),
        }
    }
}

/// Puts the defaults under a case, demands what is mandatory, and checks what types cannot.
fn build(text: CaseText, defaults: &CaseText, path: &str, line: usize) -> Result<Case, String> {
    let need = |what: &str| format!("a case has `{what}`");
    let steps = text.steps.or_else(|| defaults.steps.clone()).ok_or_else(|| need("steps"))?;
    let steps = steps.into_iter().enumerate().map(|(index, step)| {
        step.into_step().map_err(|message| format!("step {}: {message}", index + 1))
    });
    let also = text.also.or_else(|| defaults.also.clone()).unwrap_or_default();
    let also = also.into_iter().map(|mut spec| {
        let key = spec.key.take().ok_or("a plugin of `also` has a `key`")?;
        Ok((key, spec))
    });
    let mut case = Case {
        id: text.id.ok_or_else(|| need("id"))?,
        slug: text.slug.ok_or_else(|| need("slug"))?,
        title: text.title.or_else(|| defaults.title.clone()).ok_or_else(|| need("title"))?,
        why: text.why.or_else(|| defaults.why.clone()),
        cites: text.cites.or_else(|| defaults.cites.clone()).unwrap_or_default(),
        profile: text.profile.or(defaults.profile).ok_or_else(|| need("profile"))?,
        tier: text.tier.or(defaults.tier).ok_or_else(|| need("tier"))?,
        deadline: text.deadline.or(defaults.deadline).ok_or_else(|| need("deadline"))?.0,
        features: text.features.or_else(|| defaults.features.clone()).unwrap_or_default(),
        lane: text.lane.or(defaults.lane).unwrap_or(Lane::Shared),
        negative: text.negative.or(defaults.negative).unwrap_or(false),
        twin: text.twin.or_else(|| defaults.twin.clone()),
        needs: text.needs.or_else(|| defaults.needs.clone()).unwrap_or_default(),
        plugin: text.plugin.or_else(|| defaults.plugin.clone()),
        also: also.collect::<Result<_, String>>()?,
        steps: steps.collect::<Result<_, _>>()?,
        identities: BTreeSet::new(),
        path: path.to_owned(),
        line,
    };
    check::check(&mut case)?;
    Ok(case)
}
