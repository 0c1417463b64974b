//! Badges: a document for shields.io's endpoint, and a picture that needs nobody.

use serde_json::json;

use super::document::Report;
use super::standing::conclusion;
use crate::evidence::VerdictKind;
use crate::{exit, page};

/// Left half of the badge.
const LABEL: &str = "hostproof";
/// Width of a character at the badge's size, in tenths of a pixel, as Verdana has it on average.
const CHARACTER: usize = 66;

/// The document that `https://img.shields.io/endpoint?url=…` takes.
pub(super) fn badge_json(report: &Report) -> String {
    let badge = json!({
        "schemaVersion": 1,
        "label": LABEL,
        "message": message(report),
        "color": colour(report).trim_start_matches('#'),
        "isError": report.footer.exit_code != exit::CONFORMANT,
    });
    format!("{badge:#}\n")
}

/// The badge as a picture.
pub(super) fn badge_svg(report: &Report) -> String {
    let message = page::escape(&message(report));
    let title = page::escape(&format!("{LABEL}: {}", conclusion(report)));
    // `textLength` holds the text to these widths, whatever font there is.
    let (left, right) = (width(LABEL), width(&message));
    let (label_width, message_width) = (left + 12, right + 12);
    let total = label_width + message_width;
    let (label_at, message_at) = (6, label_width + 6);
    let colour = colour(report);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="20" role="img" aria-label="{title}, {message}">
<title>{title}, {message}</title>
<clipPath id="r"><rect width="{total}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><path fill="#3d3b37" d="M0 0h{label_width}v20H0z"/><path fill="{colour}" d="M{label_width} 0h{message_width}v20H{label_width}z"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{label_at}" y="14" textLength="{left}" lengthAdjust="spacingAndGlyphs">{LABEL}</text>
<text x="{message_at}" y="14" textLength="{right}" lengthAdjust="spacingAndGlyphs">{message}</text>
</g>
</svg>
"##
    )
}

/// `1263/1263`; a run that could not judge, or did not end, says so instead of a number that flatters.
fn message(report: &Report) -> String {
    let passed = report.count(VerdictKind::Pass) + report.count(VerdictKind::Flaky);
    match report.footer.exit_code {
        exit::CONFORMANT | exit::NOT_CONFORMANT if report.footer.complete => {
            format!("{passed}/{}", report.footer.applicable)
        }
        _ => conclusion(report).to_owned(),
    }
}

fn colour(report: &Report) -> &'static str {
    match report.footer.exit_code {
        exit::CONFORMANT => "#2a7148",
        exit::NOT_CONFORMANT => "#b3261e",
        exit::HARNESS => "#9c1f63",
        _ => "#a04d05",
    }
}

fn width(text: &str) -> usize {
    text.chars().count() * CHARACTER / 10
}
