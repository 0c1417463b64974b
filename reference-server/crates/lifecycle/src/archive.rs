//! Unpacking a tar.gz that somebody else made (decision L5).
//!
//! Every entry is judged by the policy before anything of it is written, and the first refusal ends
//! the archive: what was written so far is in staging and goes with it. Only plain files and
//! directories are ever created, so no path below the target can lead out of it. Modes, owners and
//! times are the host's, not the archive's.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use policy::archives::{ArchiveRefusal, EntryKind};
use policy::{ArchivePolicy, Limits};
use tar::EntryType;

use crate::files::{self, At, FileError};

/// What a tar stream may hold besides file contents, per entry: header, padding, a long name.
const OVERHEAD_PER_ENTRY: u64 = 4096;

/// Why an artifact is not used.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Not gzip, not tar, cut short, or failing its own checksum.
    #[error("it is no complete tar.gz archive: {0}")]
    Damaged(io::Error),
    /// An entry or the whole breaks a rule.
    #[error(transparent)]
    Refused(#[from] ArchiveRefusal),
    /// The bytes are not the ones that the catalog announced.
    #[error("its sha256 is {actual}, the catalog says {expected}")]
    Checksum {
        /// From the catalog, in lower case.
        expected: String,
        /// Of what was downloaded.
        actual: String,
    },
    /// What this kind of archive must hold is not in it.
    #[error("it holds no {0}")]
    Lacks(&'static str),
    /// Two migrations in different folders share a base name.
    #[error("it holds two files named '{0}'")]
    SameName(String),
    /// A migration that is not UTF-8.
    #[error("'{0}' is not UTF-8 text")]
    NotText(String),
    /// A file in it is larger than files of its kind may be.
    #[error("'{file}' has more than {limit} bytes")]
    FileTooLarge {
        /// The file.
        file: String,
        /// The limit.
        limit: u64,
    },
    /// The host could not write what it unpacked.
    #[error("it could not be unpacked")]
    File(#[from] FileError),
}

impl ArchiveError {
    /// A stable word for the reason, for clients that act on it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "damaged",
            Self::Refused(refusal) => refusal_reason(refusal),
            Self::Checksum { .. } => "checksum_mismatch",
            Self::Lacks(_) => "missing_content",
            Self::NotText(_) => "not_text",
            Self::SameName(_) => "duplicate",
            Self::FileTooLarge { .. } => "too_large",
            Self::File(_) => "internal",
        }
    }
}

fn refusal_reason(refusal: &ArchiveRefusal) -> &'static str {
    match refusal {
        ArchiveRefusal::PathNotText
        | ArchiveRefusal::EmptyPath
        | ArchiveRefusal::PathCharacter { .. }
        | ArchiveRefusal::PathTooLong { .. } => "bad_path",
        ArchiveRefusal::AbsolutePath { .. } => "absolute_path",
        ArchiveRefusal::ParentPath { .. } => "parent_path",
        ArchiveRefusal::Link { .. } => "link",
        ArchiveRefusal::Special { .. } => "special_file",
        ArchiveRefusal::Duplicate { .. } => "duplicate",
        ArchiveRefusal::TooManyEntries { .. } => "too_many_entries",
        ArchiveRefusal::FileTooLarge { .. } | ArchiveRefusal::TooLarge { .. } => "too_large",
    }
}

/// Unpacks `archive` into the directory `into`, which is made.
pub(crate) fn unpack(
    policy: &ArchivePolicy,
    limits: &Limits,
    archive: &Path,
    into: &Path,
) -> Result<(), ArchiveError> {
    let file = File::open(archive).at("open", archive)?;
    files::create_dir(into)?;
    // The stream as a whole is bounded too: headers and long names are no files, and count nowhere.
    let entries = limits.archive_entries as u64;
    let cap = limits.unpacked_bytes.saturating_add(entries.saturating_mul(OVERHEAD_PER_ENTRY));
    let mut stream = Capped { inner: MultiGzDecoder::new(io::BufReader::new(file)), left: cap };
    let result = unpack_entries(policy, limits, &mut stream, into);
    let overflowed = stream.left == 0;
    match result {
        Err(ArchiveError::Damaged(_)) if overflowed => {
            Err(ArchiveRefusal::TooLarge { limit: limits.unpacked_bytes }.into())
        }
        other => other,
    }
}

fn unpack_entries(
    policy: &ArchivePolicy,
    limits: &Limits,
    stream: &mut impl Read,
    into: &Path,
) -> Result<(), ArchiveError> {
    let mut check = policy.check(limits);
    let mut archive = tar::Archive::new(&mut *stream);
    for entry in archive.entries().map_err(ArchiveError::Damaged)? {
        let mut entry = entry.map_err(ArchiveError::Damaged)?;
        let kind = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => EntryKind::File,
            EntryType::Directory => EntryKind::Directory,
            EntryType::Link | EntryType::Symlink => EntryKind::Link,
            // Comments about the archive itself, as `git archive` writes them.
            EntryType::XGlobalHeader => continue,
            _ => EntryKind::Special,
        };
        let size = entry.size();
        let path = check.entry(&entry.path_bytes(), kind, size)?;
        let target = into.join(&path);
        match kind {
            EntryKind::File => write_file(&mut entry, size, &path, &target)?,
            _ => make_dir(&path, &target)?,
        }
    }
    // The library stops at the end mark; what follows still has to be a whole gzip stream, or an
    // archive cut short within its last block would pass.
    io::copy(stream, &mut io::sink()).map_err(ArchiveError::Damaged)?;
    Ok(())
}

fn write_file(
    entry: &mut impl Read,
    size: u64,
    path: &str,
    target: &Path,
) -> Result<(), ArchiveError> {
    if let Some(parent) = target.parent() {
        make_dir(path, parent)?;
    }
    // Never into a file that is there: the policy refuses duplicates, this refuses to overwrite.
    let mut file = File::create_new(target).map_err(|error| conflict(error, path, target))?;
    let mut buffer = vec![0; 64 * 1024];
    let mut written = 0;
    loop {
        let read = entry.read(&mut buffer).map_err(ArchiveError::Damaged)?;
        if read == 0 {
            break;
        }
        file.write_all(&buffer[..read]).at("write", target)?;
        written += read as u64;
    }
    if written == size {
        Ok(())
    } else {
        Err(ArchiveError::Damaged(io::ErrorKind::UnexpectedEof.into()))
    }
}

fn make_dir(path: &str, target: &Path) -> Result<(), ArchiveError> {
    std::fs::create_dir_all(target).map_err(|error| conflict(error, path, target))
}

/// A path that is a file in one entry and a directory in another is the archive's fault.
fn conflict(error: io::Error, path: &str, target: &Path) -> ArchiveError {
    match error.kind() {
        io::ErrorKind::AlreadyExists
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory => ArchiveRefusal::Duplicate { path: path.to_owned() }.into(),
        _ => FileError::new("write", target, error).into(),
    }
}

/// A reader that fails once more than a given number of bytes came out of it.
struct Capped<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("more bytes than allowed"));
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.inner.read(&mut buffer[..room])?;
        self.left -= read as u64;
        Ok(read)
    }
}
