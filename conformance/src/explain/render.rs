//! An explanation as text.

use std::fmt::Write as _;

use super::{CaseExplained, Cited, Explained, MutantExplained, Named, SentenceExplained};
use crate::client::{Exchange, RecordedBody};
use crate::report::{CaseReport, curl};
use crate::sighting::Sighting;

/// How much of a body is shown.
const BODY_LIMIT: usize = 2000;

impl Explained {
    /// For people at a terminal.
    pub fn readable(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Case(case) => of_case(case, &mut out),
            Self::Sentence(sentence) => of_sentence(sentence, &mut out),
            Self::Mutant(mutant) => of_mutant(mutant, &mut out),
        }
        out
    }
}

fn of_case(case: &CaseExplained, out: &mut String) {
    let _ = writeln!(out, "{} {}\n{}", case.id, case.slug, case.title);
    if let Some(why) = &case.why {
        let _ = writeln!(out, "{}", why.trim());
    }
    let _ = writeln!(
        out,
        "\nprofile {}, tier {}, within {} ({})",
        case.profile, case.tier, case.deadline, case.source
    );
    if !case.features.is_empty() {
        let _ = writeln!(out, "needs {}", case.features.join(", "));
    }
    formerly(&case.former, out);
    cited("judges", &case.cites, out);
    for (index, step) in case.steps.iter().enumerate() {
        let _ = writeln!(out, "\nstep {}: {}", index + 1, step.does);
        for line in &step.expects {
            let room = if step.latitude.contains(line) { "  (any that fits is right)" } else { "" };
            let _ = writeln!(out, "  expects {line}{room}");
        }
        if let Some(curl) = &step.curl {
            let _ = writeln!(out, "  {curl}");
        }
    }
    if case.negative {
        let _ = writeln!(
            out,
            "\nThe host has to refuse. That says something only beside the positive twin:"
        );
        named("", &Vec::from_iter(&case.twin), out);
    }
    named("the positive twin of", &case.twin_of.iter().collect::<Vec<_>>(), out);
    named("mutant hosts it caught", &case.kills.iter().collect::<Vec<_>>(), out);
    if let Some(recorded) = &case.recorded {
        happened(recorded, out);
    }
    let _ = writeln!(out, "\nalone: hostproof run --target target.toml --filter {}", case.id);
}

fn happened(case: &CaseReport, out: &mut String) {
    let _ = writeln!(out, "\nin the report: {}", case.verdict.as_str());
    if let Some(reason) = &case.reason {
        let _ = writeln!(out, "  {reason}");
    }
    for fact in &case.facts {
        let _ = writeln!(out, "  ✓ {}", fact.statement);
    }
    if let Some(failure) = &case.failure {
        if let Some(step) = &failure.step {
            let _ = writeln!(out, "  step {step}");
        }
        for message in &failure.messages {
            let _ = writeln!(out, "  ✗ {message}");
        }
    }
    case.exchanges.iter().for_each(|exchange| show(exchange, out));
    for Sighting { step, count, last } in &case.sightings {
        let _ = writeln!(out, "\n  [{step}] found {count}");
        if let Some(last) = last {
            let text = last.to_string();
            let _ = writeln!(out, "      {}", beginning(&text, text.len()));
        }
    }
}

fn show(exchange: &Exchange, out: &mut String) {
    let _ = writeln!(out, "\n  [{}] {} {}", exchange.step, exchange.method, exchange.url);
    if let Some(body) = &exchange.body {
        let _ = writeln!(out, "      {}", shown(body));
    }
    match &exchange.response {
        Some(response) => {
            let _ = writeln!(out, "    → {} after {} ms", response.status, exchange.elapsed_ms);
            let _ = writeln!(out, "      {}", shown(&response.body));
        }
        None => {
            let _ = writeln!(out, "    → {}", exchange.error.as_deref().unwrap_or_default());
        }
    }
    let _ = writeln!(out, "    {}", curl(exchange));
}

fn shown(body: &RecordedBody) -> String {
    let text = body.text.as_deref().or(body.base64.as_deref()).unwrap_or_default();
    beginning(text, body.bytes)
}

fn beginning(text: &str, bytes: usize) -> String {
    match text.char_indices().nth(BODY_LIMIT) {
        Some((end, _)) => format!("{}… ({bytes} bytes)", &text[..end]),
        None if text.is_empty() => "(empty)".to_owned(),
        None => text.to_owned(),
    }
}

fn of_sentence(explained: &SentenceExplained, out: &mut String) {
    let sentence = &explained.sentence;
    let _ = writeln!(out, "{} {}: {}", sentence.id, sentence.level, sentence.text);
    let _ = writeln!(
        out,
        "\n{}, profile {} ({}), text {}",
        sentence.chapter, explained.profile, sentence.source, explained.hash
    );
    formerly(&explained.former, out);
    named("judged by", &explained.cases.iter().collect::<Vec<_>>(), out);
    if let Some(reason) = &explained.uncased {
        let _ = writeln!(out, "\nno case: {reason}");
    }
    named("broken by the mutant hosts", &explained.mutants.iter().collect::<Vec<_>>(), out);
}

fn of_mutant(mutant: &MutantExplained, out: &mut String) {
    let _ = writeln!(out, "{} ({})\n{}", mutant.name, mutant.outcome, mutant.what);
    cited("breaks", &mutant.sentences, out);
    named("caught by", &mutant.killed_by.iter().collect::<Vec<_>>(), out);
}

fn formerly(names: &[String], out: &mut String) {
    if !names.is_empty() {
        let _ = writeln!(out, "formerly {}", names.join(", "));
    }
}

fn cited(heading: &str, sentences: &[Cited], out: &mut String) {
    let _ = writeln!(out, "\n{heading}");
    for Cited { id, level, chapter, source, text } in sentences {
        let _ = writeln!(out, "  {id} {level}: {text}\n         {chapter} ({source})");
    }
}

fn named(heading: &str, things: &[&Named], out: &mut String) {
    if things.is_empty() {
        return;
    }
    if !heading.is_empty() {
        let _ = writeln!(out, "\n{heading}");
    }
    for Named { id, what, verdict } in things {
        let verdict = verdict.map(|verdict| format!(" [{}]", verdict.as_str()));
        let _ = writeln!(out, "  {id} {what}{}", verdict.unwrap_or_default());
    }
}
