//! Where the specification and the cases come from: the binary itself, or a folder during authoring.

use std::path::{Path, PathBuf};
use std::{fs, io};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

/// One text file, named by its path below the conformance folder (`cases/sql/values.toml`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Path for people and for error messages.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl SourceFile {
    /// A source from memory, as the suite's own tests use it.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), text: text.into() }
    }
}

/// Everything a suite is made of.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Chapters of the specification.
    pub chapters: Vec<SourceFile>,
    /// `spec/ledger.toml`; absent means that no sentence is locked.
    pub lock: Option<SourceFile>,
    /// Case files.
    pub cases: Vec<SourceFile>,
    /// `spec/aliases.toml` and `cases/aliases.toml`, where there are such.
    pub aliases: Vec<SourceFile>,
}

/// The files of former names.
const ALIASES: [&str; 2] = ["spec/aliases.toml", "cases/aliases.toml"];

/// A folder of sources could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}")]
pub struct ReadError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl Sources {
    /// The sources this binary was built with.
    pub fn embedded() -> Self {
        let list = |files: &[(&str, &str)]| {
            files.iter().map(|(path, text)| SourceFile::new(*path, *text)).collect::<Vec<_>>()
        };
        let is_alias = |file: &SourceFile| ALIASES.contains(&file.path.as_str());
        let (former, cases) = list(embedded::CASES).into_iter().partition(is_alias);
        let mut sources =
            Self { chapters: list(embedded::CHAPTERS), cases, aliases: former, ..Self::default() };
        for file in list(embedded::LOCKS) {
            match file.path.as_str() {
                "spec/ledger.toml" => sources.lock = Some(file),
                _ if is_alias(&file) => sources.aliases.push(file),
                _ => {}
            }
        }
        sources
    }

    /// The sources below `root`, which holds `spec/` and `cases/`.
    pub fn from_folder(root: &Path) -> Result<Self, ReadError> {
        let mut sources = Self::default();
        for path in files_below(&root.join("spec"))? {
            let file = read(root, &path)?;
            match file.path.as_str() {
                "spec/README.md" => {}
                "spec/ledger.toml" => sources.lock = Some(file),
                name if ALIASES.contains(&name) => sources.aliases.push(file),
                name if has_extension(name, "md") => sources.chapters.push(file),
                _ => {}
            }
        }
        for path in files_below(&root.join("cases"))? {
            if path.extension().is_some_and(|e| e == "toml") {
                let file = read(root, &path)?;
                let aliases = ALIASES.contains(&file.path.as_str());
                let files = if aliases { &mut sources.aliases } else { &mut sources.cases };
                files.push(file);
            }
        }
        Ok(sources)
    }
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|e| e == extension)
}

fn read(root: &Path, path: &Path) -> Result<SourceFile, ReadError> {
    let text = fs::read_to_string(path)
        .map_err(|source| ReadError { path: path.to_path_buf(), source })?;
    let name = path.strip_prefix(root).unwrap_or(path).display().to_string();
    Ok(SourceFile { path: name, text })
}

/// All files below `folder`, sorted, so that a run never depends on the order of a directory.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let error = |source| ReadError { path: folder.to_path_buf(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
