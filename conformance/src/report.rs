//! Reports. One document holds everything ([`Report`], its schema is
//! `conformance/schema/report.schema.json`); the summary on the terminal and the files of
//! [`Format`] are views of it.

mod badge;
mod curl;
mod digest;
mod document;
mod html;
mod junit;
mod markdown;
mod names;
mod progress;
mod recorded;
mod sarif;
mod standing;
mod tap;
mod terminal;
mod view;

pub use document::{
    BaselineReport, CaseReport, FORMAT, FactReport, FailureReport, Footer, Header, HostReport,
    MergedReport, Report, SelectionReport, SentenceReport, SuiteReport,
};
pub use junit::junit;
pub use progress::{Bar, Lines, Silent, progress};
pub use recorded::{Recorded, RecordedError};
pub use terminal::{Style, summary};
pub use view::{Format, ViewError, places, render, write};

/// The published schema of the JSON report.
pub const SCHEMA: &str = include_str!("../schema/report.schema.json");
