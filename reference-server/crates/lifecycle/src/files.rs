//! File operations with errors that name what was done, and to which path.

use std::io;
use std::path::{Path, PathBuf};

/// A file operation that failed. Goes to the log: clients never see host paths.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing} {}", path.display())]
pub struct FileError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FileError {
    pub(crate) fn new(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self { doing, path: path.to_owned(), source }
    }

    /// The operating system's own error.
    pub fn io(&self) -> &io::Error {
        &self.source
    }
}

/// Nothing is there, be it for want of the last part of the path or of an earlier one.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Names the operation and the path of a failed call.
pub(crate) trait At<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, FileError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> Result<T, FileError> {
        self.map_err(|source| FileError::new(doing, path, source))
    }
}

/// Runs file work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(stopped) => match stopped.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down and drops this future as well.
            Err(_) => std::future::pending().await,
        },
    }
}

pub(crate) fn create_dir(path: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(path).at("create directory", path)
}

/// Moves within one file system: the one step that readers see as either before or after.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    if let Some(parent) = to.parent() {
        create_dir(parent)?;
    }
    std::fs::rename(from, to).at("move into place", to)
}

/// Removes a directory and all below; one that is not there is fine. Links are removed, not
/// followed.
pub(crate) fn remove_tree(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_dir_all(path) {
        Err(error) if !is_absent(&error) => Err(FileError::new("remove", path, error)),
        _ => Ok(()),
    }
}

pub(crate) fn remove_file(path: &Path) -> Result<(), FileError> {
    match std::fs::remove_file(path) {
        Err(error) if !is_absent(&error) => Err(FileError::new("remove", path, error)),
        _ => Ok(()),
    }
}

/// Names of the entries of a directory, in lexical order; none when it does not exist.
pub(crate) fn list(path: &Path) -> Result<Vec<String>, FileError> {
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(FileError::new("list", path, error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.at("list", path)?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
