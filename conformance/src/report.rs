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
mod merge;
mod names;
mod progress;
mod recorded;
mod sarif;
mod standing;
mod tap;
mod terminal;
mod view;

pub(crate) use curl::{curl, quote};
pub use document::{
    BaselineReport, CaseReport, FORMAT, FactReport, FailureReport, Footer, Header, HostReport,
    MergedReport, Repeat, Report, SelectionReport, SentenceReport, SuiteReport, VariableReport,
};
pub use junit::junit;
pub use merge::{MergeError, merge};
pub use progress::{Bar, Lines, Silent, progress};
pub use recorded::{Recorded, RecordedError};
pub use terminal::{Style, summary};
pub use view::{Format, ViewError, places, render, write};

/// The published schema of the JSON report.
pub const SCHEMA: &str = include_str!("../schema/report.schema.json");
