//! Archives: the right ones unpack, the hostile ones are what they claim to be.

use std::io::Read as _;

use flate2::read::GzDecoder;
use hostproof::peers::archive::{Artifact, Damage, Shape, build};
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
    let bytes = build(&files(), None).unwrap();
    Archive::new(GzDecoder::new(&*bytes)).unpack(folder.path()).unwrap();
    assert_eq!(std::fs::read(folder.path().join("plugin.json")).unwrap(), b"{}");
}

#[test]
fn hostile_archives_hold_what_they_are_named_for() {
    let of = |shape| entries(&build(&files(), Some(shape)).unwrap()).unwrap();
    assert_eq!(of(Shape::Symlink)[1].kind, EntryType::Symlink);
    assert_eq!(of(Shape::Hardlink)[1].kind, EntryType::Link);
    assert_eq!(of(Shape::Device)[1].kind, EntryType::Char);
    assert!(of(Shape::DotDot)[1].name.starts_with("../"));
    assert!(of(Shape::Absolute)[1].name.starts_with('/'));
    assert_eq!(of(Shape::Duplicate).iter().filter(|e| e.name == "plugin.json").count(), 2);
    assert!(of(Shape::TooMany).len() > 10_000);
    assert!(!of(Shape::NoManifest).iter().any(|e| e.name == "plugin.json"));
}

#[test]
fn an_oversize_archive_is_small_when_packed() {
    let bytes = build(&files(), Some(Shape::Oversize)).unwrap();
    assert!(bytes.len() < 2 * 1024 * 1024, "{}", bytes.len());
    let total: u64 = entries(&bytes).unwrap().iter().map(|entry| entry.size).sum();
    assert!(total > 100 * 1024 * 1024);
}

#[test]
fn damaged_archives_do_not_unpack() {
    for shape in [Shape::Truncated, Shape::NotGzip] {
        let bytes = build(&files(), Some(shape)).unwrap();
        let mut whole = Vec::new();
        assert!(GzDecoder::new(&*bytes).read_to_end(&mut whole).is_err(), "{shape}");
    }
}

#[test]
fn damage_is_written_as_a_shape_or_with_an_artifact() {
    let of = |value| Damage::parse(&value);
    assert_eq!(of(json!("symlink")).unwrap().artifact, Artifact::Backend);
    assert_eq!(of(json!("no_manifest")).unwrap().artifact, Artifact::Manifest);
    let damage = of(json!({ "artifact": "migrations", "shape": "truncated" })).unwrap();
    assert_eq!((damage.artifact, damage.shape), (Artifact::Migrations, Shape::Truncated));
    assert!(
        of(json!({ "shape": "truncated", "artefact": "x" })).unwrap_err().contains("unknown field")
    );
}
