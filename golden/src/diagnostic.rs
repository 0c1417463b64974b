//! What is wrong in a file, where, and what to write instead.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One mistake in a scenario file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file.
    pub file: PathBuf,
    /// From 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// From 1.
    pub column: usize,
    /// The line as it is.
    pub source: String,
    /// How many characters of it are meant.
    pub width: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// How a table is written.
const TABLE: &str = "a table: { … }, or [name] on a line of its own";

/// Something wrong at a place of a text.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Mistake {
    pub(crate) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// From what serde and the TOML reader say.
    pub(crate) fn of_toml(error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().trim().replace('\n', ", ");
        let mut quoted = message.split('`').skip(1).step_by(2).map(str::to_owned);
        if let Some(rest) = message.strip_prefix("unknown field ") {
            let unknown = quoted.next().unwrap_or_default();
            let known: Vec<String> = quoted.collect();
            let listed = if rest.contains("there are no fields") { None } else { Some(known) };
            let help = match listed {
                Some(known) => choice(&unknown, &known, "keys here"),
                None => "there are no keys here".to_owned(),
            };
            return Self::new(span, format!("unknown key `{unknown}`")).help(help);
        }
        if message.starts_with("unknown variant ") {
            let unknown = quoted.next().unwrap_or_default();
            let known: Vec<String> = quoted.collect();
            let help = choice(&unknown, &known, "one of");
            return Self::new(span, format!("unknown value `{unknown}`")).help(help);
        }
        if message.starts_with("missing field ") {
            let missing = quoted.next().unwrap_or_default();
            return Self::new(span, format!("`{missing}` is missing"))
                .help(format!("add `{missing} = …` to this table"));
        }
        let Some((is, expected)) = message.split_once(", expected ") else {
            return Self::new(span, message);
        };
        // Serde names types of this program; an author writes TOML.
        let (expected, help) = match expected {
            "a string" => ("a text", "text is written in quotes: \"…\""),
            "a boolean" => ("true or false", "true or false, without quotes"),
            "a sequence" => ("a list", "a list: [ … ]"),
            "u8" | "u16" | "u32" | "u64" | "usize" | "i64" => {
                ("a whole number", "a number is written without quotes: 200")
            }
            "a map" => ("a table", TABLE),
            other if other.starts_with("struct ") => ("a table", TABLE),
            _ => return Self::new(span, message),
        };
        Self::new(span, format!("{is}, expected {expected}")).help(help)
    }

    pub(crate) fn at(self, file: &Path, text: &str) -> Diagnostic {
        let start = self.span.start.min(text.len());
        let before = text.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let source = text.get(line_start..).unwrap_or_default().lines().next().unwrap_or_default();
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let meant = text.get(start..self.span.end.max(start)).unwrap_or_default();
        let width = meant.lines().next().unwrap_or_default().chars().count().max(1);
        Diagnostic {
            file: file.to_owned(),
            line,
            column,
            source: source.to_owned(),
            width,
            message: self.message,
            help: self.help,
        }
    }
}

/// "did you mean …?" where one is near, and all there are.
pub(crate) fn choice(unknown: &str, known: &[String], title: &str) -> String {
    let all = format!("{title}: {}", known.join(", "));
    match nearest(unknown, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`? {all}"),
        None => all,
    }
}

/// The known name most similar to `unknown`, if one is similar enough to be a typing error.
pub(crate) fn nearest<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(unknown, name), name))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:{}:{}: {}", self.file.display(), self.line, self.column, self.message)?;
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let blank = " ".repeat(self.column.saturating_sub(1));
        let mark = "^".repeat(self.width);
        write!(f, "{margin} |\n{number} | {}\n{margin} | {blank}{mark}", self.source)?;
        match &self.help {
            Some(help) => write!(f, "\n{margin} = {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}
