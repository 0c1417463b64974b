//! Everything that can be wrong with an offered plugin, met by an installation and by an upgrade:
//! each is refused with its code, and leaves rows, schemas, roles, files and running code as they
//! were, also after a restart.

use contract::api::ErrorCode;
use policy::{Limits, Policy};
use serde_json::{Value, json};
use tar::EntryType::{Fifo, Link, Regular, Symlink};

use crate::support::bundle::{Bundle, archive, guest_with, gzip, raw_archive};
use crate::support::catalog_server::Answer;
use crate::support::refusal;
use crate::support::world::World;

const NAME: &str = "com.example.refused";

/// What is published, and the refusal it meets: code, and what the details must contain.
struct Case {
    title: &'static str,
    bundle: Bundle,
    after: fn(&World, &Bundle),
    code: ErrorCode,
    details: Value,
}

fn case(
    title: &'static str,
    code: ErrorCode,
    details: Value,
    change: impl FnOnce(&mut Bundle),
) -> Case {
    let bundle = Bundle::new(NAME, "2.0.0").with(|bundle| {
        // A new version that asks for more, so that rights left behind would show.
        bundle.manifest["permissions"] = json!(["db:read:tasks"]);
        change(bundle);
    });
    Case { title, bundle, after: |_, _| {}, code, details }
}

fn archive_case(title: &'static str, reason: &str, kind: &'static str, bytes: Vec<u8>) -> Case {
    let details = json!({ "artifact": kind, "reason": reason });
    case(title, ErrorCode::PluginArchiveInvalid, details, |bundle| {
        bundle.archives = vec![(kind, bytes)];
    })
}

/// Limits that small archives break.
fn policy() -> Policy {
    let limits = Limits {
        archive_entries: 20,
        unpacked_bytes: 512 * 1024,
        unpacked_file_bytes: 256 * 1024,
        artifact_bytes: 128 * 1024,
        ..Limits::default()
    };
    Policy { limits, ..Policy::default() }
}

fn manifest_cases() -> Vec<Case> {
    let mut cases = vec![
        archive_case("no archive at all", "damaged", "manifest", b"{}".to_vec()),
        archive_case("no manifest in it", "missing_content", "manifest", archive(&[("a", b"a")])),
        case(
            "a manifest that is not JSON",
            ErrorCode::PluginManifestInvalid,
            json!({ "problems": [{ "code": "invalid_json" }] }),
            |bundle| {
                bundle.archives = vec![("manifest", archive(&[("plugin.json", b"{\"id\":")]))];
            },
        ),
        case(
            "a manifest of another plugin with another problem",
            ErrorCode::PluginManifestInvalid,
            json!({ "problems": [{ "code": "invalid_method" }, { "code": "name_mismatch" }] }),
            |bundle| {
                bundle.manifest["id"] = json!("com.example.other");
                bundle.manifest["backend"]["routes"][0]["method"] = json!("FETCH");
            },
        ),
        case(
            "a manifest of another plugin",
            ErrorCode::PluginManifestInvalid,
            json!({ "problems": [{ "pointer": "/id", "code": "name_mismatch" }] }),
            |bundle| bundle.manifest["id"] = json!("com.example.other"),
        ),
        case(
            "a manifest of another version",
            ErrorCode::PluginVersionMismatch,
            json!({ "announced": "2.0.0", "manifest": "2.0.1" }),
            |bundle| bundle.manifest["version"] = json!("2.0.1"),
        ),
        case(
            "a pre-release version",
            ErrorCode::PluginVersionInvalid,
            json!({ "version": "2.0.0-rc.1" }),
            |bundle| "2.0.0-rc.1".clone_into(&mut bundle.version),
        ),
    ];
    let mut gone = case(
        "an artifact that is gone",
        ErrorCode::PluginDownloadFailed,
        json!({ "artifact": "backend", "reason": "the server answered with status 503" }),
        |_| {},
    );
    gone.after = |world, bundle| {
        let path = format!("/{NAME}/{}/backend.tar.gz", bundle.version);
        world.catalog.set(&path, Answer::Status(503));
    };
    cases.push(gone);
    let mut other_bytes = case(
        "an artifact with other bytes than announced",
        ErrorCode::PluginArchiveInvalid,
        json!({ "artifact": "backend", "reason": "checksum_mismatch" }),
        |_| {},
    );
    other_bytes.after = |world, bundle| {
        let path = format!("/{NAME}/{}/backend.tar.gz", bundle.version);
        let wasm = bundle.wasm.as_deref().unwrap();
        world.catalog.set(&path, Answer::Bytes(archive(&[("other/plugin.wasm", wasm)])));
    };
    cases.push(other_bytes);
    cases
}

