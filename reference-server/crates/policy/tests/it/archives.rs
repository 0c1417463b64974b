//! Archive entries.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use policy::archives::{ArchiveRefusal, EntryKind};
use policy::{ArchivePolicy, Limits};
use proptest::prelude::*;

fn entry(path: &[u8], kind: EntryKind) -> Result<String, ArchiveRefusal> {
    ArchivePolicy::default().check(&Limits::default()).entry(path, kind, 1)
}

#[test]
fn ordinary_paths_come_out_plain() {
    for (path, plain) in [
        ("plugin.json", "plugin.json"),
        ("./a/b.sql", "a/b.sql"),
        ("a//b", "a/b"),
        ("..x/...", "..x/..."),
        ("a b/ä.js", "a b/ä.js"),
    ] {
        assert_eq!(entry(path.as_bytes(), EntryKind::File).as_deref(), Ok(plain));
    }
    for root in ["./", ".", ""] {
        assert_eq!(entry(root.as_bytes(), EntryKind::Directory).as_deref(), Ok(""));
        assert_eq!(entry(root.as_bytes(), EntryKind::File), Err(ArchiveRefusal::EmptyPath));
    }
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    let refused = |path: &str| entry(path.as_bytes(), EntryKind::File).unwrap_err();
    for path in ["/etc/passwd", "//a", "\\a", "C:/a", "c:a"] {
        assert_eq!(refused(path), ArchiveRefusal::AbsolutePath { path: path.into() });
    }
    for path in ["..", "../a", "a/../b", "a/..", "./../a"] {
        assert_eq!(refused(path), ArchiveRefusal::ParentPath { path: path.into() });
    }
    for path in ["a\\..\\b", "a\nb", "a\0b"] {
        assert_eq!(refused(path), ArchiveRefusal::PathCharacter { path: path.into() });
    }
    assert_eq!(entry(&[0xff], EntryKind::File), Err(ArchiveRefusal::PathNotText));
    let limit = Limits::default().archive_path_bytes;
    assert_eq!(refused(&"a".repeat(limit + 1)), ArchiveRefusal::PathTooLong { limit });
}

#[test]
fn only_files_and_directories_are_unpacked() {
    let path = || "a/b".to_owned();
    assert_eq!(entry(b"a/b", EntryKind::Link), Err(ArchiveRefusal::Link { path: path() }));
    assert_eq!(entry(b"a/b", EntryKind::Special), Err(ArchiveRefusal::Special { path: path() }));
    assert!(entry(b"a/b", EntryKind::Directory).is_ok());
}

#[test]
fn a_path_occurs_once() {
    let (policy, limits) = (ArchivePolicy::default(), Limits::default());
    let mut check = policy.check(&limits);
    check.entry(b"a/B", EntryKind::File, 1).unwrap();
    check.entry(b"a", EntryKind::Directory, 0).unwrap();
    check.entry(b"a", EntryKind::Directory, 0).unwrap();
    for again in ["a/B", "./a//B", "A/b"] {
        let refusal = check.entry(again.as_bytes(), EntryKind::File, 1).unwrap_err();
        assert!(matches!(refusal, ArchiveRefusal::Duplicate { .. }), "{again}: {refusal}");
    }
}

#[test]
fn entries_and_bytes_are_counted() {
    let limits = Limits {
        archive_entries: 3,
        unpacked_bytes: 10,
        unpacked_file_bytes: 6,
        ..Limits::default()
    };
    let policy = ArchivePolicy::default();
    let mut check = policy.check(&limits);
    check.entry(b"a", EntryKind::File, 6).unwrap();
    assert_eq!(
        check.clone().entry(b"b", EntryKind::File, 7),
        Err(ArchiveRefusal::FileTooLarge { path: "b".into(), limit: 6 })
    );
    assert_eq!(
        check.clone().entry(b"b", EntryKind::File, 5),
        Err(ArchiveRefusal::TooLarge { limit: 10 })
    );
    check.entry(b"b", EntryKind::File, 4).unwrap();
    check.entry(b"c", EntryKind::File, 0).unwrap();
    assert_eq!(
        check.entry(b"d", EntryKind::Directory, 0),
        Err(ArchiveRefusal::TooManyEntries { limit: 3 })
    );
    let mut huge = policy.check(&limits);
    huge.entry(b"a", EntryKind::File, 1).unwrap();
    assert!(huge.entry(b"b", EntryKind::File, u64::MAX).is_err());
}

proptest! {
    /// Nothing that is let through can leave the directory it is unpacked into.
    #[test]
    fn accepted_paths_stay_inside(raw in "[a./\\\\: \n]{0,24}") {
        if let Ok(path) = entry(raw.as_bytes(), EntryKind::File) {
            let path = std::path::Path::new(&path);
            let plain = |part| matches!(part, std::path::Component::Normal(_));
            prop_assert!(path.components().all(plain), "{}", path.display());
        }
    }
}
