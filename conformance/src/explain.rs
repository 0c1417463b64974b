//! Everything there is to know of a case or a sentence, as data; [`render`] makes text of it.

mod render;

use std::fmt::Write as _;

use serde::Serialize;

use crate::case::{Action, Case, Expect, Identity, Profile, RequestSpec, Step, Tier};
use crate::evidence::VerdictKind;
use crate::ledger::{Level, Sentence};
use crate::matcher::Matcher;
use crate::report::{CaseReport, Report, quote};
use crate::site::Mutant;
use crate::suite::Suite;

/// What was asked for, explained.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Explained {
    /// A case.
    Case(Box<CaseExplained>),
    /// A sentence.
    Sentence(SentenceExplained),
    /// A mutant.
    Mutant(MutantExplained),
}

/// A case.
#[derive(Debug, Serialize)]
pub struct CaseExplained {
    /// Its id.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// Why it is there, where somebody wrote it down.
    pub why: Option<String>,
    /// Names it had.
    pub former: Vec<String>,
    /// `file:line`.
    pub source: String,
    /// The profile a host must claim.
    pub profile: Profile,
    /// What it takes, and does, to a host.
    pub tier: Tier,
    /// Features a host must claim.
    pub features: Vec<String>,
    /// For all steps together.
    pub deadline: String,
    /// The sentences it judges.
    pub cites: Vec<Cited>,
    /// Whether the host must refuse something.
    pub negative: bool,
    /// The positive case that differs in one thing, and must pass beside it.
    pub twin: Option<Named>,
    /// The refusals whose twin it is.
    pub twin_of: Vec<Named>,
    /// Its steps.
    pub steps: Vec<StepExplained>,
    /// Mutant hosts that it caught.
    pub kills: Vec<Named>,
    /// What happened.
    pub recorded: Option<CaseReport>,
}

/// A step in words.
#[derive(Debug, Serialize)]
pub struct StepExplained {
    /// What is done, and as whom.
    pub does: String,
    /// What must be true of the answer.
    pub expects: Vec<String>,
    /// Those of the expectations that more than one answer meets.
    pub latitude: Vec<String>,
    /// A line for a shell, with `{…}` to be filled in.
    pub curl: Option<String>,
}

/// A sentence as a case sees it.
#[derive(Debug, Serialize)]
pub struct Cited {
    /// Its id.
    pub id: String,
    /// How strongly it binds.
    pub level: Level,
    /// Title of its chapter.
    pub chapter: String,
    /// `file:line`.
    pub source: String,
    /// Its text.
    pub text: String,
}

/// Something by id, and what it is.
#[derive(Debug, Serialize)]
pub struct Named {
    /// Its id or name.
    pub id: String,
    /// In words.
    pub what: String,
    /// Its verdict in the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictKind>,
}

/// A sentence.
#[derive(Debug, Serialize)]
pub struct SentenceExplained {
    /// The sentence itself.
    pub sentence: Cited,
    /// Its profile.
    pub profile: Profile,
    /// The hash of its text.
    pub hash: String,
    /// Names it had.
    pub former: Vec<String>,
    /// The cases that judge it.
    pub cases: Vec<Named>,
    /// Why no case can.
    pub uncased: Option<String>,
    /// The mutant hosts that break it, and what came of each.
    pub mutants: Vec<Named>,
}

/// A mutant host.
#[derive(Debug, Serialize)]
pub struct MutantExplained {
    /// Its name.
    pub name: String,
    /// The mistake.
    pub what: String,
    /// What came of it.
    pub outcome: String,
    /// The sentences it breaks.
    pub sentences: Vec<Cited>,
    /// The cases that noticed.
    pub killed_by: Vec<Named>,
}

