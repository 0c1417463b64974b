//! The views of a report by their names on the command line, and the files they are written to.

use std::path::{Path, PathBuf};

use url::Url;

use super::document::Report;
use super::{badge, html, junit, markdown, sarif, tap};
use crate::case::words;

words! {
    /// A view of the report.
    Format, "format" {
        /// The document itself.
        Json = "json",
        /// A page for people.
        Html = "html",
        /// For what shows test results.
        Junit = "junit",
        /// For what annotates code.
        Sarif = "sarif",
        /// For a comment on a pull request.
        Markdown = "markdown",
        /// For what reads the Test Anything Protocol.
        Tap = "tap",
        /// For a README: a picture, and a document for shields.io.
        Badge = "badge",
    }
}

/// A view could not be made, or not be written.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// It cannot be represented.
    #[error("cannot make {file}")]
    Render {
        /// The view's file.
        file: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file system refused it.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// The files of a view, by name, with what is in them.
pub fn render(
    report: &Report,
    format: Format,
    spec_url: Option<&Url>,
) -> Result<Vec<(&'static str, String)>, ViewError> {
    fn made<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        file: &'static str,
        text: Result<String, E>,
    ) -> Result<Vec<(&'static str, String)>, ViewError> {
        let text = text.map_err(|e| ViewError::Render { file, source: e.into() })?;
        Ok(vec![(file, text)])
    }
    match format {
        Format::Json => made("report.json", report.to_json()),
        Format::Html => made("report.html", html::html(report)),
        Format::Junit => made("junit.xml", junit::junit(report)),
        Format::Sarif => {
            let sarif = sarif::sarif(report, spec_url);
            made("report.sarif", serde_json::to_string_pretty(&sarif))
        }
        Format::Markdown => Ok(vec![("report.md", markdown::markdown(report))]),
        Format::Tap => Ok(vec![("report.tap", tap::tap(report))]),
        Format::Badge => Ok(vec![
            ("badge.json", badge::badge_json(report)),
            ("badge.svg", badge::badge_svg(report)),
        ]),
    }
}

/// Writes the views below `folder`, and says where: no formats means all of them.
pub fn write(
    report: &Report,
    formats: &[Format],
    folder: &Path,
    spec_url: Option<&Url>,
) -> Result<Vec<PathBuf>, ViewError> {
    let formats = if formats.is_empty() { Format::ALL } else { formats };
    let mut written = Vec::new();
    for format in formats {
        for (name, text) in render(report, *format, spec_url)? {
            let path = folder.join(name);
            std::fs::write(&path, text)
                .map_err(|source| ViewError::Write { path: path.clone(), source })?;
            written.push(path);
        }
    }
    Ok(written)
}

/// Where to look first: the page for people if there is one, then how many others there are.
pub fn places(written: &[PathBuf]) -> String {
    let at = |name: &str| written.iter().find(|path| path.ends_with(name));
    let Some(first) = at("report.html").or_else(|| at("report.json")).or(written.first()) else {
        return String::new();
    };
    let names = written.iter().filter(|path| *path != first).filter_map(|path| path.file_name());
    let others: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
    let beside = if others.is_empty() {
        String::new()
    } else {
        format!("; beside it {}", others.join(", "))
    };
    format!("report: {}{beside}\n", first.display())
}