fn archive_cases() -> Vec<Case> {
    let whole = archive(&[("a.js", b"export {}"), ("b.js", b"export {}")]);
    let many: Vec<String> = (0..30).map(|n| format!("{n}.js")).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|path| (path.as_str(), &b"x"[..])).collect();
    let zeros = vec![0; 300 * 1024];
    let half = &zeros[..200 * 1024];
    // Incompressible enough: a linear congruential sequence.
    let noise: Vec<u8> = (0..200 * 1024_u32)
        .scan(7_u32, |state, _| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes().first().copied()
        })
        .collect();
    let raw = |entries: &[(&str, tar::EntryType, &[u8])]| raw_archive(entries);
    vec![
        archive_case("cut in the middle", "damaged", "frontend", whole[..whole.len() / 2].to_vec()),
        archive_case(
            "cut in the trailer",
            "damaged",
            "frontend",
            whole[..whole.len() - 4].to_vec(),
        ),
        archive_case("gzip, but no tar", "damaged", "frontend", gzip(&[b'x'; 2048])),
        archive_case("a symbolic link", "link", "frontend", raw(&[("l", Symlink, b"")])),
        archive_case("a hard link", "link", "frontend", raw(&[("l", Link, b"")])),
        archive_case("a pipe", "special_file", "mcp", raw(&[("p", Fifo, b"")])),
        archive_case("a path upwards", "parent_path", "mcp", raw(&[("../evil", Regular, b"x")])),
        archive_case(
            "a path down and upwards",
            "parent_path",
            "migrations",
            raw(&[("a/../../evil.sql", Regular, b"x")]),
        ),
        archive_case(
            "an absolute path",
            "absolute_path",
            "backend",
            raw(&[("/tmp/evil.wasm", Regular, b"x")]),
        ),
        archive_case(
            "one path twice",
            "duplicate",
            "frontend",
            raw(&[("a.js", Regular, b"1"), ("./a.js", Regular, b"2")]),
        ),
        archive_case(
            "a file that is also a directory",
            "duplicate",
            "frontend",
            raw(&[("a", Regular, b"1"), ("a/b", Regular, b"2")]),
        ),
        archive_case("too many entries", "too_many_entries", "frontend", archive(&many)),
        archive_case("a file too large", "too_large", "frontend", archive(&[("z", &zeros)])),
        archive_case(
            "files too large together",
            "too_large",
            "frontend",
            archive(&[("a", half), ("b", half), ("c", half)]),
        ),
        case(
            "a download too large",
            ErrorCode::PluginArchiveInvalid,
            json!({ "artifact": "frontend", "reason": "more than 131072 bytes" }),
            |bundle| bundle.archives = vec![("frontend", archive(&[("n", &noise)]))],
        ),
        archive_case(
            "two migrations of one name",
            "duplicate",
            "migrations",
            archive(&[("a/1.sql", b"SELECT 1"), ("b/1.sql", b"SELECT 2")]),
        ),
        archive_case(
            "a migration that is no text",
            "not_text",
            "migrations",
            archive(&[("1.sql", b"\xff\xfe")]),
        ),
        archive_case("no module in it", "missing_content", "backend", archive(&[("a", b"a")])),
    ]
}

