//! Markdown for a pull request: the counts, a matrix by area, and what did not pass, folded.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::curl::curl;
use super::document::{CaseReport, Report};
use super::standing::{Standing, conclusion, explanation, standing, tally};
use crate::client::RecordedBody;
use crate::evidence::VerdictKind;
use crate::page::escape;

/// A comment on GitHub holds 65 536 characters. Bytes are more than that, never fewer.
const LIMIT: usize = 64 * 1024;
/// What is kept free for the line that says how much is left out.
const RESERVE: usize = 512;
/// How much of a body is shown.
const BODY_LIMIT: usize = 1500;

/// The report as Markdown, below 64 KiB.
pub(super) fn markdown(report: &Report) -> String {
    let mut out = head(report);
    let mut todo: Vec<&CaseReport> = report.cases.iter().filter(|case| is_shown(case)).collect();
    // What the host does wrong, then what is not known, then what was expected; each kind together.
    let order = |case: &CaseReport| match standing(case.verdict) {
        Standing::Failed => 0,
        Standing::Unjudged => 1,
        Standing::Passed | Standing::Skipped | Standing::Expected => 2,
    };
    todo.sort_by_key(|case| (order(case), case.verdict));
    let total = todo.len();
    for (shown, case) in todo.into_iter().enumerate() {
        let details = details(report, case);
        if out.len() + details.len() + RESERVE > LIMIT {
            let left = total - shown;
            let _ = writeln!(
                out,
                "\n**{left} more of {total} cases that did not pass are left out here**, for a comment \
                 holds no more; all of them are in `report.html` and `report.json`."
            );
            break;
        }
        out.push_str(&details);
    }
    out
}

/// Neither passes nor what is not claimed; flaky cases are shown.
fn is_shown(case: &CaseReport) -> bool {
    case.failure.is_some()
        || !matches!(standing(case.verdict), Standing::Passed | Standing::Skipped)
}

fn head(report: &Report) -> String {
    let header = &report.header;
    let mut out = format!(
        "## {}: {}\n\n**{}**\n\n",
        inline(&header.host.name),
        conclusion(report),
        tally(report)
    );
    if let Some(why) = &report.footer.stopped {
        let _ = writeln!(out, "> The run ended early: {}\n", inline(why));
    }
    for stale in &report.footer.stale_baseline {
        let _ = writeln!(out, "> `{}`: {}\n", stale.source, inline(&stale.problem));
    }
    matrix(&mut out, report);
    let _ = writeln!(
        out,
        "\n<sub>{} · {} {} · specification {} · seed {} · {} s</sub>",
        escape(&header.host.url),
        header.suite.name,
        header.suite.version,
        header.suite.ledger,
        header.seed,
        report.footer.elapsed_ms / 1000,
    );
    out
}

/// Counts by area; verdicts nobody got have no column.
fn matrix(out: &mut String, report: &Report) {
    let kinds: Vec<_> =
        VerdictKind::ALL.into_iter().filter(|kind| report.count(*kind) > 0).collect();
    let mut areas: BTreeMap<&str, BTreeMap<VerdictKind, usize>> = BTreeMap::new();
    for case in &report.cases {
        *areas.entry(&case.area).or_default().entry(case.verdict).or_default() += 1;
    }
    let row = |out: &mut String, first: &str, cells: &mut dyn Iterator<Item = String>| {
        let _ = writeln!(out, "| {first} | {} |", cells.collect::<Vec<_>>().join(" | "));
    };
    row(out, "area", &mut kinds.iter().map(|kind| kind.as_str().to_owned()));
    row(out, "---", &mut kinds.iter().map(|_| "---:".to_owned()));
    for (area, counts) in &areas {
        let mut cells =
            kinds.iter().map(|kind| counts.get(kind).map_or("·".to_owned(), usize::to_string));
        row(out, &inline(area), &mut cells);
    }
}

fn details(report: &Report, case: &CaseReport) -> String {
    let mut out = format!(
        "\n<details><summary><b>{}</b> <code>{}</code> {}</summary>\n\n{} (`{}`)\n",
        case.verdict.as_str(),
        escape(&case.id),
        escape(&case.slug),
        inline(&case.title),
        case.source,
    );
    for sentence in case.cites.iter().filter_map(|id| report.sentence(id)) {
        let _ = writeln!(
            out,
            "\n> `{}` {}: {} (`{}`)",
            sentence.id, sentence.level, sentence.text, sentence.source
        );
    }
    out.push('\n');
    if let Some(known) = &case.baseline {
        let _ =
            writeln!(out, "The baseline says: {} (`{}`)\n", inline(&known.reason), known.source);
    }
    match &case.failure {
        Some(failure) => {
            if let Some(step) = &failure.step {
                let _ = writeln!(out, "Step {}:\n", inline(step));
            }
            fence(&mut out, "", &failure.messages.join("\n"));
        }
        None => {
            let _ = writeln!(out, "{}", inline(&explanation(case)));
        }
    }
    if let Some(exchange) = case.telling_exchange() {
        fence(&mut out, "sh", &curl(exchange));
        if let Some(response) = &exchange.response {
            let body = shown(&response.body);
            fence(&mut out, "", &format!("{}\n{body}", response.status));
        } else {
            let error = exchange.error.as_deref().unwrap_or_default();
            let _ = writeln!(out, "No response: {}", inline(error));
        }
    }
    out.push_str("\n</details>\n");
    out
}

/// A block of code. Its fence is longer than any in the text, so that nothing ends it early.
fn fence(out: &mut String, language: &str, text: &str) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}{language}\n{}\n{fence}", text.trim_end());
}

fn shown(body: &RecordedBody) -> String {
    let Some(text) = &body.text else { return format!("({} bytes that are no text)", body.bytes) };
    match text.char_indices().nth(BODY_LIMIT) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], body.bytes),
        None => text.clone(),
    }
}

/// Text in a line of Markdown: what would be markup is escaped.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '@' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}
