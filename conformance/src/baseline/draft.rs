//! The first baseline, made of a report: a line per failure, without the reasons, which a person
//! has to write before a run accepts it.

use std::fmt::Write as _;

use super::Known;
use crate::evidence::VerdictKind;
use crate::report::Report;

/// The text of a baseline for what failed in a report, and how many lines it has. Reasons that the
/// report has from an earlier baseline are kept.
pub fn draft(report: &Report) -> (String, usize) {
    use VerdictKind as V;
    let mut out = format!(
        "# What {} is known to fail, from the run of {}.\n\
         #\n\
         # A line names a case by its id, cases by a glob over their slugs, or a sentence by its id; it\n\
         # says why the failure is put up with, and may have an end: `until = 2030-12-31`, and a `link`.\n\
         # A run refuses a line without a reason.\n",
        report.header.host.name, report.header.started_at
    );
    let mut lines = 0;
    let failed = |kind| matches!(kind, V::Fail | V::Inconclusive | V::KnownFailing);
    for case in report.cases.iter().filter(|case| failed(case.verdict)) {
        lines += 1;
        let messages = case.failure.as_ref().map(|failure| failure.messages.join("; "));
        let why = messages.or_else(|| case.reason.clone()).unwrap_or_default();
        let why: String =
            why.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
        let text = |value: &str| toml::Value::from(value).to_string();
        let reason = case.baseline.as_ref().map_or("", |known| known.reason.as_str());
        let _ = write!(
            out,
            "\n# {}: {}\n[[known-failing]]\ncases = {}\nreason = {}\n",
            case.slug,
            why.trim_end(),
            text(&case.id),
            text(reason)
        );
        if let Some(Known { until, link, .. }) = &case.baseline {
            let until = until.iter().map(|until| format!("until = {until}\n"));
            let link = link.iter().map(|link| format!("link = {}\n", text(link)));
            out.extend(until.chain(link));
        }
    }
    (out, lines)
}