fn code_cases() -> Vec<Case> {
    let load = ErrorCode::PluginLoadFailed;
    let import = r#"(module (import "env" "x" (func)) (memory (export "memory") 1))"#;
    vec![
        case("no module for the backend", load, json!(null), |bundle| bundle.wasm = None),
        case("a module that is none", load, json!({}), |bundle| {
            bundle.wasm = Some(b"\0asm\x01\0\0\0 and then nonsense".to_vec());
        }),
        case("an unknown import", load, json!({}), |bundle| {
            bundle.wasm = Some(wat::parse_str(import).unwrap());
        }),
        case("an Init that refuses", load, json!({}), |bundle| {
            let init = "(func (export \"Init\") (result i32) i32.const 7)";
            bundle.wasm = Some(guest_with("never", init));
        }),
        case("an Init that traps", load, json!({}), |bundle| {
            let init = "(func (export \"Init\") (result i32) unreachable)";
            bundle.wasm = Some(guest_with("never", init));
        }),
        case(
            "a migration with a syntax error",
            ErrorCode::PluginMigrationFailed,
            json!({ "file": "0002_more.sql", "line": 2 }),
            |bundle| {
                let sql = "-- more\nCREATE TABEL more (id bigint);";
                bundle.migrations.push(("0002_more.sql".into(), sql.into()));
            },
        ),
        case(
            "a migration that fails in the database",
            ErrorCode::PluginMigrationFailed,
            json!({ "file": "0002_more.sql" }),
            |bundle| {
                let sql = "CREATE TABLE more (id bigint);\nALTER TABLE nowhere ADD COLUMN x int;";
                bundle.migrations.push(("0002_more.sql".into(), sql.into()));
            },
        ),
    ]
}

/// Whether `found` holds everything in `wanted`: objects by key, arrays element by element.
fn holds(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| found.get(key).is_some_and(|found| holds(found, wanted))),
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(f, w)| holds(f, w))
        }
        (found, wanted) => found == wanted,
    }
}

async fn check(cases: Vec<Case>) {
    // A plugin that must not notice anything, and the old version of the one that is refused.
    let mut fresh = World::with_policy(policy()).await;
    fresh.install(&Bundle::new("com.example.bystander", "1.0.0")).await;
    let mut installed = World::with_policy(policy()).await;
    let old = Bundle::new(NAME, "1.0.0").with(|bundle| {
        bundle.frontend = vec![("a.js".into(), "old".into())];
    });
    let row = installed.install(&old).await;
    let (before_fresh, before_installed) = (fresh.state().await, installed.state().await);

    for case in cases {
        let Case { title, bundle, after, code, details } = case;
        fresh.catalog.publish(&bundle);
        after(&fresh, &bundle);
        let found = refusal(fresh.lifecycle.install(NAME, true).await);
        assert!(found.0 == code && holds(&found.1, &details), "install, {title}: {found:?}");
        assert_eq!(fresh.state().await, before_fresh, "install, {title}");

        installed.catalog.publish(&bundle);
        after(&installed, &bundle);
        let found = refusal(installed.lifecycle.upgrade(row.id).await);
        assert!(found.0 == code && holds(&found.1, &details), "upgrade, {title}: {found:?}");
        assert_eq!(installed.state().await, before_installed, "upgrade, {title}");
    }
    fresh.restart().await;
    installed.restart().await;
    assert_eq!(fresh.state().await, before_fresh, "after a restart");
    assert_eq!(installed.state().await, before_installed, "after a restart");
    // And a good version still comes through.
    let good = Bundle::new(NAME, "3.0.0");
    fresh.install(&good).await;
    installed.catalog.publish(&good);
    installed.lifecycle.upgrade(row.id).await.unwrap();
    let answer = Some(format!("{NAME} 3.0.0"));
    assert_eq!((fresh.answer(NAME).await, installed.answer(NAME).await), (answer.clone(), answer));
}

#[tokio::test]
async fn manifests_versions_and_downloads() {
    check(manifest_cases()).await;
}

#[tokio::test]
async fn archives() {
    check(archive_cases()).await;
}

#[tokio::test]
async fn modules_and_migrations() {
    check(code_cases()).await;
}
