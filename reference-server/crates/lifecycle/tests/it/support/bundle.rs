//! Builds what a plugin's author would publish: manifest, module, migrations, archives.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// A tar.gz of the given files, with ordinary headers.
pub(crate) fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(tar::EntryType::Regular);
        tar.append_data(&mut header, path, *content).unwrap();
    }
    gzip(&tar.into_inner().unwrap())
}

/// A tar.gz of entries whose names and kinds the tar library would not write by itself.
pub(crate) fn raw_archive(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        if kind.is_symlink() || kind.is_hard_link() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_size(content.len() as u64);
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    gzip(&tar.into_inner().unwrap())
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A module that answers every request with one text.
pub(crate) fn guest(answer: &str) -> Vec<u8> {
    guest_with(answer, "(func (export \"Init\") (result i32) i32.const 0)")
}

/// A module whose `Init` executes a statement and succeeds if that does.
pub(crate) fn guest_calling_sql(answer: &str, sql: &str) -> Vec<u8> {
    let init = format!(
        r#"(data (i32.const 8192) "{sql}")
           (func (export "Init") (result i32)
             (call $db_exec (i64.const 8192) (i64.const {}) (i64.const 0) (i64.const 0)
                            (i64.const 16) (i64.const 24) (i64.const 28))
             (i32.load (i32.const 28)))"#,
        sql.len()
    );
    let import = r#"(import "paca" "db_exec"
        (func $db_exec (param i64 i64 i64 i64 i64 i64 i64)))"#;
    module(answer, import, &init)
}

/// The same module with another `Init`.
pub(crate) fn guest_with(answer: &str, init: &str) -> Vec<u8> {
    module(answer, "", init)
}

fn module(answer: &str, import: &str, init: &str) -> Vec<u8> {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(answer);
    let envelope = format!(r#"{{\"status\":200,\"body\":\"{body}\"}}"#);
    let length = envelope.replace('\\', "").len() as u64;
    let packed = (1024_u64 << 32) | length;
    // Requests are written at a fixed place in the second page: one call at a time, one allocation.
    let text = format!(
        r#"(module
             {import}
             (memory (export "memory") 4)
             (data (i32.const 1024) "{envelope}")
             (func (export "paca_malloc") (param i32) (result i32) i32.const 65536)
             {init}
             (func (export "HandleRequest") (param i32 i32) (result i64) i64.const {packed}))"#
    );
    wat::parse_str(text).unwrap()
}

/// What one version of a plugin publishes.
#[derive(Clone)]
pub(crate) struct Bundle {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) manifest: Value,
    pub(crate) wasm: Option<Vec<u8>>,
    pub(crate) migrations: Vec<(String, String)>,
    pub(crate) frontend: Vec<(String, String)>,
    pub(crate) mcp: Vec<(String, String)>,
    /// Archives that replace the ones made from the fields above, by kind.
    pub(crate) archives: Vec<(&'static str, Vec<u8>)>,
    /// Give the right checksums in the catalog.
    pub(crate) checksums: bool,
}

impl Bundle {
    /// A plugin with one route and one table that answers with its name and version.
    pub(crate) fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            manifest: json!({
                "id": name,
                "displayName": "A plugin",
                "version": version,
                "description": "For the tests of the lifecycle.",
                "permissions": [],
                "backend": { "routes": [{ "method": "GET", "path": "/hello", "middlewares": [] }] },
            }),
            wasm: Some(guest(&format!("{name} {version}"))),
            migrations: vec![(
                "0001_items.sql".to_owned(),
                "CREATE TABLE items (id bigint PRIMARY KEY, title text NOT NULL);".to_owned(),
            )],
            frontend: Vec::new(),
            mcp: Vec::new(),
            archives: Vec::new(),
            checksums: true,
        }
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(crate) fn migration(mut self, name: &str, sql: &str) -> Self {
        self.migrations.push((name.to_owned(), sql.to_owned()));
        self
    }

    /// The archives by kind, as they go over the wire.
    pub(crate) fn packed(&self) -> Vec<(&'static str, Vec<u8>)> {
        let manifest = serde_json::to_vec_pretty(&self.manifest).unwrap();
        let mut packed = vec![("manifest", archive(&[("plugin.json", &manifest)]))];
        if let Some(wasm) = &self.wasm {
            packed.push(("backend", archive(&[("dist/plugin.wasm", wasm)])));
        }
        for (kind, files) in
            [("migrations", &self.migrations), ("frontend", &self.frontend), ("mcp", &self.mcp)]
        {
            if !files.is_empty() {
                let files: Vec<_> =
                    files.iter().map(|(path, text)| (path.as_str(), text.as_bytes())).collect();
                packed.push((kind, archive(&files)));
            }
        }
        for (kind, replacement) in &self.archives {
            packed.retain(|(packed_kind, _)| packed_kind != kind);
            packed.push((kind, replacement.clone()));
        }
        packed
    }
}
