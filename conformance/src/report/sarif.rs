//! SARIF 2.1.0, for what annotates code: a rule per sentence, a result per case that did not pass.
//!
//! The code that a failing host breaks is the specification, so a result points at the line of the
//! sentence; the case that found it is a related location.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use super::curl::curl;
use super::document::{CaseReport, Report, SentenceReport};
use super::standing::{Standing, excuse, explanation, standing};
use crate::ledger::Level;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Where `spec/` and `cases/` are, from the root of the repository.
const ROOT: &str = "conformance/";

/// The report as SARIF.
///
/// `spec_url` is where the pages of `hostproof spec` are served, if they are: rules then link to their
/// sentences.
pub(super) fn sarif(report: &Report, spec_url: Option<&Url>) -> Value {
    let rules: Vec<Value> = report.sentences.iter().map(|one| rule(one, spec_url)).collect();
    let indices: BTreeMap<&str, usize> =
        report.sentences.iter().enumerate().map(|(index, s)| (s.id.as_str(), index)).collect();
    let results: Vec<Value> =
        report.cases.iter().filter_map(|case| result(report, &indices, case)).collect();
    let header = &report.header;
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": header.suite.name,
                "semanticVersion": header.suite.version,
                "rules": rules,
            }},
            "automationDetails": { "id": format!("hostproof/{}/", header.host.name) },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": report.footer.complete,
                "exitCode": report.footer.exit_code,
                "startTimeUtc": header.started_at,
                "endTimeUtc": report.footer.finished_at,
            }],
            "results": results,
            "properties": {
                "host": header.host.url,
                "ledger": header.suite.ledger,
                "applicable": report.footer.applicable,
                "counts": report.footer.counts,
            },
        }],
    })
}

fn rule(sentence: &SentenceReport, spec_url: Option<&Url>) -> Value {
    let help = match &sentence.uncased {
        Some(reason) => format!("{}\n\nNo case judges it: {reason}", sentence.text),
        None => sentence.text.clone(),
    };
    let mut rule = json!({
        "id": sentence.id,
        "shortDescription": { "text": format!("{} {}", sentence.level, sentence.text) },
        "help": { "text": help },
        "defaultConfiguration": { "level": level(sentence.level) },
        "properties": { "level": sentence.level, "profile": sentence.profile },
    });
    let page = spec_url.and_then(|base| base.join(&sentence.page()).ok());
    if let Some(page) = page {
        rule["helpUri"] = json!(page);
    }
    rule
}

/// What a broken sentence is worth.
fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "error",
        Level::Should => "warning",
        Level::May => "note",
    }
}

/// None for a case that passed or does not apply.
fn result(report: &Report, indices: &BTreeMap<&str, usize>, case: &CaseReport) -> Option<Value> {
    let standing = standing(case.verdict);
    let flaky = standing == Standing::Passed && case.failure.is_some();
    if matches!(standing, Standing::Passed | Standing::Skipped) && !flaky {
        return None;
    }
    // The first sentence is what the case is about; the others are related.
    let mut cited = case.cites.iter().filter_map(|id| report.sentence(id));
    let sentence = cited.next()?;
    let mut related = vec![location(&case.source, Some(&case.title))];
    related.extend(cited.map(|other| location(&other.source, Some(&other.text))));
    let (kind, level) = match standing {
        Standing::Failed => ("fail", level(sentence.level)),
        // "No decision could be made": SARIF has a kind for it, whose level is none.
        Standing::Unjudged => ("open", "none"),
        Standing::Expected => ("fail", "note"),
        Standing::Passed | Standing::Skipped => ("review", "none"),
    };
    let message = format!("{} ({}): {}", case.title, case.verdict.as_str(), explanation(case));
    let mut result = json!({
        "ruleId": sentence.id,
        "ruleIndex": indices.get(sentence.id.as_str()),
        "kind": kind,
        "level": level,
        "message": { "text": message },
        "locations": [location(&sentence.source, None)],
        "relatedLocations": related,
        "partialFingerprints": { "hostproofCase/v1": case.id },
        "properties": {
            "case": case.id,
            "slug": case.slug,
            "verdict": case.verdict,
            "repeat": case.telling_exchange().map(curl),
        },
    });
    if standing == Standing::Expected {
        let why = excuse(case);
        result["suppressions"] = json!([{ "kind": "external", "justification": why }]);
    }
    Some(result)
}

fn location(source: &str, message: Option<&str>) -> Value {
    let (path, line) = place(source);
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": format!("{ROOT}{path}"), "uriBaseId": "%SRCROOT%" },
            "region": { "startLine": line },
        },
    });
    if let Some(text) = message {
        location["message"] = json!({ "text": text });
    }
    location
}

/// `file:line`, taken apart.
fn place(source: &str) -> (&str, usize) {
    let (path, line) = source.rsplit_once(':').unwrap_or((source, "1"));
    (path, line.parse().unwrap_or(1))
}
