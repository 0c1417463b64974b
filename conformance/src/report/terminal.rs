//! The summary on the terminal: counts by area, then every case that needs attention, explained.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use owo_colors::OwoColorize as _;

use super::curl::curl;
use super::document::{CaseReport, Report};
use super::standing::{conclusion, tally};
use crate::client::{Exchange, RecordedBody};
use crate::evidence::VerdictKind;
use crate::exit;

/// How much of a body is shown.
const BODY_LIMIT: usize = 1000;

/// Whether to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Text only.
    Plain,
    /// With ANSI colours.
    Coloured,
}

impl Style {
    /// Colours for a terminal, unless `NO_COLOR` asks for none.
    pub fn detect(is_terminal: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        if is_terminal && wanted { Self::Coloured } else { Self::Plain }
    }

    fn paint(self, kind: VerdictKind, text: &str) -> String {
        use VerdictKind as V;
        if self == Self::Plain {
            return text.to_owned();
        }
        match kind {
            V::Pass => text.green().to_string(),
            V::Fail | V::HarnessError => text.red().bold().to_string(),
            V::NotApplicable => text.dimmed().to_string(),
            V::KnownFailing
            | V::UnexpectedPass
            | V::Flaky
            | V::Blocked
            | V::Inconclusive
            | V::NotRun => text.yellow().to_string(),
        }
    }
}

/// The whole summary.
pub fn summary(report: &Report, style: Style) -> String {
    let mut out = String::new();
    for case in &report.cases {
        attention(&mut out, report, case, style);
    }
    others(&mut out, report, style);
    table(&mut out, report, style);
    headline(&mut out, report, style);
    out
}

/// A case that failed, was flaky, or broke the suite: everything one needs to understand it.
fn attention(out: &mut String, report: &Report, case: &CaseReport, style: Style) {
    use VerdictKind as V;
    if !matches!(case.verdict, V::Fail | V::Flaky | V::HarnessError) {
        return;
    }
    let verdict = style.paint(case.verdict, &case.verdict.as_str().to_uppercase());
    let _ = writeln!(out, "\n{verdict} {} {}\n  {}", case.id, case.slug, case.title);
    for id in &case.cites {
        if let Some(sentence) = report.sentence(id) {
            let _ =
                writeln!(out, "  {id} {} ({}): {}", sentence.level, sentence.source, sentence.text);
        }
    }
    if let Some(reason) = &case.reason {
        let _ = writeln!(out, "  {reason} ({})", case.source);
    }
    let Some(failure) = &case.failure else { return };
    if let Some(step) = &failure.step {
        let _ = writeln!(out, "  step {step} ({})", case.source);
    }
    for message in &failure.messages {
        let _ = writeln!(out, "  ✗ {message}");
    }
    if let Some(exchange) = case.telling_exchange() {
        show(out, exchange);
    }
    if let Some(command) = report.command_for(case) {
        let _ = writeln!(out, "  alone:    {command}");
    }
    if case.verdict == V::Flaky {
        let _ = writeln!(out, "  it passed when it was run again alone");
    }
}

fn show(out: &mut String, exchange: &Exchange) {
    let _ = writeln!(out, "  request:  {} {}", exchange.method, exchange.url);
    if let Some(body) = &exchange.body {
        let _ = writeln!(out, "            {}", shown(body));
    }
    match (&exchange.response, &exchange.error) {
        (Some(response), _) => {
            let _ =
                writeln!(out, "  response: {} after {} ms", response.status, exchange.elapsed_ms);
            let _ = writeln!(out, "            {}", shown(&response.body));
        }
        (None, error) => {
            let _ = writeln!(out, "  response: none: {}", error.as_deref().unwrap_or_default());
        }
    }
    let _ = writeln!(out, "  again:    {}", curl(exchange));
}

