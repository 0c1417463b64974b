//! Reading a baseline file.

use std::path::Path;

use serde::Deserialize;
use time::{Date, Month};

use super::{Baseline, Line};

/// A baseline file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It cannot be read.
    #[error("cannot read the baseline {path}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It does not parse, or a line of it says too little.
    #[error("{path}:{line}: {message}")]
    Line {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    #[serde(default, rename = "known-failing")]
    known_failing: Vec<toml::Spanned<LineText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineText {
    cases: String,
    reason: String,
    until: Option<toml::value::Datetime>,
    link: Option<url::Url>,
}

impl Baseline {
    /// Reads a baseline file.
    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| BaselineError::Read { path: name.clone(), source })?;
        Self::parse(&name, &text)
    }

    /// Parses a baseline file's text.
    pub fn parse(path: &str, text: &str) -> Result<Self, BaselineError> {
        let number = |offset: usize| {
            text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
        };
        let error = |line, message| BaselineError::Line { path: path.to_owned(), line, message };
        let file: FileText = toml::from_str(text).map_err(|e| {
            let offset = e.span().map_or(0, |span| span.start);
            error(number(offset), crate::suggest::improve(e.message()))
        })?;
        let mut lines = Vec::new();
        for line in file.known_failing {
            let at = number(line.span().start);
            lines.push(line.into_inner().check(at).map_err(|message| error(at, message))?);
        }
        Ok(Self { path: path.to_owned(), lines })
    }
}

impl LineText {
    fn check(self, number: usize) -> Result<Line, String> {
        if self.cases.trim().is_empty() {
            return Err("`cases` names no case".to_owned());
        }
        if self.reason.trim().is_empty() {
            return Err(format!(
                "the known failure of `{}` has no reason: write why it is put up with, or remove it",
                self.cases
            ));
        }
        let until = self.until.map(|time| day(&time)).transpose()?;
        let link = self.link.map(|link| link.to_string());
        Ok(Line { cases: self.cases, reason: self.reason, until, link, number })
    }
}

fn day(time: &toml::value::Datetime) -> Result<Date, String> {
    let day = match (time.date, time.time, time.offset) {
        (Some(day), None, None) => Month::try_from(day.month)
            .and_then(|month| Date::from_calendar_date(i32::from(day.year), month, day.day))
            .ok(),
        _ => None,
    };
    day.ok_or_else(|| format!("until: `{time}` is no day, such as 2030-12-31"))
}