/// Explains what `name` is, or was once, the name of. The error suggests another one.
pub fn explain(
    name: &str,
    suite: &Suite,
    report: Option<&Report>,
    mutants: &[Mutant],
) -> Result<Explained, String> {
    let context = Context { suite, report, mutants };
    if let Some(case) = suite.case(name) {
        return Ok(Explained::Case(Box::new(context.case(case))));
    }
    if let Some(sentence) = suite.ledger.sentence(suite.aliases.resolve(name)) {
        return Ok(Explained::Sentence(context.sentence(sentence)));
    }
    if let Some(mutant) = mutants.iter().find(|mutant| mutant.name == name) {
        return Ok(Explained::Mutant(context.mutant(mutant)));
    }
    let cases = suite.cases.iter().flat_map(|case| [case.id.as_str(), case.slug.as_str()]);
    let ids = suite.ledger.sentences().map(|sentence| sentence.id.as_str());
    let names = mutants.iter().map(|mutant| mutant.name.as_str());
    let hint = crate::suggest::hint(name, cases.chain(ids).chain(names));
    Err(format!("`{name}` is the name of no case, sentence or mutant{hint}"))
}

#[derive(Clone, Copy)]
struct Context<'a> {
    suite: &'a Suite,
    report: Option<&'a Report>,
    mutants: &'a [Mutant],
}

impl Context<'_> {
    fn case(self, case: &Case) -> CaseExplained {
        let twins = self.suite.cases.iter().filter(|other| other.twin.as_ref() == Some(&case.id));
        let kills = self.mutants.iter().filter(|mutant| mutant.killed_by.contains(&case.id));
        CaseExplained {
            id: case.id.clone(),
            slug: case.slug.clone(),
            title: case.title.clone(),
            why: case.why.clone(),
            former: self.former(&case.id).chain(self.former(&case.slug)).collect(),
            source: case.place(),
            profile: case.profile,
            tier: case.tier,
            features: case.features.iter().map(ToString::to_string).collect(),
            deadline: humantime::format_duration(case.deadline).to_string(),
            cites: self.cited(&case.cites),
            negative: case.negative,
            twin: case.twin.as_deref().and_then(|id| self.suite.case(id)).map(|c| self.named(c)),
            twin_of: twins.map(|case| self.named(case)).collect(),
            steps: case.steps.iter().map(step).collect(),
            kills: kills.map(of_mutant).collect(),
            recorded: self.recorded(case).cloned(),
        }
    }

    fn sentence(self, sentence: &Sentence) -> SentenceExplained {
        let entry = self.suite.ledger.lock.entries.get(&sentence.id);
        let mutants = self.mutants.iter().filter(|mutant| mutant.sentences.contains(&sentence.id));
        SentenceExplained {
            sentence: self.cite(sentence),
            profile: sentence.profile,
            hash: sentence.hash(),
            former: self.former(&sentence.id).collect(),
            cases: self.suite.citing(&sentence.id).map(|case| self.named(case)).collect(),
            uncased: entry.and_then(|entry| entry.uncased.clone()),
            mutants: mutants.map(of_mutant).collect(),
        }
    }

    fn mutant(self, mutant: &Mutant) -> MutantExplained {
        let cases = mutant.killed_by.iter().filter_map(|id| self.suite.case(id));
        MutantExplained {
            name: mutant.name.clone(),
            what: mutant.what.clone(),
            outcome: mutant.outcome.as_str().to_owned(),
            sentences: self.cited(&mutant.sentences),
            killed_by: cases.map(|case| self.named(case)).collect(),
        }
    }

    fn former(&self, name: &str) -> impl Iterator<Item = String> {
        self.suite.aliases.former(name).map(str::to_owned).collect::<Vec<_>>().into_iter()
    }

    fn cited(&self, ids: &[String]) -> Vec<Cited> {
        let sentences = ids.iter().filter_map(|id| self.suite.ledger.sentence(id));
        sentences.map(|sentence| self.cite(sentence)).collect()
    }

    fn cite(&self, sentence: &Sentence) -> Cited {
        let mut chapters = self.suite.ledger.chapters.iter();
        let chapter = chapters.find(|chapter| chapter.path == sentence.path);
        Cited {
            id: sentence.id.clone(),
            level: sentence.level,
            chapter: chapter.map(|chapter| chapter.title.clone()).unwrap_or_default(),
            source: format!("{}:{}", sentence.path, sentence.line),
            text: sentence.text.clone(),
        }
    }

    fn recorded(&self, case: &Case) -> Option<&CaseReport> {
        let mut cases = self.report?.cases.iter();
        cases.find(|recorded| self.suite.aliases.resolve(&recorded.id) == case.id)
    }

    fn named(&self, case: &Case) -> Named {
        let verdict = self.recorded(case).map(|recorded| recorded.verdict);
        Named { id: case.id.clone(), what: format!("{}: {}", case.slug, case.title), verdict }
    }
}