fn shown(body: &RecordedBody) -> String {
    let text = match (&body.text, &body.base64) {
        (Some(text), _) => text.as_str(),
        (None, Some(base64)) => base64.as_str(),
        (None, None) => "",
    };
    match text.char_indices().nth(BODY_LIMIT) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], body.bytes),
        None if text.is_empty() => "(empty)".to_owned(),
        None => text.to_owned(),
    }
}

/// Blocked, inconclusive and not-run cases, by reason: many share one.
fn others(out: &mut String, report: &Report, style: Style) {
    use VerdictKind as V;
    let kinds = [
        V::KnownFailing,
        V::UnexpectedPass,
        V::Blocked,
        V::Inconclusive,
        V::NotRun,
        V::NotApplicable,
    ];
    for kind in kinds {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for case in report.cases.iter().filter(|case| case.verdict == kind) {
            let reason = case.reason.as_deref().unwrap_or_default();
            reasons.entry(reason).or_default().push(&case.slug);
        }
        for (reason, slugs) in reasons {
            let name = style.paint(kind, kind.as_str());
            let named = slugs.iter().take(3).copied().collect::<Vec<_>>().join(", ");
            let more = if slugs.len() > 3 { ", …" } else { "" };
            let _ = writeln!(out, "\n{name} {} cases: {reason}\n  {named}{more}", slugs.len());
        }
    }
}

/// Counts by area; verdicts nobody got have no column.
fn table(out: &mut String, report: &Report, style: Style) {
    let kinds: Vec<_> =
        VerdictKind::ALL.into_iter().filter(|kind| report.count(*kind) > 0).collect();
    let mut areas: BTreeMap<&str, BTreeMap<VerdictKind, usize>> = BTreeMap::new();
    for case in &report.cases {
        *areas.entry(&case.area).or_default().entry(case.verdict).or_default() += 1;
    }
    let _ = write!(out, "\n{:<14}", "area");
    for kind in &kinds {
        let _ = write!(out, " {:>14}", kind.as_str());
    }
    out.push('\n');
    for (area, counts) in &areas {
        let _ = write!(out, "{area:<14}");
        for kind in &kinds {
            let count = counts.get(kind).copied().unwrap_or_default();
            let cell = if count == 0 { format!("{:>14}", "·") } else { format!("{count:>14}") };
            let cell = if count == 0 { cell } else { style.paint(*kind, &cell) };
            let _ = write!(out, " {cell}");
        }
        out.push('\n');
    }
}

fn headline(out: &mut String, report: &Report, style: Style) {
    use VerdictKind as V;
    let footer = &report.footer;
    let elapsed = std::time::Duration::from_millis(footer.elapsed_ms);
    let _ = writeln!(
        out,
        "\n{} ({}): {} in {elapsed:.1?}, seed {}",
        report.header.host.name,
        report.header.host.url,
        tally(report),
        report.header.seed,
    );
    if let Some(command) = &report.header.repeat {
        let _ = writeln!(out, "the same again: {command}");
    }
    if let Some(why) = &footer.stopped {
        let _ = writeln!(out, "{}", style.paint(V::NotRun, &format!("the run ended early: {why}")));
    }
    if !footer.leftovers.is_empty() {
        let _ = writeln!(out, "not removed from the host:");
        for leftover in &footer.leftovers {
            let _ = writeln!(out, "  {leftover}");
        }
    }
    if !footer.stale_baseline.is_empty() {
        let _ = writeln!(out, "lines of the baseline that are not true:");
        for stale in &footer.stale_baseline {
            let _ = writeln!(out, "  {} ({}): {}", stale.source, stale.cases, stale.problem);
        }
    }
    let kind = match footer.exit_code {
        exit::CONFORMANT if report.count(V::KnownFailing) > 0 => V::KnownFailing,
        exit::CONFORMANT => V::Pass,
        exit::NOT_CONFORMANT => V::Fail,
        exit::HARNESS => V::HarnessError,
        _ => V::Blocked,
    };
    let _ = writeln!(out, "{}", style.paint(kind, conclusion(report)));
}
