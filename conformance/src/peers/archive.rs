//! Plugin archives, built on the fly: ordinary ones, and those a host must refuse.

use std::io::{self, Read as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tar::{Builder, EntryType, Header};

use crate::case::words;

words! {
    /// The archives of a plugin.
    Artifact, "artifact" {
        /// `plugin.json`.
        Manifest = "manifest",
        /// `backend.wasm`.
        Backend = "backend",
        /// The SQL files.
        Migrations = "migrations",
    }
}

words! {
    /// What is wrong with an archive.
    Shape, "archive shape" {
        /// The gzip stream ends half-way.
        Truncated = "truncated",
        /// Text instead of a gzip stream.
        NotGzip = "not_gzip",
        /// A symbolic link out of the folder.
        Symlink = "symlink",
        /// A hard link out of the folder.
        Hardlink = "hardlink",
        /// A character device.
        Device = "device",
        /// A name with `..`.
        DotDot = "dotdot",
        /// A name that begins with `/`.
        Absolute = "absolute",
        /// Two entries of one name.
        Duplicate = "duplicate",
        /// More than 10 000 entries.
        TooMany = "too_many",
        /// More than 100 MiB unpacked, and small packed.
        Oversize = "oversize",
        /// A right archive, whose checksum in the catalog is another's.
        WrongChecksum = "wrong_checksum",
        /// The URL answers 404.
        Missing = "missing",
        /// The connection ends half-way.
        Dropped = "dropped",
        /// No `plugin.json` in it.
        NoManifest = "no_manifest",
        /// A `plugin.json` that is not JSON.
        GarbageManifest = "garbage_manifest",
        /// A `backend.wasm` that is no module.
        GarbageWasm = "garbage_wasm",
    }
}

/// Which archive is damaged, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damage {
    /// The archive.
    pub artifact: Artifact,
    /// The damage.
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
            _ => Artifact::Backend,
        };
        let artifact = artifact.map_or(Ok(default), str::parse)?;
        Ok(Self { artifact, shape })
    }
}

/// Builds the `tar.gz` of `files`, damaged if `shape` says so.
pub fn build(files: &[(String, Vec<u8>)], shape: Option<Shape>) -> io::Result<Vec<u8>> {
    if shape == Some(Shape::NotGzip) {
        return Ok(b"this is no archive\n".repeat(64));
    }
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in files {
        match shape {
            Some(Shape::NoManifest) => file(&mut tar, "readme.txt", b"no manifest here\n")?,
            Some(Shape::GarbageManifest) => file(&mut tar, name, b"{\"id\": \"com.")?,
            Some(Shape::GarbageWasm) => file(&mut tar, name, b"\0asm\x01\0\0\0this is no module")?,
            _ => file(&mut tar, name, bytes)?,
        }
    }
    match shape {
        Some(Shape::Symlink) => link(&mut tar, EntryType::Symlink)?,
        Some(Shape::Hardlink) => link(&mut tar, EntryType::Link)?,
        Some(Shape::Device) => device(&mut tar)?,
        Some(Shape::DotDot) => file(&mut tar, "../../hostproof-escaped.txt", b"out\n")?,
        Some(Shape::Absolute) => file(&mut tar, "/tmp/hostproof-escaped.txt", b"out\n")?,
        Some(Shape::Duplicate) => {
            if let Some((name, bytes)) = files.first() {
                file(&mut tar, name, bytes)?;
            }
        }
        Some(Shape::TooMany) => {
            for index in 0..=10_000 {
                file(&mut tar, &format!("many/{index}.txt"), b"")?;
            }
        }
        Some(Shape::Oversize) => oversize(&mut tar)?,
        _ => {}
    }
    let mut bytes = tar.into_inner()?.finish()?;
    if shape == Some(Shape::Truncated) {
        bytes.truncate(bytes.len() / 2);
    }
    Ok(bytes)
}

/// A header whose name is written byte for byte; `tar` itself would refuse the hostile ones.
fn header(name: &str, kind: EntryType, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    let field = header.as_ustar_mut().ok_or(io::ErrorKind::InvalidData)?;
    let bytes = name.as_bytes();
    field.name.get_mut(..bytes.len()).ok_or(io::ErrorKind::InvalidFilename)?.copy_from_slice(bytes);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_cksum();
    Ok(header)
}

fn file(tar: &mut Builder<impl io::Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let size = u64::try_from(bytes.len()).map_err(io::Error::other)?;
    tar.append(&header(name, EntryType::Regular, size)?, bytes)
}

fn link(tar: &mut Builder<impl io::Write>, kind: EntryType) -> io::Result<()> {
    let mut header = header("link.txt", kind, 0)?;
    header.set_link_name("../../hostproof-target.txt")?;
    header.set_cksum();
    tar.append(&header, io::empty())
}

fn device(tar: &mut Builder<impl io::Write>) -> io::Result<()> {
    let mut header = header("null", EntryType::Char, 0)?;
    header.set_device_major(1)?;
    header.set_device_minor(3)?;
    header.set_cksum();
    tar.append(&header, io::empty())
}

/// 101 MiB of zeros, which pack to a thousandth.
fn oversize(tar: &mut Builder<impl io::Write>) -> io::Result<()> {
    const SIZE: u64 = 101 * 1024 * 1024;
    tar.append(&header("zeros.bin", EntryType::Regular, SIZE)?, io::repeat(0).take(SIZE))
}
