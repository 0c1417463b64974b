//! Plugin archives, built on the fly: ordinary ones, odd ones, and those a host must refuse.

mod entries;
mod packed;
mod padding;

use std::io;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tar::{Builder, EntryType};

use crate::case::words;
use crate::target::Limits;

pub use packed::Packed;
pub use padding::{Padding, padded};

words! {
    /// The archives of a plugin.
    Artifact, "artifact" {
        /// `plugin.json`.
        Manifest = "manifest",
        /// `backend.wasm`.
        Backend = "backend",
        /// The files of the web frontend.
        Frontend = "frontend",
        /// The files for MCP servers.
        Mcp = "mcp",
        /// The SQL files.
        Migrations = "migrations",
    }
}

words! {
    /// What is peculiar about an archive: its bytes, its entries, or the way it is served.
    Shape, "archive shape" {
        /// The gzip stream ends half-way.
        Truncated = "truncated",
        /// The gzip stream lacks its last bytes, a part of the checksum.
        TruncatedEnd = "truncated_end",
        /// Text instead of a gzip stream.
        NotGzip = "not_gzip",
        /// Not one byte.
        NoBytes = "no_bytes",
        /// Text after the gzip stream.
        TrailingGarbage = "trailing_garbage",

        /// No entries.
        Empty = "empty",
        /// A symbolic link out of the folder.
        Symlink = "symlink",
        /// A hard link out of the folder.
        Hardlink = "hardlink",
        /// A character device.
        Device = "device",
        /// A named pipe.
        Fifo = "fifo",
        /// A name with `..` that leads out of the folder.
        DotDot = "dotdot",
        /// A name with `..` that leads to a place inside.
        DotDotInside = "dotdot_inside",
        /// A name that begins with `/`.
        Absolute = "absolute",
        /// A name with `\`, a separator elsewhere, that leads out of the folder where it is one.
        Backslash = "backslash",
        /// A name with `\` that would lead to a place inside.
        BackslashInside = "backslash_inside",
        /// A name that is not UTF-8.
        NotUtf8 = "not_utf8",
        /// Two entries of one name.
        Duplicate = "duplicate",
        /// A file, and another file in it.
        FileAsFolder = "file_as_folder",
        /// A file in a folder, and a file in place of the folder.
        FolderAsFile = "folder_as_file",
        /// More entries than the limit.
        TooMany = "too_many",
        /// More bytes unpacked than the limit, and few packed.
        Oversize = "oversize",
        /// No `plugin.json` in it.
        NoManifest = "no_manifest",
        /// A `plugin.json` that is not JSON.
        GarbageManifest = "garbage_manifest",
        /// A `backend.wasm` that is no module.
        GarbageWasm = "garbage_wasm",
        /// An SQL file besides that is no text.
        NotText = "not_text",
        /// Its first file again in another folder, with another content.
        SameName = "same_name",

        /// Files `._*` beside the real ones, as macOS writes them.
        AppleDouble = "apple_double",
        /// All files in a folder in a folder, others besides.
        Nested = "nested",
        /// A comment about the whole and one about every file, as `git archive` writes them.
        GitArchive = "git_archive",
        /// All files below a name that is too long for an ordinary entry.
        LongNames = "long_names",

        /// A right archive, whose checksum in the catalog is another's.
        WrongChecksum = "wrong_checksum",
        /// The URL answers 404.
        Missing = "missing",
        /// The archive with status 500.
        Error = "error",
        /// The connection ends half-way.
        Dropped = "dropped",
        /// Half of it, and then nothing more.
        Slow = "slow",
        /// The whole, once the step `release` was taken.
        Held = "held",
        /// A redirect to where it is.
        Moved = "moved",
        /// A redirect to itself, for ever.
        Redirect = "redirect",
        /// A redirect to an address of a scheme that nobody fetches an archive by.
        OtherScheme = "other_scheme",
        /// A right archive with 64 KiB in it that unpack to nothing.
        Padded = "padded",
        /// The same with so many of them that it is longer than the limit, which it announces.
        OverCap = "over_cap",
        /// The same, and its length is not announced.
        OverCapUnannounced = "over_cap_unannounced",
    }
}

