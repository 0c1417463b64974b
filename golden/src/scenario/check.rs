//! From what is written to what is meant. The first mistake ends it.

mod steps;
mod world;

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use contract::core_reads::Branding;
use regex::Regex;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use toml::Spanned;
use uuid::Uuid;

use super::names::Names;
use super::{Normalise, Scenario, Stub, StubAnswer, data};
use crate::diagnostic::{Mistake, choice};

type Checked<T> = Result<T, Mistake>;

/// What a guest's clock says where the scenario does not: 2026-01-01.
const CLOCK: Duration = Duration::from_hours(20_454 * 24);
/// Some seconds of an optimised guest, on any machine.
const INSTRUCTIONS: u64 = 2_000_000_000;
const SEED: u64 = 1;

pub(super) fn scenario(file: &Path, data: data::File) -> Checked<Scenario> {
    let mut names = Names::default();
    let world = world::world(data.users, data.projects, data.tasks, &mut names)?;
    let fetch = data.fetch.into_iter().map(stub).collect::<Checked<_>>()?;
    let mut known = names.clone();
    let steps = steps::steps(data.steps, &world, &mut known)?;
    let data::Branding { logo_url, brand_name, primary_color_light, primary_color_dark } =
        data.branding;
    Ok(Scenario {
        name: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        file: file.to_owned(),
        description: data.description,
        clock: data.clock.map_or(Ok(CLOCK), |clock| instant(&clock))?,
        seed: data.seed.unwrap_or(SEED),
        call_duration: data.limits.call.map(|limit| duration(&limit)).transpose()?,
        instructions: data.limits.instructions.unwrap_or(INSTRUCTIONS),
        config: data.config,
        secrets: data.secrets,
        branding: Branding { logo_url, brand_name, primary_color_light, primary_color_dark },
        world,
        store: data.store,
        cache: data.cache,
        fetch,
        before: data.before,
        normalise: normalise(data.normalise)?,
        steps,
        names,
    })
}

fn instant(text: &Spanned<String>) -> Checked<Duration> {
    let read = OffsetDateTime::parse(text.get_ref(), &Rfc3339).ok();
    let since = read.and_then(|at| u64::try_from(at.unix_timestamp_nanos()).ok());
    since.map(Duration::from_nanos).ok_or_else(|| {
        Mistake::new(text.span(), format!("`{}` is no point in time", text.get_ref()))
            .help("RFC 3339, quoted: \"2026-01-01T12:00:00Z\"")
    })
}

fn duration(text: &Spanned<String>) -> Checked<Duration> {
    humantime::parse_duration(text.get_ref()).map_err(|_| {
        Mistake::new(text.span(), format!("`{}` is no duration", text.get_ref()))
            .help("a number with its unit: \"200ms\", \"5s\"")
    })
}

fn uuid(text: &Spanned<String>) -> Checked<Uuid> {
    Uuid::try_parse(text.get_ref()).map_err(|_| {
        Mistake::new(text.span(), format!("`{}` is no UUID", text.get_ref()))
            .help("leave `id` out, and it follows from the name")
    })
}

fn normalise(data: data::Normalise) -> Checked<Normalise> {
    let pattern = |data::Pattern { pattern, with }| {
        let regex = Regex::new(pattern.get_ref()).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Mistake::new(pattern.span(), format!("the pattern cannot be read: {reason}"))
                .help("a regular expression as the crate regex reads it; \\ is written in '…'")
        })?;
        Ok((regex, with))
    };
    Ok(Normalise {
        uuids: data.uuids,
        times: data.times,
        patterns: data.patterns.into_iter().map(pattern).collect::<Checked<_>>()?,
    })
}

fn stub(data: data::Fetch) -> Checked<Stub> {
    let span = data.request.span();
    let (method, url) = method_and_rest(&data.request, "GET https://api.example.com/v1/items")?;
    if url::Url::parse(&url).is_err() {
        return Err(Mistake::new(span, format!("`{url}` is no absolute URL"))
            .help("for example: request = \"GET https://api.example.com/v1/items\""));
    }
    let ways = [data.json.is_some(), data.body.is_some(), data.error.is_some(), data.hangs];
    if ways.iter().filter(|way| **way).count() > 1 {
        return Err(Mistake::new(span, "a stub answers in one way")
            .help("one of: json, body, error, hangs"));
    }
    let answer = if let Some(error) = data.error {
        StubAnswer::Error(error)
    } else if data.hangs {
        StubAnswer::Hangs
    } else {
        let mut headers = data.headers;
        let body = match (data.json, data.body) {
            (Some(json), _) => {
                let named = headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"));
                if !named {
                    headers.insert("content-type".to_owned(), "application/json".to_owned());
                }
                json.to_string()
            }
            (None, body) => body.unwrap_or_default(),
        };
        StubAnswer::Response { status: data.status.unwrap_or(200), headers, body: body.into() }
    };
    Ok(Stub { method, url, request_json: data.request_json, answer })
}

/// `POST /items` in its two parts.
fn method_and_rest(text: &Spanned<String>, example: &str) -> Checked<(String, String)> {
    let written = text.get_ref().trim();
    let Some((method, rest)) = written.split_once(' ') else {
        return Err(Mistake::new(text.span(), "a request has a method and what it is for")
            .help(format!("for example: request = \"{example}\"")));
    };
    let methods = contract::route::METHODS.map(str::to_owned);
    if methods.iter().any(|known| known == method) {
        return Ok((method.to_owned(), rest.trim().to_owned()));
    }
    Err(Mistake::new(text.span(), format!("`{method}` is no method")).help(choice(
        &method.to_ascii_uppercase(),
        &methods,
        "methods",
    )))
}

/// What a name stands for, among those there are.
fn known<'a, T>(
    name: &Spanned<String>,
    kind: &str,
    all: impl IntoIterator<Item = (&'a str, T)>,
) -> Checked<T> {
    let mut names = Vec::new();
    for (candidate, value) in all {
        if candidate == name.get_ref() {
            return Ok(value);
        }
        names.push(candidate.to_owned());
    }
    Err(no_such(name.span(), kind, name.get_ref(), &names))
}

fn no_such(span: Range<usize>, kind: &str, name: &str, names: &[String]) -> Mistake {
    let help = if names.is_empty() {
        format!("write [{kind}s.{name}] to have one")
    } else {
        choice(name, names, &format!("{kind}s here"))
    };
    Mistake::new(span, format!("there is no {kind} `{name}`")).help(help)
}
