//! The journal: what an operation set out to do, on disk before it does anything.
//!
//! One record per operation, in its staging area. The row in the database is the commit point: a
//! record whose row says "done" is carried forward, any other is undone (see `attempt`).
//! A staging directory without a record holds nothing that matters and is removed.

use std::path::Path;

use contract::name::PluginName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::files::{self, At, FileError};
use crate::layout::{Layout, Staging, Tree};

/// What an operation does to a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    Install,
    Upgrade,
    Uninstall,
}

/// One operation, as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) action: Action,
    pub(crate) name: PluginName,
    /// Version in the row once the operation is committed; absent when the row will be gone.
    pub(crate) to: Option<String>,
    /// Whether the operation made the plugin's schema, known once it is there: then undoing the
    /// operation drops it.
    pub(crate) schema_is_new: Option<bool>,
    /// The trees of the new version, known once all of them wait in staging. A tree that is absent
    /// here has no place in the new version and is taken away by the swap.
    pub(crate) incoming: Option<Vec<Tree>>,
}

/// Writes or replaces the record of an operation.
pub(crate) fn write(staging: &Staging, record: &Record) -> Result<(), FileError> {
    let path = staging.journal();
    files::create_dir(&staging.dir(Tree::Backend))?;
    let text =
        serde_json::to_vec_pretty(record).map_err(std::io::Error::from).at("encode", &path)?;
    files::write_whole(&path, &text)
}

/// Removes the record, then everything else the operation left in staging.
///
/// In this order: a record beside half-removed trees would describe a state that never was.
pub(crate) fn close(staging: &Staging) -> Result<(), FileError> {
    files::remove_file(&staging.journal())?;
    for tree in Tree::ALL {
        files::remove_tree(&staging.dir(tree))?;
    }
    Ok(())
}

/// An operation found in staging that nobody is working on.
#[derive(Debug)]
pub(crate) struct Leftover {
    pub(crate) staging: Staging,
    pub(crate) record: Record,
}

/// Reads the records in staging; those that cannot be read come back as errors and are left where
/// they are, since guessing could lose files. Directories that hold no operation's name are not
/// ours: left alone.
pub(crate) fn leftovers(layout: &Layout) -> Result<(Vec<Leftover>, Vec<FileError>), FileError> {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for operation in operations(layout, Tree::Backend)? {
        let staging = layout.staging(operation);
        let path = staging.journal();
        if !files::exists(&path)? {
            continue;
        }
        match read(&path) {
            Ok(record) => found.push(Leftover { staging, record }),
            Err(error) => unreadable.push(error),
        }
    }
    Ok((found, unreadable))
}

fn read(path: &Path) -> Result<Record, FileError> {
    let text = std::fs::read(path).at("read", path)?;
    serde_json::from_slice(&text).map_err(std::io::Error::from).at("understand", path)
}

/// Removes staging directories that no record speaks of: downloads cut short, or trees whose
/// operation had ended. Only at start, when no operation is running.
pub(crate) fn sweep(layout: &Layout) -> Result<usize, FileError> {
    let mut swept = 0;
    for tree in Tree::ALL {
        for operation in operations(layout, tree)? {
            let staging = layout.staging(operation);
            if !files::exists(&staging.journal())? {
                files::remove_tree(&staging.dir(tree))?;
                swept += 1;
            }
        }
    }
    Ok(swept)
}

fn operations(layout: &Layout, tree: Tree) -> Result<Vec<Uuid>, FileError> {
    let names = files::list(&layout.staging_root(tree))?;
    Ok(names.iter().filter_map(|name| Uuid::parse_str(name).ok()).collect())
}
