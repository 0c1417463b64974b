//! The committed artifacts are what `digests.toml` and the ABI say.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fixtures_plugins::{ALL, DIGESTS, Fixture};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use wasmparser::{CompositeInnerType, ExternalKind, FuncType, Parser, Payload, TypeRef, ValType};

const NOT_BUILT: &str = "run `cargo xtask fixtures` and review what changed";

#[derive(Deserialize)]
struct Digests {
    guests: BTreeMap<String, Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    bytes: usize,
    wasm: String,
    sources: String,
}

fn recorded() -> BTreeMap<String, Recorded> {
    toml::from_str::<Digests>(DIGESTS).unwrap().guests
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Names in a folder without their extension.
fn stems(folder: &str, extension: &str) -> BTreeSet<String> {
    fs::read_dir(here().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_artifact_is_offered_documented_and_has_a_guest() {
    let offered: BTreeSet<String> = fixtures_plugins::names().map(str::to_owned).collect();
    assert_eq!(offered.len(), ALL.len(), "names are unique");
    assert_eq!(offered, stems("artifacts", "wasm"), "{NOT_BUILT}");
    assert_eq!(offered, recorded().into_keys().collect(), "{NOT_BUILT}");
    let text = stems("guests/wat", "wat");
    let is_file = |path: String| here().join("guests").join(path).is_file();
    for fixture in ALL {
        let name = fixture.name;
        let sources = [
            is_file(format!("{name}/Cargo.toml")),
            is_file(format!("go/{name}/main.go")),
            is_file(format!("c/{name}/{name}.c")),
            is_file(format!("wat/{name}/{name}.wat")),
            text.contains(name),
        ];
        let sources = sources.into_iter().filter(|there| *there).count();
        assert_eq!(sources, 1, "{} has one source", fixture.name);
        let row = format!("| `{}` |", fixture.name);
        assert!(include_str!("../README.md").contains(&row), "README.md has no row {row}");
    }
}

#[test]
fn digests_match_the_bytes() {
    let recorded = recorded();
    for fixture in ALL {
        let record = &recorded[fixture.name];
        assert_eq!(record.bytes, fixture.wasm.len(), "{}", fixture.name);
        assert_eq!(record.wasm, hex::encode(Sha256::digest(fixture.wasm)), "{}", fixture.name);
    }
}

/// Finds a changed guest without a compiler for it; `cargo xtask fixtures --check` then proves the bytes.
#[test]
fn digests_match_the_sources() {
    let guests = here().join("guests");
    for (name, record) in recorded() {
        let mut files = Vec::new();
        let file = format!("{name}.wat");
        let text = [guests.join("wat").join(&file), guests.join("wat").join(&name).join(&file)];
        let (go, c) = (guests.join("go"), guests.join("c"));
        if let Some(text) = text.into_iter().find(|text| text.is_file()) {
            files.push(text);
        } else if c.join(&name).is_dir() {
            collect(c.join(&name), &mut files);
            files.retain(|file| file.extension().is_some_and(|it| it == "c"));
            collect(c.join("toolchain.toml"), &mut files);
            collect(c.join("guest"), &mut files);
        } else if go.join(&name).is_dir() {
            collect(go.join("go.mod"), &mut files);
            collect(go.join("guest"), &mut files);
            collect(go.join(&name), &mut files);
            files.retain(|file| {
                file.extension().is_some_and(|it| it == "go") || file.ends_with("go.mod")
            });
        } else {
            let member = guests.join(&name);
            let shared = ["Cargo.toml", "Cargo.lock", "sdk/Cargo.toml", "sdk/src"];
            let paths = shared.map(|path| guests.join(path));
            for path in paths.into_iter().chain([member.join("Cargo.toml"), member.join("src")]) {
                collect(path, &mut files);
            }
        }
        files.sort();
        let mut digest = Sha256::new();
        for file in files {
            digest.update(file.strip_prefix(&guests).unwrap().to_str().unwrap());
            digest.update([0]);
            digest.update(Sha256::digest(fs::read(file).unwrap()));
        }
        assert_eq!(record.sources, hex::encode(digest.finalize()), "guest `{name}`: {NOT_BUILT}");
    }
}

fn collect(path: PathBuf, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        files.push(path);
    } else {
        for entry in fs::read_dir(path).unwrap() {
            collect(entry.unwrap().path(), files);
        }
    }
}

/// What a module imports and exports.
struct Surface {
    imports: Vec<(String, FuncType)>,
    exports: BTreeMap<String, FuncType>,
    memory_pages: u64,
    exports_memory: bool,
}

fn surface(fixture: &Fixture) -> Surface {
    let mut types: Vec<FuncType> = Vec::new();
    let mut functions: Vec<u32> = Vec::new();
    let mut surface = Surface {
        imports: vec![],
        exports: BTreeMap::new(),
        memory_pages: 0,
        exports_memory: false,
    };
    for payload in Parser::new(0).parse_all(fixture.wasm) {
        match payload.unwrap() {
            Payload::TypeSection(section) => {
                for ty in section.into_iter().flat_map(|group| group.unwrap().into_types()) {
                    let CompositeInnerType::Func(function) = ty.composite_type.inner else {
                        panic!("{}: a type that is no function", fixture.name)
                    };
                    types.push(function);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.unwrap();
                    let TypeRef::Func(ty) = import.ty else {
                        panic!("{} imports something that is no function", fixture.name)
                    };
                    functions.push(ty);
                    let name = format!("{}.{}", import.module, import.name);
                    surface.imports.push((name, types[ty as usize].clone()));
                }
            }
            Payload::FunctionSection(section) => {
                functions.extend(section.into_iter().map(Result::unwrap));
            }
            Payload::MemorySection(section) => {
                surface.memory_pages = section.into_iter().next().unwrap().unwrap().initial;
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    match export.kind {
                        ExternalKind::Func => {
                            let ty = functions[export.index as usize] as usize;
                            surface.exports.insert(export.name.to_owned(), types[ty].clone());
                        }
                        ExternalKind::Memory => surface.exports_memory = export.name == "memory",
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    surface
}

const I32: ValType = ValType::I32;
const I64: ValType = ValType::I64;

fn function(params: &[ValType], results: &[ValType]) -> FuncType {
    FuncType::new(params.to_vec(), results.to_vec())
}

#[test]
fn every_artifact_is_valid_wasm() {
    for fixture in ALL {
        wasmparser::validate(fixture.wasm)
            .unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        assert!(surface(fixture).exports_memory, "{} exports its memory", fixture.name);
    }
}

#[test]
fn the_rust_guests_export_what_a_host_calls() {
    use fixtures_plugins::{DEMO, MINIMAL, PROBE, RATES, WASI_PROBE};
    for fixture in [PROBE, DEMO, MINIMAL, RATES, WASI_PROBE] {
        let mut exports = surface(&fixture).exports;
        // What makes a module for WASI one that can be called again and again.
        let reactor = exports.remove("_initialize");
        assert_eq!(reactor.is_some(), fixture.name == WASI_PROBE.name, "{}", fixture.name);
        let mut expected = BTreeMap::from([
            ("Init".to_owned(), function(&[], &[I32])),
            ("HandleRequest".to_owned(), function(&[I32, I32], &[I64])),
            ("HandleEvent".to_owned(), function(&[I32; 4], &[])),
            ("ResetAllocator".to_owned(), function(&[], &[])),
            ("paca_malloc".to_owned(), function(&[I32], &[I32])),
        ]);
        for (name, ty) in exports {
            assert_eq!(expected.remove(&name), Some(ty), "{}: export `{name}`", fixture.name);
        }
        assert!(expected.is_empty(), "{} does not export {:?}", fixture.name, expected.keys());
    }
}

#[test]
fn the_go_guest_is_a_reactor_with_a_runtime_and_an_arena() {
    let surface = surface(&fixtures_plugins::GO_NOTES);
    let exports = &surface.exports;
    assert_eq!(exports["_initialize"], function(&[], &[]));
    assert_eq!(exports["paca_malloc"], function(&[I32], &[I32]));
    assert_eq!(exports["HandleRequest"], function(&[I32, I32], &[I64]));
    assert_eq!(exports["HandleEvent"], function(&[I32; 4], &[]));
    assert!(surface.memory_pages > 160, "the arena alone takes 160 pages");
    for import in ["clock_time_get", "random_get", "poll_oneoff", "proc_exit"] {
        let name = format!("wasi_snapshot_preview1.{import}");
        assert!(surface.imports.iter().any(|(found, _)| *found == name), "{name}");
    }
}

#[test]
fn a_plugin_needs_neither_a_runtime_nor_a_compiler() {
    for (fixture, imports) in [
        (
            fixtures_plugins::TALLY,
            &["event_emit", "log", "storage_delete", "storage_get", "storage_set"][..],
        ),
        (fixtures_plugins::VISITS, &["storage_get", "storage_set"]),
    ] {
        let surface = surface(&fixture);
        assert_eq!(surface.exports["HandleRequest"], function(&[I32, I32], &[I64]));
        assert_eq!(surface.exports["paca_malloc"], function(&[I32], &[I32]));
        assert_eq!(surface.exports["ResetAllocator"], function(&[], &[]));
        let mut imported: Vec<_> =
            surface.imports.iter().filter_map(|(name, _)| name.strip_prefix("paca.")).collect();
        imported.sort_unstable();
        assert_eq!(imported, imports, "{}: nothing else, no system", fixture.name);
        assert_eq!(surface.imports.len(), imports.len(), "{}", fixture.name);
        assert!(fixture.wasm.len() < 8 * 1024, "{}", fixture.name);
    }
}

#[test]
fn the_probe_reaches_every_function_of_its_protocol_by_its_exact_type() {
    let mut expected = BTreeMap::from([
        ("paca.log", function(&[I32, I64, I64], &[])),
        ("paca.db_query", function(&[I64; 6], &[])),
        ("paca.db_query2", function(&[I64; 8], &[])),
        ("paca.db_exec", function(&[I64; 7], &[])),
        ("paca.storage_get", function(&[I64; 4], &[])),
        ("paca.storage_set", function(&[I64; 4], &[I32])),
        ("paca.storage_delete", function(&[I64; 2], &[I32])),
        ("paca.config_get", function(&[I64; 4], &[])),
        ("paca.fetch", function(&[I64; 4], &[])),
        ("paca.event_emit", function(&[I64; 4], &[I32])),
        ("paca.event_subscribe", function(&[I64; 2], &[I32])),
        ("paca.http_respond", function(&[I32, I64, I64], &[])),
        ("paca.http_request_body", function(&[], &[I64, I64])),
        ("paca.http_request_headers", function(&[], &[I64, I64])),
        ("paca.http_caller_identity", function(&[], &[I64, I64])),
        ("paca.cache_get", function(&[I64; 4], &[])),
        ("paca.cache_set", function(&[I64, I64, I64, I64, I32], &[I32])),
        ("paca.cache_delete", function(&[I64; 2], &[I32])),
        ("paca.permission_check", function(&[I64; 2], &[I32])),
        ("paca.activity_record", function(&[I64; 2], &[I32])),
        ("paca.settings_get", function(&[I64; 2], &[])),
        ("paca.send_email", function(&[I64; 4], &[])),
        ("paca.password_set_token_issue", function(&[I64; 4], &[])),
        ("paca.tasks_list", function(&[I64; 2], &[I64, I64])),
        ("paca.task_get", function(&[I64; 2], &[I64, I64])),
        ("paca.project_get", function(&[I64; 2], &[I64, I64])),
        ("paca.members_list", function(&[I64; 2], &[I64, I64])),
        ("paca.db_tx_begin", function(&[], &[I32])),
        ("paca.db_tx_commit", function(&[], &[I32])),
        ("paca.db_tx_rollback", function(&[], &[I32])),
    ]);
    for (name, ty) in surface(&fixtures_plugins::PROBE).imports {
        assert_eq!(expected.remove(name.as_str()), Some(ty), "import {name}");
    }
    assert!(expected.is_empty(), "the probe does not import {:?}", expected.keys());
}

#[test]
fn the_odd_guests_are_odd_in_the_way_they_are_named_for() {
    let of = |name: &str| surface(fixtures_plugins::fixture(name).unwrap());
    let allocator = |surface: &Surface| {
        ["paca_malloc", "malloc"].into_iter().find(|name| surface.exports.contains_key(*name))
    };
    assert_eq!(of("memory_at_limit").memory_pages, 1024);
    assert_eq!(of("memory_too_large").memory_pages, 1025);
    assert_eq!(allocator(&of("no_allocator")), None);
    assert_eq!(allocator(&of("legacy_malloc")), Some("malloc"));
    assert!(!of("missing_handle_request").exports.contains_key("HandleRequest"));
    let events = of("event_traps");
    assert_eq!(events.exports["HandleEvent"], function(&[I32; 4], &[]));
    let bad = of("bad_handle_request_signature");
    assert_eq!(bad.exports["HandleRequest"], function(&[I32], &[I32]));
    assert_eq!(of("unknown_import").imports[0].0, "paca.summon_demon");
    let every = of("every_import");
    assert_eq!(every.memory_pages, 320);
    let imported =
        |module| every.imports.iter().filter(|(name, _)| name.starts_with(module)).count();
    assert_eq!((imported("paca."), imported("wasi_snapshot_preview1.")), (30, 46));
    let tiny = of("tinygo_shape").exports;
    for name in ["_initialize", "_start", "malloc", "paca_malloc"] {
        assert!(tiny.contains_key(name), "{name}");
    }
    for name in ["init_fails", "init_traps", "init_spins"] {
        assert_eq!(of(name).exports["Init"], function(&[], &[I32]), "{name}");
    }
}

#[test]
fn no_artifact_names_a_place_on_the_machine_that_built_it() {
    for fixture in ALL {
        for place in [".cargo/", "/home/", "/root/", "/Users/", "registry/src"] {
            let found = fixture.wasm.windows(place.len()).any(|window| window == place.as_bytes());
            assert!(!found, "{} contains `{place}`", fixture.name);
        }
    }
}

#[test]
fn a_small_plugin_is_a_small_file() {
    // Hosts download and compile these in tests and at every install.
    assert!(fixtures_plugins::DEMO.wasm.len() < 200_000);
    assert!(fixtures_plugins::PROBE.wasm.len() < 320 * 1024);
}

#[test]
fn manifests_are_json_and_migrations_are_in_order() {
    for fixture in ALL {
        if let Some(manifest) = fixture.manifest {
            let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
            for field in ["id", "displayName", "version"] {
                assert!(manifest[field].is_string(), "{}: {field}", fixture.name);
            }
            assert!(manifest["backend"]["routes"].is_array(), "{}", fixture.name);
        }
        assert!(fixture.migrations.is_sorted_by_key(|(name, _)| name), "{}", fixture.name);
    }
    let files = stems("guests/demo/migrations", "sql");
    let offered = fixtures_plugins::DEMO.migrations.iter();
    let offered: BTreeSet<_> = offered.map(|(name, _)| name.replace(".sql", "")).collect();
    assert_eq!(offered, files, "every migration is offered");
}