fn of_mutant(mutant: &Mutant) -> Named {
    let what = format!("{} ({})", mutant.what, mutant.outcome.as_str());
    Named { id: mutant.name.clone(), what, verdict: None }
}

fn step(step: &Step) -> StepExplained {
    let mut does = does(step);
    if let Some(identity) = step.identity.filter(|identity| *identity != Identity::Anonymous) {
        let _ = write!(does, ", as {identity}");
    }
    if let Some(patience) = step.retry {
        let patience = humantime::format_duration(patience);
        let _ = write!(does, ", again for {patience} until it fits");
    }
    if let Some(name) = &step.name {
        does = format!("{name}: {does}");
    }
    let (mut expects, mut latitude) = (Vec::new(), Vec::new());
    expectations(&step.expect, &mut expects, &mut latitude);
    let curl = match &step.action {
        Action::Request(request) => Some(template(request)),
        _ => None,
    };
    StepExplained { does, expects, latitude, curl }
}

fn does(step: &Step) -> String {
    match &step.action {
        Action::Request(request) => format!("{} {}", request.method, request.path),
        Action::Probe(ops) => {
            let ops: Vec<_> = ops.iter().map(ToString::to_string).collect();
            format!("has its plugin do {}", ops.join(", then "))
        }
        Action::Patch(body) => format!("changes its plugin: {body}"),
        Action::Join(name) => match step.answers {
            None => format!("waits for `{name}`"),
            Some(answers) => format!("waits for {answers} of `{name}`"),
        },
        other => other.name().replace('_', " "),
    }
}

fn expectations(expect: &Expect, out: &mut Vec<String>, latitude: &mut Vec<String>) {
    let mut say = |subject: String, data: &crate::case::Data| {
        let matcher = Matcher::parse(&data.0);
        let words = matcher.map_or_else(|_| data.0.to_string(), |matcher| matcher.to_string());
        let line = format!("{subject}: {words}");
        if leaves_room(&data.0) {
            latitude.push(line.clone());
        }
        out.push(line);
    };
    for (subject, data) in [
        ("status", &expect.status),
        ("error code", &expect.error_code),
        ("body", &expect.body),
        ("length of the body", &expect.body_len),
    ] {
        if let Some(data) = data {
            say(subject.to_owned(), data);
        }
    }
    expect.headers.iter().for_each(|(name, data)| say(format!("header {name}"), data));
    expect.json.iter().for_each(|(pointer, data)| say(format!("json {pointer}"), data));
    out.extend(expect.no_sooner_than.iter().map(|bound| format!("no sooner than {bound}")));
    out.extend(expect.no_later_than.iter().map(|bound| format!("no later than {bound}")));
    if expect.ended_after_previous {
        out.push("after the answer of the step before".to_owned());
    }
}

/// Whether more than one value fits.
fn leaves_room(data: &serde_json::Value) -> bool {
    const WORDS: [&str; 11] = [
        "one_of",
        "gt",
        "gte",
        "lt",
        "lte",
        "matches",
        "not_matches",
        "type",
        "ne",
        "lacks",
        "contains",
    ];
    match data {
        serde_json::Value::Object(members) => {
            members.iter().any(|(name, value)| WORDS.contains(&name.as_str()) || leaves_room(value))
        }
        serde_json::Value::Array(items) => items.iter().any(leaves_room),
        _ => false,
    }
}

/// The request of a step for a shell; `{…}` is to be filled in, as the case does when it runs.
fn template(request: &RequestSpec) -> String {
    let RequestSpec { method, path, headers, json, body, .. } = request;
    let mut line = format!("curl --path-as-is -i -X {method} \"$HOST\"{}", quote(path));
    for (name, value) in headers {
        let _ = write!(line, " -H {}", quote(&format!("{name}: {value}")));
    }
    if let Some(json) = json {
        let _ = write!(line, " --json {}", quote(&json.0.to_string()));
    } else if let Some(body) = body {
        let _ = write!(line, " --data-binary {}", quote(body));
    }
    line
}
