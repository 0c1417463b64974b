//! Which archives are unpacked (decision L5).
//!
//! Checks are functions of what an archive says about an entry; whoever reads the archive calls
//! them before it writes anything, and counts what it actually writes as well, since an archive
//! may lie about sizes.

use std::collections::HashSet;

use crate::Limits;

/// What an archive says about one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic or hard link.
    Link,
    /// A device, pipe, or anything else.
    Special,
}

/// Archive decisions.
#[derive(Clone, Debug)]
pub struct ArchivePolicy {
    /// Turns an entry's path into a safe relative one (`a/b`, forward slashes, no `.` parts), or
    /// refuses it. The root itself comes out empty.
    pub path: fn(raw: &[u8], limits: &Limits) -> Result<String, ArchiveRefusal>,
    /// Whether entries of this kind are unpacked.
    pub kind: fn(EntryKind) -> Result<(), ArchiveRefusal>,
    /// Whether an archive may hold the same path twice.
    pub allow_duplicates: bool,
}

impl Default for ArchivePolicy {
    fn default() -> Self {
        Self { path: safe_path, kind: plain_kind, allow_duplicates: false }
    }
}

impl ArchivePolicy {
    /// Begins the check of one archive.
    pub fn check<'p>(&'p self, limits: &'p Limits) -> ArchiveCheck<'p> {
        ArchiveCheck { policy: self, limits, entries: 0, bytes: 0, paths: HashSet::new() }
    }
}

/// The running check of one archive: counts entries and bytes, remembers paths.
#[derive(Clone, Debug)]
pub struct ArchiveCheck<'p> {
    policy: &'p ArchivePolicy,
    limits: &'p Limits,
    entries: usize,
    bytes: u64,
    paths: HashSet<String>,
}

impl ArchiveCheck<'_> {
    /// Judges the next entry by its header. `Ok` holds the path to write to, relative and safe;
    /// empty for the archive's root directory, which needs no writing.
    pub fn entry(
        &mut self,
        raw_path: &[u8],
        kind: EntryKind,
        size: u64,
    ) -> Result<String, ArchiveRefusal> {
        self.entries += 1;
        if self.entries > self.limits.archive_entries {
            return Err(ArchiveRefusal::TooManyEntries { limit: self.limits.archive_entries });
        }
        let path = (self.policy.path)(raw_path, self.limits)?;
        (self.policy.kind)(kind).map_err(|refusal| refusal.about(&path))?;
        if kind != EntryKind::Directory {
            if path.is_empty() {
                return Err(ArchiveRefusal::EmptyPath);
            }
            // Case-insensitive file systems see `A` and `a` as one file.
            if !self.paths.insert(path.to_lowercase()) && !self.policy.allow_duplicates {
                return Err(ArchiveRefusal::Duplicate { path });
            }
            self.size(&path, size)?;
        }
        Ok(path)
    }

    fn size(&mut self, path: &str, size: u64) -> Result<(), ArchiveRefusal> {
        if size > self.limits.unpacked_file_bytes {
            return Err(ArchiveRefusal::FileTooLarge {
                path: path.to_owned(),
                limit: self.limits.unpacked_file_bytes,
            });
        }
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > self.limits.unpacked_bytes {
            return Err(ArchiveRefusal::TooLarge { limit: self.limits.unpacked_bytes });
        }
        Ok(())
    }
}

/// Why an archive is refused, whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveRefusal {
    /// A path that is not UTF-8.
    #[error("an entry's path is not UTF-8")]
    PathNotText,
    /// A file without a name.
    #[error("an entry has an empty path")]
    EmptyPath,
    /// `/etc/passwd`, `C:\x`, `\\server\x`.
    #[error("the path '{path}' is absolute")]
    AbsolutePath {
        /// As in the archive.
        path: String,
    },
    /// A `..` part, even one that would stay inside.
    #[error("the path '{path}' has a '..' part")]
    ParentPath {
        /// As in the archive.
        path: String,
    },
    /// A backslash or a control character: harmless here, a separator or worse elsewhere.
    #[error("the path {path:?} holds a character no path may hold")]
    PathCharacter {
        /// As in the archive.
        path: String,
    },
    /// Longer than the limit.
    #[error("a path has more than {limit} bytes")]
    PathTooLong {
        /// The limit.
        limit: usize,
    },
    /// A symbolic or hard link.
    #[error("'{path}' is a link")]
    Link {
        /// The entry.
        path: String,
    },
    /// A device, pipe, or anything that is neither file nor directory.
    #[error("'{path}' is neither a file nor a directory")]
    Special {
        /// The entry.
        path: String,
    },
    /// The same path twice, regardless of case.
    #[error("the path '{path}' occurs twice")]
    Duplicate {
        /// The entry.
        path: String,
    },
    /// More entries than the limit.
    #[error("the archive has more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: usize,
    },
    /// One file above the limit.
    #[error("'{path}' has more than {limit} bytes")]
    FileTooLarge {
        /// The entry.
        path: String,
        /// The limit.
        limit: u64,
    },
    /// All files together above the limit.
    #[error("the archive unpacks to more than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
}

impl ArchiveRefusal {
    /// Puts the entry's path into a refusal of its kind.
    fn about(self, entry: &str) -> Self {
        match self {
            Self::Link { .. } => Self::Link { path: entry.to_owned() },
            Self::Special { .. } => Self::Special { path: entry.to_owned() },
            other => other,
        }
    }
}

fn plain_kind(kind: EntryKind) -> Result<(), ArchiveRefusal> {
    match kind {
        EntryKind::File | EntryKind::Directory => Ok(()),
        EntryKind::Link => Err(ArchiveRefusal::Link { path: String::new() }),
        EntryKind::Special => Err(ArchiveRefusal::Special { path: String::new() }),
    }
}

fn safe_path(raw: &[u8], limits: &Limits) -> Result<String, ArchiveRefusal> {
    let text = std::str::from_utf8(raw).map_err(|_| ArchiveRefusal::PathNotText)?;
    if text.len() > limits.archive_path_bytes {
        return Err(ArchiveRefusal::PathTooLong { limit: limits.archive_path_bytes });
    }
    let path = || text.to_owned();
    let drive = text.as_bytes().get(1) == Some(&b':') && text.as_bytes()[0].is_ascii_alphabetic();
    if text.starts_with('/') || text.starts_with('\\') || drive {
        return Err(ArchiveRefusal::AbsolutePath { path: path() });
    }
    if text.chars().any(|c| c == '\\' || c.is_control()) {
        return Err(ArchiveRefusal::PathCharacter { path: path() });
    }
    let mut parts = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(ArchiveRefusal::ParentPath { path: path() }),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}
