//! A plugin of which every part tells its version: row, manifest, rights, tables, code, static files.
//!
//! Its code answers `GET /version` with a header, and writes every `task.created` into a table.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Result;
use serde_json::{Value, json};

use crate::catalog::{Artifact, Catalog, Entry};

/// Files by path.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The core tables that versions ask to read, in turn.
const READS: [&str; 2] = ["tasks", "projects"];
/// What [`Sample::changed_manifest`] asks to read.
const CHANGED_READS: &str = "users";

/// One version of the plugin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    /// The plugin's name.
    pub(crate) name: String,
    /// Which version; the next one is newer.
    pub(crate) number: u32,
    /// Its migrations. All but the first can be undone.
    pub(crate) migrations: u32,
}

impl Sample {
    /// The version as text.
    pub(crate) fn version(&self) -> String {
        version(self.number)
    }

    /// The schema of the plugin's tables.
    pub(crate) fn schema(name: &str) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        format!("plugin_data_{}", name.chars().map(plain).collect::<String>())
    }

    /// Its `plugin.json`.
    pub(crate) fn manifest(&self) -> Value {
        let reads = READS[self.number as usize % READS.len()];
        self.manifest_with(reads, &["/version"])
    }

    /// The same version with other rights and one route more.
    pub(crate) fn changed_manifest(&self) -> Value {
        self.manifest_with(CHANGED_READS, &["/version", "/changed"])
    }

    fn manifest_with(&self, reads: &str, routes: &[&str]) -> Value {
        let Self { name, .. } = self;
        let route = |path| json!({ "method": "GET", "path": path, "middlewares": [] });
        json!({
            "id": name,
            "displayName": format!("A sample, {}", self.version()),
            "description": "Tells its version with every part.",
            "version": self.version(),
            "permissions": [format!("db:read:{reads}")],
            "backend": {
                "routes": routes.iter().map(route).collect::<Vec<_>>(),
                "eventSubscriptions": ["task.created"],
            },
            "frontend": { "remoteEntryUrl": format!("/plugins/{name}/remoteEntry.js") },
            "mcp": { "remoteEntryUrl": format!("/plugins-mcp/{name}/index.js") },
        })
    }

    /// The name of a migration.
    pub(crate) fn migration(number: u32) -> String {
        format!("{number:04}_tables.sql")
    }

    /// The tables of so many migrations, without those that every plugin has.
    pub(crate) fn tables(migrations: u32) -> impl Iterator<Item = String> {
        let heard = (migrations > 0).then(|| "heard".to_owned());
        heard.into_iter().chain((2..=migrations).map(|number| format!("table_{number}")))
    }

    /// The files of one of the store's three trees: `backend`, `frontend`, `mcp`.
    pub(crate) fn files(&self, tree: &str) -> Result<Files> {
        let text = |what: &str| format!("// {what} of {}\n", self.version()).into_bytes();
        let mut files = Files::new();
        match tree {
            "backend" => {
                files.insert("plugin.json".to_owned(), self.manifest().to_string().into_bytes());
                files.insert("backend.wasm".to_owned(), self.wasm()?);
                for (name, sql) in self.migration_files() {
                    files.insert(format!("migrations/{name}"), sql.into_bytes());
                }
            }
            "frontend" => {
                files.insert("remoteEntry.js".to_owned(), text("entry"));
                files.insert("assets/page.js".to_owned(), text("page"));
            }
            _ => {
                files.insert("index.js".to_owned(), text("mcp"));
            }
        }
        Ok(files)
    }

    /// The version that a served file says.
    pub(crate) fn version_in(file: &str) -> Option<&str> {
        file.trim_end().rsplit(' ').next()
    }

    fn migration_files(&self) -> Vec<(String, String)> {
        let heard = "CREATE TABLE heard (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \
                     at timestamptz NOT NULL DEFAULT clock_timestamp(), payload jsonb NOT NULL);";
        let mut files = vec![(Self::migration(1), heard.to_owned())];
        for number in 2..=self.migrations {
            let name = Self::migration(number);
            let down = name.replace(".sql", ".down.sql");
            files.push((name, format!("CREATE TABLE table_{number} (id bigint PRIMARY KEY);")));
            files.push((down, format!("DROP TABLE table_{number};")));
        }
        files
    }

    fn wasm(&self) -> Result<Vec<u8>> {
        const INSERT: &str = "INSERT INTO heard (payload) VALUES ($1)";
        let answer = format!(r#"{{"status":200,"headers":{{"X-Version":"{}"}}}}"#, self.version());
        let packed = (1024_u64 << 32) | answer.len() as u64;
        let (answer, insert) = (answer.replace('"', "\\\""), INSERT.len());
        // Memory: results below 1024, the answer, the statement at 8192, what the host writes in the
        // second page, the statement's parameters in the third.
        let text = format!(
            r#"(module
                 (import "paca" "db_exec" (func $db_exec (param i64 i64 i64 i64 i64 i64 i64)))
                 (memory (export "memory") 4)
                 (data (i32.const 1024) "{answer}")
                 (data (i32.const 8192) "{INSERT}")
                 (global $used (mut i32) (i32.const 65536))
                 (func (export "paca_malloc") (param $len i32) (result i32)
                   (local $at i32)
                   (if (i32.gt_u (i32.add (global.get $used) (local.get $len)) (i32.const 131072))
                     (then (global.set $used (i32.const 65536))))
                   (local.set $at (global.get $used))
                   (global.set $used (i32.add (local.get $at) (local.get $len)))
                   (local.get $at))
                 (func (export "HandleEvent")
                   (param i32 i32) (param $payload i32) (param $len i32)
                   (i32.store8 (i32.const 131072) (i32.const 91))
                   (memory.copy (i32.const 131073) (local.get $payload) (local.get $len))
                   (i32.store8 (i32.add (i32.const 131073) (local.get $len)) (i32.const 93))
                   (i32.store (i32.const 28) (i32.const 0))
                   (call $db_exec (i64.const 8192) (i64.const {insert}) (i64.const 131072)
                     (i64.extend_i32_u (i32.add (local.get $len) (i32.const 2)))
                     (i64.const 16) (i64.const 24) (i64.const 28))
                   ;; The length of what was wrong.
                   (if (i32.load (i32.const 28)) (then (unreachable))))
                 (func (export "HandleRequest") (param i32 i32) (result i64) i64.const {packed}))"#
        );
        Ok(wat::parse_str(text)?)
    }

    /// Offers this version in a catalog.
    pub(crate) fn publish(&self, catalog: &Catalog) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let root = folder.path();
        let mut artifacts = Vec::new();
        let mut artifact = |kind, file| {
            artifacts.push(Artifact { kind, folder: root.join(kind), file });
        };
        artifact("manifest", "plugin.json");
        artifact("backend", "backend.wasm");
        artifact("migrations", "migrations");
        artifact("frontend", "dist");
        artifact("mcp", "dist");
        for (path, content) in self.files("backend")? {
            let kind = match path.as_str() {
                "plugin.json" => "manifest",
                "backend.wasm" => "backend",
                _ => "migrations",
            };
            write(&root.join(kind).join(path), &content)?;
        }
        for kind in ["frontend", "mcp"] {
            for (path, content) in self.files(kind)? {
                write(&root.join(kind).join("dist").join(path), &content)?;
            }
        }
        catalog.publish(&Entry { manifest: self.manifest(), artifacts })
    }
}

/// A version's number as text.
pub(crate) fn version(number: u32) -> String {
    format!("1.{number}.0")
}

/// The number of a version.
pub(crate) fn number(version: &str) -> Option<u32> {
    version.strip_prefix("1.")?.strip_suffix(".0")?.parse().ok()
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, content)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_differ_in_every_part() {
        let [one, two] = [1, 2].map(|number| Sample {
            name: "com.example.sample".to_owned(),
            number,
            migrations: number,
        });
        assert_eq!(number(&one.version()), Some(1));
        assert_ne!(one.manifest()["permissions"], two.manifest()["permissions"]);
        assert_ne!(one.manifest()["permissions"], one.changed_manifest()["permissions"]);
        for tree in ["backend", "frontend", "mcp"] {
            let (one, two) = (one.files(tree).expect("files"), two.files(tree).expect("files"));
            assert!(one.iter().all(|(path, content)| path.contains("0001")
                || two.get(path).is_some_and(|other| other != content)));
        }
        let entry = &two.files("frontend").expect("files")["remoteEntry.js"];
        assert_eq!(Sample::version_in(&String::from_utf8_lossy(entry)), Some("1.2.0"));
    }
}
