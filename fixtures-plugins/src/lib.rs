//! Built guest plugins, as bytes.
//!
//! The sources are in `guests/`, a workspace of its own; `cargo xtask fixtures` builds them into `artifacts/`,
//! which is committed. README.md says what each guest is for.
//!
//! ```
//! let probe = fixtures_plugins::fixture("probe").unwrap();
//! assert!(probe.wasm.starts_with(b"\0asm"));
//! assert!(probe.manifest.unwrap().contains("{plugin}"));
//! ```

/// One guest.
#[derive(Clone, Copy, Debug)]
pub struct Fixture {
    /// The name of its artifact, without `.wasm`.
    pub name: &'static str,
    /// The compiled module.
    pub wasm: &'static [u8],
    /// Its `plugin.json`. The probe's has `{plugin}` where the plugin's name goes, because the probe is
    /// installed under many names. The odd guests have none: their place is a load that must be judged, and
    /// whoever loads them writes the manifest for it.
    pub manifest: Option<&'static str>,
    /// Its migrations: file name and SQL, in the order in which they apply.
    pub migrations: &'static [(&'static str, &'static str)],
}

macro_rules! wasm {
    ($name:literal) => {
        include_bytes!(concat!("../artifacts/", $name, ".wasm"))
    };
}

macro_rules! manifest {
    ($name:literal) => {
        Some(include_str!(concat!("../guests/", $name, "/plugin.json")))
    };
}

macro_rules! go_file {
    ($path:literal) => {
        include_str!(concat!("../guests/go/", $path))
    };
}

/// A plugin whose folder is not named like its artifact alone.
macro_rules! plugin {
    ($name:literal, $folder:literal) => {
        Fixture {
            name: $name,
            wasm: wasm!($name),
            manifest: Some(include_str!(concat!("../guests/", $folder, "/plugin.json"))),
            migrations: &[],
        }
    };
}

macro_rules! odd {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        $(
            $(#[$doc])*
            pub const $constant: Fixture =
                Fixture { name: $name, wasm: wasm!($name), manifest: None, migrations: &[] };
        )*
    };
}

/// Does what each request tells it to do.
pub const PROBE: Fixture =
    Fixture { name: "probe", wasm: wasm!("probe"), manifest: manifest!("probe"), migrations: &[] };

/// A checklist on every task: what a real plugin looks like.
pub const DEMO: Fixture = Fixture {
    name: "demo",
    wasm: wasm!("demo"),
    manifest: manifest!("demo"),
    migrations: &[(
        "0001_create_items.sql",
        include_str!("../guests/demo/migrations/0001_create_items.sql"),
    )],
};

/// Answers a POST with the body it was sent.
pub const MINIMAL: Fixture = Fixture {
    name: "minimal",
    wasm: wasm!("minimal"),
    manifest: manifest!("minimal"),
    migrations: &[],
};

/// A plugin compiled by the Go compiler, with a runtime of its own: some megabytes of code, and memory to match.
pub const GO_NOTES: Fixture = Fixture {
    name: "go_notes",
    wasm: wasm!("go_notes"),
    manifest: Some(go_file!("go_notes/plugin.json")),
    migrations: &[("0001_create_notes.sql", go_file!("go_notes/migrations/0001_create_notes.sql"))],
};

/// Asks the system interface for what each request names.
pub const WASI_PROBE: Fixture = Fixture {
    name: "wasi_probe",
    wasm: wasm!("wasi_probe"),
    manifest: manifest!("wasi_probe"),
    migrations: &[],
};

/// Exchange rates: configuration, outbound requests, the cache.
pub const RATES: Fixture = plugin!("rates", "rates");

/// A plugin in C that counts events in key-value storage.
pub const TALLY: Fixture = plugin!("tally", "c/tally");

/// A plugin in WebAssembly's text format that counts its visits.
pub const VISITS: Fixture = plugin!("visits", "wat/visits");

odd! {
    /// `HandleRequest` has the type (i32) -> i32.
    BAD_HANDLE_REQUEST_SIGNATURE = "bad_handle_request_signature";
    /// `HandleEvent` traps.
    EVENT_TRAPS = "event_traps";
    /// Imports every function of `paca` and of WASI, and declares 20 MiB.
    EVERY_IMPORT = "every_import";
    /// `Init` answers 1.
    INIT_FAILS = "init_fails";
    /// `Init` never returns.
    INIT_SPINS = "init_spins";
    /// `Init` traps.
    INIT_TRAPS = "init_traps";
    /// Works, with an allocator by the name of `malloc`.
    LEGACY_MALLOC = "legacy_malloc";
    /// Works, with a declared minimum of 1024 pages.
    MEMORY_AT_LIMIT = "memory_at_limit";
    /// Declares a minimum of 1025 pages.
    MEMORY_TOO_LARGE = "memory_too_large";
    /// Exports no `HandleRequest`.
    MISSING_HANDLE_REQUEST = "missing_handle_request";
    /// Exports no allocator.
    NO_ALLOCATOR = "no_allocator";
    /// Works, with the exports and imports of a plugin compiled by `TinyGo`.
    TINYGO_SHAPE = "tinygo_shape";
    /// Imports `paca.summon_demon`.
    UNKNOWN_IMPORT = "unknown_import";
}

/// Every guest, by name in alphabetical order.
pub const ALL: &[Fixture] = &[
    BAD_HANDLE_REQUEST_SIGNATURE,
    DEMO,
    EVENT_TRAPS,
    EVERY_IMPORT,
    GO_NOTES,
    INIT_FAILS,
    INIT_SPINS,
    INIT_TRAPS,
    LEGACY_MALLOC,
    MEMORY_AT_LIMIT,
    MEMORY_TOO_LARGE,
    MINIMAL,
    MISSING_HANDLE_REQUEST,
    NO_ALLOCATOR,
    PROBE,
    RATES,
    TALLY,
    TINYGO_SHAPE,
    UNKNOWN_IMPORT,
    VISITS,
    WASI_PROBE,
];

/// `digests.toml`: the compiler, and for each artifact its sha256 and that of its sources.
pub const DIGESTS: &str = include_str!("../artifacts/digests.toml");

/// The guest of that name.
pub fn fixture(name: &str) -> Option<&'static Fixture> {
    ALL.iter().find(|fixture| fixture.name == name)
}

/// The compiled module of the guest of that name.
pub fn artifact(name: &str) -> Option<&'static [u8]> {
    fixture(name).map(|fixture| fixture.wasm)
}

/// The names of all guests.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|fixture| fixture.name)
}
