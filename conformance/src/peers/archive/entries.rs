//! Single entries of a tar archive, written byte for byte: the library itself refuses hostile ones.

use std::io::{self, Read as _};

use tar::{Builder, EntryType, Header};

use super::Shape;
use crate::target::Limits;

/// What a shape adds to the plugin's own files.
pub(super) fn peculiar(
    tar: &mut Builder<impl io::Write>,
    files: &[(String, Vec<u8>)],
    shape: Shape,
    limits: &Limits,
) -> io::Result<()> {
    let first = files.first();
    match shape {
        Shape::Symlink => link(tar, EntryType::Symlink),
        Shape::Hardlink => link(tar, EntryType::Link),
        Shape::Device => device(tar),
        Shape::Fifo => tar.append(&header(b"pipe", EntryType::Fifo, 0)?, io::empty()),
        Shape::DotDot => file(tar, b"../../hostproof-escaped.txt", b"out\n"),
        Shape::DotDotInside => file(tar, b"inner/../hostproof-inside.txt", b"in\n"),
        Shape::Absolute => file(tar, b"/tmp/hostproof-escaped.txt", b"out\n"),
        Shape::Backslash => file(tar, b"..\\..\\hostproof-escaped.txt", b"out\n"),
        Shape::BackslashInside => file(tar, b"inner\\hostproof-inside.txt", b"in\n"),
        Shape::NotUtf8 => file(tar, b"caf\xe9.txt", b"Latin-1\n"),
        Shape::Duplicate => match first {
            Some((name, bytes)) => file(tar, name.as_bytes(), bytes),
            None => Ok(()),
        },
        Shape::FileAsFolder => {
            file(tar, b"extra", b"a file\n")?;
            file(tar, b"extra/inner.txt", b"in a file\n")
        }
        Shape::FolderAsFile => {
            file(tar, b"extra/inner.txt", b"in a folder\n")?;
            file(tar, b"extra", b"in place of the folder\n")
        }
        Shape::TooMany => (0..=limits.archive_entries)
            .try_for_each(|index| file(tar, format!("many/{index}.txt").as_bytes(), b"")),
        Shape::Oversize => oversize(tar, limits.unpacked_bytes),
        Shape::NotText => file(tar, b"0000_text.sql", b"-- caf\xe9\nSELECT 1;\n"),
        Shape::SameName => match first {
            Some((name, _)) => file(tar, format!("other/{name}").as_bytes(), b"SELECT 1;\n"),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// A header whose name is written byte for byte.
fn header(name: &[u8], kind: EntryType, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    let field = header.as_ustar_mut().ok_or(io::ErrorKind::InvalidData)?;
    field.name.get_mut(..name.len()).ok_or(io::ErrorKind::InvalidFilename)?.copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_cksum();
    Ok(header)
}

/// A regular file.
pub(super) fn file(tar: &mut Builder<impl io::Write>, name: &[u8], bytes: &[u8]) -> io::Result<()> {
    append(tar, name, EntryType::Regular, bytes)
}

fn append(
    tar: &mut Builder<impl io::Write>,
    name: &[u8],
    kind: EntryType,
    bytes: &[u8],
) -> io::Result<()> {
    let size = u64::try_from(bytes.len()).map_err(io::Error::other)?;
    tar.append(&header(name, kind, size)?, bytes)
}

/// A file whose name does not fit into its header: the name comes before it, in an entry of its own.
pub(super) fn long_name(
    tar: &mut Builder<impl io::Write>,
    name: &str,
    bytes: &[u8],
) -> io::Result<()> {
    let whole = [name.as_bytes(), b"\0"].concat();
    append(tar, b"././@LongLink", EntryType::GNULongName, &whole)?;
    let fits = name.len().min(99);
    append(tar, &name.as_bytes()[..fits], EntryType::Regular, bytes)
}

/// A comment: about the archive, or about the entry that follows.
pub(super) fn comment(
    tar: &mut Builder<impl io::Write>,
    kind: EntryType,
    key: &str,
    value: &str,
) -> io::Result<()> {
    // The record begins with its own length in decimal digits, those included.
    let rest = format!(" {key}={value}\n");
    let length = (1..4).map(|digits| digits + rest.len());
    let length = length.clone().find(|length| length.to_string().len() + rest.len() == *length);
    let record = format!("{}{rest}", length.ok_or(io::ErrorKind::InvalidData)?);
    append(tar, b"pax_header", kind, record.as_bytes())
}

fn link(tar: &mut Builder<impl io::Write>, kind: EntryType) -> io::Result<()> {
    let mut header = header(b"link.txt", kind, 0)?;
    header.set_link_name("../../hostproof-target.txt")?;
    header.set_cksum();
    tar.append(&header, io::empty())
}

fn device(tar: &mut Builder<impl io::Write>) -> io::Result<()> {
    let mut header = header(b"null", EntryType::Char, 0)?;
    header.set_device_major(1)?;
    header.set_device_minor(3)?;
    header.set_cksum();
    tar.append(&header, io::empty())
}

/// Zeros, which pack to a thousandth, in files none of which is large by itself.
fn oversize(tar: &mut Builder<impl io::Write>, limit: u64) -> io::Result<()> {
    const PIECE: u64 = 8 * 1024 * 1024;
    for index in 0..=limit / PIECE {
        let name = format!("zeros/{index}.bin");
        let header = header(name.as_bytes(), EntryType::Regular, PIECE)?;
        tar.append(&header, io::repeat(0).take(PIECE))?;
    }
    Ok(())
}
