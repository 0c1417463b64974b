//! TAP 14 (<https://testanything.org/tap-version-14-specification.html>): a test point per case.
//!
//! What is not claimed is `# SKIP`, what is known to fail is `# TODO`; everything else that did not
//! pass is `not ok`, whoever is at fault.

use std::fmt::Write as _;

use super::curl::curl;
use super::document::{CaseReport, Report};
use super::standing::{Standing, excuse, explanation, standing, tally};

/// The report as TAP.
pub(super) fn tap(report: &Report) -> String {
    let mut out = format!("TAP version 14\n1..{}\n", report.cases.len());
    for (index, case) in report.cases.iter().enumerate() {
        let (ok, directive) = match standing(case.verdict) {
            Standing::Passed => ("ok", String::new()),
            Standing::Skipped => ("ok", format!(" # SKIP {}", text(&explanation(case)))),
            Standing::Expected => ("not ok", format!(" # TODO {}", text(excuse(case)))),
            Standing::Failed | Standing::Unjudged => ("not ok", String::new()),
        };
        let name = text(&format!("{} {}", case.id, case.slug));
        let _ = writeln!(out, "{ok} {} - {name}{directive}", index + 1);
        if case.failure.is_some() || ok == "not ok" {
            diagnostics(&mut out, report, case);
        }
    }
    let _ = writeln!(out, "# {}", tally(report));
    if let Some(why) = &report.footer.stopped {
        let _ = writeln!(out, "# the run ended early: {}", text(why));
    }
    out
}

/// A YAML block. Values are written as JSON, which YAML reads as it is.
fn diagnostics(out: &mut String, report: &Report, case: &CaseReport) {
    let _ = writeln!(out, "  ---");
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(out, "  {key}: {}", quoted(value));
    };
    line("verdict", case.verdict.as_str());
    line("title", &case.title);
    line("message", &explanation(case));
    line("at", &case.source);
    for id in &case.cites {
        if let Some(sentence) = report.sentence(id) {
            line(id, &format!("{}: {} ({})", sentence.level, sentence.text, sentence.source));
        }
    }
    if let Some(step) = case.failure.as_ref().and_then(|failure| failure.step.as_ref()) {
        line("step", step);
    }
    if let Some(exchange) = case.telling_exchange() {
        line("again", &curl(exchange));
    }
    let _ = writeln!(out, "  duration_ms: {}\n  ...", case.elapsed_ms);
}

/// A JSON text without the characters that YAML does not print.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{9f}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            other => out.push(other),
        }
    }
    out
}

/// One line, in which nothing begins a directive.
fn text(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace('\\', "\\\\").replace('#', "\\#")
}
