//! Reports. One document holds everything ([`Report`], its schema is
//! `conformance/schema/report.schema.json`); the terminal and `JUnit` are views of it.

mod curl;
mod document;
mod junit;
mod progress;
mod terminal;

pub use document::{
    CaseReport, Footer, Header, HostReport, Report, SelectionReport, SentenceReport, SuiteReport,
};
pub use junit::junit;
pub use progress::{Bar, Lines, Silent, progress};
pub use terminal::{Style, summary};

/// The published schema of the JSON report.
pub const SCHEMA: &str = include_str!("../schema/report.schema.json");
