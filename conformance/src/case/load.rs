//! Reading case files: typed, with unknown fields refused and errors that name file and line.

use serde::Deserialize;

use super::text::CaseText;
use super::{Case, table};
use crate::sources::SourceFile;

/// A case file is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {message}")]
pub struct CaseError {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, with a suggestion where there is one.
    pub message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(default)]
    defaults: CaseText,
    #[serde(default)]
    case: Vec<toml::Spanned<CaseText>>,
    #[serde(default)]
    table: Vec<table::Table>,
}

/// Reads all case files. Every malformed file is reported, the others are read.
pub fn load(files: &[SourceFile]) -> Result<Vec<Case>, Vec<CaseError>> {
    let (mut cases, mut errors) = (Vec::new(), Vec::new());
    for file in files {
        load_file(file, &mut cases, &mut errors);
    }
    if errors.is_empty() { Ok(cases) } else { Err(errors) }
}

fn load_file(file: &SourceFile, cases: &mut Vec<Case>, errors: &mut Vec<CaseError>) {
    let line_of = |offset: usize| {
        file.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
    };
    let error = |line, message| CaseError { path: file.path.clone(), line, message };
    let parsed: CaseFile = match toml::from_str(&file.text) {
        Ok(parsed) => parsed,
        Err(e) => {
            let line = line_of(e.span().map_or(0, |span| span.start));
            errors.push(error(line, crate::suggest::improve(e.message())));
            return;
        }
    };
    let mut texts = Vec::new();
    for case in parsed.case {
        let line = line_of(case.span().start);
        texts.push((line, Ok(case.into_inner())));
    }
    for table in parsed.table {
        texts.extend(table.expand().into_iter().map(|(offset, text)| (line_of(offset), text)));
    }
    for (line, text) in texts {
        let case = text.and_then(|text| text.into_case(&parsed.defaults, &file.path, line));
        match case {
            Ok(case) => cases.push(case),
            Err(message) => errors.push(error(line, message)),
        }
    }
}
