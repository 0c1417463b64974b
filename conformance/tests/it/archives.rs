//! Archives: the right ones unpack, the hostile ones are what they claim to be.

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::GzDecoder;
use hostproof::peers::archive::{Artifact, Damage, Padding, Shape, build, padded};
use hostproof::target::Limits;
use serde_json::json;
use tar::{Archive, EntryType};

fn files() -> Vec<(String, Vec<u8>)> {
    vec![("plugin.json".to_owned(), b"{}".to_vec())]
}

struct Entry {
    name: String,
    kind: EntryType,
    size: u64,
}

fn entries(bytes: &[u8]) -> std::io::Result<Vec<Entry>> {
    let mut archive = Archive::new(GzDecoder::new(bytes));
    let mut entries = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let (kind, size) = (entry.header().entry_type(), entry.size());
        std::io::copy(&mut entry, &mut std::io::sink())?;
        entries.push(Entry { name, kind, size });
    }
    Ok(entries)
}

#[test]
fn an_ordinary_archive_unpacks() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = build(&files(), None, &Limits::default()).unwrap();
    Archive::new(GzDecoder::new(&*bytes)).unpack(folder.path()).unwrap();
    assert_eq!(std::fs::read(folder.path().join("plugin.json")).unwrap(), b"{}");
}

#[test]
fn hostile_archives_hold_what_they_are_named_for() {
    let of = |shape| entries(&build(&files(), Some(shape), &Limits::default()).unwrap()).unwrap();
    assert_eq!(of(Shape::Symlink)[1].kind, EntryType::Symlink);
    assert_eq!(of(Shape::Hardlink)[1].kind, EntryType::Link);
    assert_eq!(of(Shape::Device)[1].kind, EntryType::Char);
    assert!(of(Shape::DotDot)[1].name.starts_with("../"));
    assert!(of(Shape::Absolute)[1].name.starts_with('/'));
    assert_eq!(of(Shape::Duplicate).iter().filter(|e| e.name == "plugin.json").count(), 2);
    assert!(of(Shape::TooMany).len() > 10_000);
    assert!(!of(Shape::NoManifest).iter().any(|e| e.name == "plugin.json"));
    assert_eq!(of(Shape::Fifo)[1].kind, EntryType::Fifo);
    assert_eq!(of(Shape::DotDotInside)[1].name, "inner/../hostproof-inside.txt");
    assert!(of(Shape::Backslash)[1].name.contains('\\'));
    assert!(of(Shape::NotUtf8)[1].name.contains('\u{fffd}'));
    let names = |shape| of(shape).into_iter().map(|entry| entry.name).collect::<Vec<_>>();
    assert_eq!(names(Shape::FileAsFolder)[1..], ["extra", "extra/inner.txt"]);
    assert_eq!(names(Shape::FolderAsFile)[1..], ["extra/inner.txt", "extra"]);
    assert_eq!(names(Shape::SameName), ["plugin.json", "other/plugin.json"]);
    assert!(of(Shape::Empty).is_empty());
}

#[test]
fn odd_archives_hold_the_files_all_the_same() {
    for (shape, name) in [
        (Shape::AppleDouble, "plugin.json".to_owned()),
        (Shape::Nested, "package/inner/plugin.json".to_owned()),
        (Shape::GitArchive, "plugin.json".to_owned()),
        (Shape::LongNames, format!("{}/plugin.json", "a".repeat(120))),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let bytes = build(&files(), Some(shape), &Limits::default()).unwrap();
        Archive::new(GzDecoder::new(&*bytes)).unpack(folder.path()).unwrap();
        assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), b"{}", "{shape}");
    }
}

#[test]
fn what_passes_a_limit_passes_that_of_the_target() {
    let limits = Limits { archive_entries: 3, unpacked_bytes: 1 << 20, ..Limits::default() };
    let of = |shape| entries(&build(&files(), Some(shape), &limits).unwrap()).unwrap();
    assert_eq!(of(Shape::TooMany).len(), 1 + 4);
    assert!(of(Shape::Oversize).iter().map(|entry| entry.size).sum::<u64>() > 1 << 20);
    let limits = Limits { artifact_bytes: 200_000, ..limits };
    assert_eq!(
        Padding::of(Shape::OverCap, &limits),
        Some(Padding { length: 200_001, announced: true })
    );
    assert_eq!(Padding::of(Shape::Symlink, &limits), None);
}

#[test]
fn a_padded_archive_is_long_and_unpacks_to_the_same() {
    let archive = Bytes::from(build(&files(), None, &Limits::default()).unwrap());
    let (length, pieces) = padded(&archive, 200_001);
    let whole: Vec<u8> = pieces.flatten().collect();
    assert!(length >= 200_001);
    assert_eq!(whole.len() as u64, length);
    let (mut short, mut long) = (Vec::new(), Vec::new());
    GzDecoder::new(&*archive).read_to_end(&mut short).unwrap();
    GzDecoder::new(&*whole).read_to_end(&mut long).unwrap();
    assert!(!short.is_empty());
    assert_eq!(short, long);
}

#[test]
fn an_oversize_archive_is_small_when_packed() {
    let bytes = build(&files(), Some(Shape::Oversize), &Limits::default()).unwrap();
    assert!(bytes.len() < 2 * 1024 * 1024, "{}", bytes.len());
    let total: u64 = entries(&bytes).unwrap().iter().map(|entry| entry.size).sum();
    assert!(total > 100 * 1024 * 1024);
}

#[test]
fn damaged_archives_do_not_unpack() {
    for shape in [Shape::Truncated, Shape::TruncatedEnd, Shape::NotGzip, Shape::NoBytes] {
        let bytes = build(&files(), Some(shape), &Limits::default()).unwrap();
        let mut whole = Vec::new();
        assert!(GzDecoder::new(&*bytes).read_to_end(&mut whole).is_err(), "{shape}");
    }
}

#[test]
fn damage_is_written_as_a_shape_or_with_an_artifact() {
    let of = |value| Damage::parse(&value);
    assert_eq!(of(json!("symlink")).unwrap().artifact, Artifact::Backend);
    assert_eq!(of(json!("no_manifest")).unwrap().artifact, Artifact::Manifest);
    assert_eq!(of(json!("same_name")).unwrap().artifact, Artifact::Migrations);
    let damage = of(json!({ "artifact": "migrations", "shape": "truncated" })).unwrap();
    assert_eq!((damage.artifact, damage.shape), (Artifact::Migrations, Shape::Truncated));
    assert!(
        of(json!({ "shape": "truncated", "artefact": "x" })).unwrap_err().contains("unknown field")
    );
}
