//! The report as one HTML file: the document itself, as data, and a script that shows it.

use serde_json::{Value, json};

use super::curl::curl;
use super::document::Report;
use crate::page;

const TEMPLATE: &str = include_str!("html/template.html");
const STYLE: &str = include_str!("html/style.css");
const SCRIPTS: [&str; 4] = [
    page::THEME,
    include_str!("html/model.js"),
    include_str!("html/evidence.js"),
    include_str!("html/app.js"),
];

/// The report as HTML.
pub(super) fn html(report: &Report) -> serde_json::Result<String> {
    let style = [page::STYLE, STYLE].concat();
    let script = page::script(&SCRIPTS);
    let data = page::embeddable(&document(report)?.to_string());
    let title = page::escape(&format!("{}: conformance", report.header.host.name));
    let policy = page::policy(&style, &script);
    let values = [
        ("csp", policy.as_str()),
        ("title", &title),
        ("style", &style),
        ("script", &script),
        ("data", &data),
    ];
    Ok(page::fill(TEMPLATE, &values))
}

/// The document, with the line that repeats each exchange.
fn document(report: &Report) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(report)?;
    for (number, case) in report.cases.iter().enumerate() {
        for (at, exchange) in case.exchanges.iter().enumerate() {
            document["cases"][number]["exchanges"][at]["curl"] = json!(curl(exchange));
        }
    }
    Ok(document)
}