/// Which archive is peculiar, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// The archive.
    pub artifact: Artifact,
    /// What is peculiar.
    pub shape: Shape,
}

impl Damage {
    /// Parses `"shape"` or `{ artifact, shape }`.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let (shape, artifact) = match value {
            Value::String(shape) => (shape.as_str(), None),
            Value::Object(members) => {
                if let Some(key) = members.keys().find(|k| *k != "artifact" && *k != "shape") {
                    return Err(format!("archive: unknown field `{key}`; known: artifact, shape"));
                }
                let text = |name| members.get(name).and_then(Value::as_str);
                (text("shape").ok_or("archive: `shape` is missing")?, text("artifact"))
            }
            other => return Err(format!("archive: a shape or {{ artifact, shape }}, not {other}")),
        };
        let shape: Shape = shape.parse()?;
        let default = match shape {
            Shape::NoManifest | Shape::GarbageManifest => Artifact::Manifest,
            Shape::NotText | Shape::SameName => Artifact::Migrations,
            _ => Artifact::Backend,
        };
        let artifact = artifact.map_or(Ok(default), str::parse)?;
        Ok(Self { artifact, shape })
    }
}

/// Builds the `tar.gz` of `files`, peculiar if `shape` says so; what passes a limit passes that of
/// `limits`.
pub fn build(
    files: &[(String, Vec<u8>)],
    shape: Option<Shape>,
    limits: &Limits,
) -> io::Result<Vec<u8>> {
    match shape {
        Some(Shape::NotGzip) => return Ok(b"this is no archive\n".repeat(64)),
        Some(Shape::NoBytes) => return Ok(Vec::new()),
        _ => {}
    }
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    if shape == Some(Shape::GitArchive) {
        entries::comment(&mut tar, EntryType::XGlobalHeader, "comment", "0123456789abcdef")?;
    }
    for (name, bytes) in files {
        ordinary(&mut tar, name, bytes, shape)?;
    }
    if let Some(shape) = shape {
        entries::peculiar(&mut tar, files, shape, limits)?;
    }
    let mut bytes = tar.into_inner()?.finish()?;
    match shape {
        Some(Shape::Truncated) => bytes.truncate(bytes.len() / 2),
        Some(Shape::TruncatedEnd) => bytes.truncate(bytes.len() - 6),
        Some(Shape::TrailingGarbage) => bytes.extend_from_slice(b"and this is no part of it\n"),
        _ => {}
    }
    Ok(bytes)
}

/// One of the plugin's own files, as the shape has it.
fn ordinary(
    tar: &mut Builder<impl io::Write>,
    name: &str,
    bytes: &[u8],
    shape: Option<Shape>,
) -> io::Result<()> {
    let base = name.rsplit('/').next().unwrap_or(name);
    match shape {
        Some(Shape::Empty) => Ok(()),
        Some(Shape::NoManifest) => entries::file(tar, b"readme.txt", b"no manifest here\n"),
        Some(Shape::GarbageManifest) => entries::file(tar, name.as_bytes(), b"{\"id\": \"com."),
        Some(Shape::GarbageWasm) => {
            entries::file(tar, name.as_bytes(), b"\0asm\x01\0\0\0this is no module")
        }
        Some(Shape::AppleDouble) => {
            entries::file(
                tar,
                format!("._{base}").as_bytes(),
                b"\0\x05\x16\x07\0\x02\0\0Mac OS X",
            )?;
            entries::file(tar, name.as_bytes(), bytes)
        }
        Some(Shape::Nested) => {
            entries::file(tar, b"package/readme.md", b"Nobody's file.\n")?;
            entries::file(tar, format!("package/inner/{name}").as_bytes(), bytes)
        }
        Some(Shape::GitArchive) => {
            entries::comment(tar, EntryType::XHeader, "mtime", "1700000000.5")?;
            entries::file(tar, name.as_bytes(), bytes)
        }
        Some(Shape::LongNames) => entries::long_name(tar, &format!("{:a<120}/{name}", ""), bytes),
        _ => entries::file(tar, name.as_bytes(), bytes),
    }
}
