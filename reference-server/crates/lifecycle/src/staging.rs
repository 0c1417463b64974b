//! The staging area: where an operation puts what it downloads, until the store has it.
//!
//! ```text
//! {staging}/{operation}/{scratch,backend,frontend,mcp}
//! ```
//!
//! A folder here is named for an operation and made after the operation's record. So a folder without
//! a record is nobody's any more, also where several hosts share the area.

use std::path::{Path, PathBuf};

use storage::plugin_artifacts::Tree;
use uuid::Uuid;

use crate::files::{self, FileError};

/// The staging areas of all operations.
#[derive(Clone, Debug)]
pub(crate) struct StagingRoot(PathBuf);

/// That of one operation.
#[derive(Clone, Debug)]
pub(crate) struct Staging(PathBuf);

impl StagingRoot {
    pub(crate) fn new(root: &Path) -> Self {
        Self(root.to_owned())
    }

    pub(crate) fn of(&self, operation: Uuid) -> Staging {
        Staging(self.0.join(operation.to_string()))
    }

    /// The operations that have something here. What is named otherwise is not ours.
    pub(crate) fn operations(&self) -> Result<Vec<Uuid>, FileError> {
        let names = files::list(&self.0)?;
        Ok(names.iter().filter_map(|name| Uuid::parse_str(name).ok()).collect())
    }
}

impl Staging {
    /// A tree of the new version.
    pub(crate) fn tree(&self, tree: Tree) -> PathBuf {
        self.0.join(tree.as_str())
    }

    /// Room for downloads and for archives being unpacked.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.0.join("scratch")
    }

    /// Removes all of it.
    pub(crate) fn remove(&self) -> Result<(), FileError> {
        files::remove_tree(&self.0)
    }
}
