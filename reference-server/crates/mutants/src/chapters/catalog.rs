//! Install, upgrade, uninstall: the catalog, archives and migrations.

use crate::catalogue::{Entry, decision, value};
use mutant_switch::mistake;
use policy::archives::{ArchiveRefusal, EntryKind};
use policy::{ArchivePolicy, Limits};

const MIB: usize = 1024 * 1024;

/// The specification's verdict.
fn path(raw: &[u8], limits: &Limits) -> Result<String, ArchiveRefusal> {
    (ArchivePolicy::default().path)(raw, limits)
}

pub(super) const MUTANTS: &[Entry] = &[
    value(
        "catalogs-of-any-size",
        &["s-ipx7"],
        "a document of a hundred megabytes is a catalog",
        |policy| policy.limits.catalog_bytes = 100 * MIB,
    ),
    value(
        "artifacts-of-any-size",
        &["s-4t9h"],
        "an artifact is downloaded whatever its length",
        |policy| policy.limits.artifact_bytes = 1024 * MIB,
    ),
    value(
        "entries-without-number",
        &["s-g7dy"],
        "an archive has as many entries as it likes",
        |policy| policy.limits.archive_entries = 10_000_000,
    ),
    value(
        "bombs-unpacked",
        &["s-5paa"],
        "an archive unpacks to whatever it unpacks to",
        |policy| {
            policy.limits.unpacked_bytes = u64::MAX;
            policy.limits.unpacked_file_bytes = u64::MAX;
        },
    ),
    decision("links-passed-over", &["s-wtf8"], "links in an archive are no problem", |policy| {
        policy.archives.kind = |kind| match kind {
            EntryKind::Link => mistake(Ok(())),
            kind => (ArchivePolicy::default().kind)(kind),
        }
    }),
    decision(
        "devices-passed-over",
        &["s-wtf8"],
        "devices in an archive are no problem",
        |policy| {
            policy.archives.kind = |kind| match kind {
                EntryKind::Special => mistake(Ok(())),
                kind => (ArchivePolicy::default().kind)(kind),
            }
        },
    ),
    decision("parents-passed-over", &["s-524r"], "a .. in a path is left out", |policy| {
        policy.archives.path = |raw, limits| match path(raw, limits) {
            Err(ArchiveRefusal::ParentPath { path: text }) => {
                let parts = text.split('/').filter(|part| *part != "..");
                mistake(path(parts.collect::<Vec<_>>().join("/").as_bytes(), limits))
            }
            verdict => verdict,
        }
    }),
    decision(
        "absolute-paths-made-relative",
        &["s-524r"],
        "the slash at the beginning of a path is left out",
        |policy| {
            policy.archives.path = |raw, limits| match path(raw, limits) {
                Err(ArchiveRefusal::AbsolutePath { path: text }) => {
                    mistake(path(text.trim_start_matches('/').as_bytes(), limits))
                }
                verdict => verdict,
            }
        },
    ),
    decision("backslashes-separate", &["s-j6y5"], "a backslash in a path is a slash", |policy| {
        policy.archives.path = |raw, limits| match path(raw, limits) {
            Err(ArchiveRefusal::PathCharacter { path: text }) => {
                mistake(path(text.replace('\\', "/").as_bytes(), limits))
            }
            verdict => verdict,
        }
    }),
    decision("paths-made-text", &["s-j6y5"], "a path that is not UTF-8 is made so", |policy| {
        policy.archives.path = |raw, limits| match path(raw, limits) {
            Err(ArchiveRefusal::PathNotText) => {
                mistake(path(String::from_utf8_lossy(raw).as_bytes(), limits))
            }
            verdict => verdict,
        }
    }),
    value(
        "core-tables-not-referenceable",
        &["s-3zwd"],
        "foreign keys may not point at core tables",
        |policy| policy.core_data.referenceable.clear(),
    ),
];
