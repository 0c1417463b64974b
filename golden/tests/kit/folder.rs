//! A plugin folder of a test's own, with a guest of a few lines in it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use golden::report::{Report, ScenarioReport};
use golden::{Kit, KitError, Options, Update};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What a guest does when it is asked something.
#[derive(Clone, Debug)]
pub(crate) struct Guest {
    /// The statement it asks with `db_query2`.
    pub sql: &'static str,
    /// The topic it emits; none when empty.
    pub emits: &'static str,
    /// The status it answers.
    pub status: u16,
    /// What it does besides, in WebAssembly text.
    pub code: String,
    /// Texts in its memory, beside those above.
    pub data: Vec<(usize, String)>,
}

impl Default for Guest {
    fn default() -> Self {
        let sql = "SELECT title FROM notes";
        Self { sql, emits: "", status: 200, code: String::new(), data: Vec::new() }
    }
}

/// Host functions that guests of these tests import, with their types.
const IMPORTS: &[(&str, &str)] = &[
    ("http_respond", "(param i32 i64 i64)"),
    ("db_query2", "(param i64 i64 i64 i64 i64 i64 i64 i64)"),
    ("event_emit", "(param i64 i64 i64 i64) (result i32)"),
    ("config_get", "(param i64 i64 i64 i64)"),
    ("fetch", "(param i64 i64 i64 i64)"),
    ("log", "(param i32 i64 i64)"),
    ("storage_get", "(param i64 i64 i64 i64)"),
    ("storage_set", "(param i64 i64 i64 i64) (result i32)"),
    ("db_tx_begin", "(result i32)"),
    ("db_tx_rollback", "(result i32)"),
    ("tasks_list", "(param i64 i64) (result i64 i64)"),
];

impl Guest {
    /// Its module.
    pub(crate) fn wasm(&self) -> Vec<u8> {
        let mut text = String::from("(module ");
        for (name, ty) in IMPORTS {
            write!(text, "(import \"paca\" \"{name}\" (func ${name} {ty}))").unwrap();
        }
        let mut pieces = self.data.clone();
        pieces.extend([(1024, self.sql.to_owned()), (2048, self.emits.to_owned())]);
        for (at, piece) in &pieces {
            let escaped: String = piece.bytes().fold(String::new(), |mut text, byte| {
                write!(text, "\\{byte:02x}").unwrap();
                text
            });
            write!(text, "(data (i32.const {at}) \"{escaped}\")").unwrap();
        }
        let query = format!(
            "(call $db_query2 (i64.const 1024) (i64.const {}) (i64.const 0) (i64.const 0)
               (i64.const 0) (i64.const 4) (i64.const 16) (i64.const 20))",
            self.sql.len()
        );
        let emit = format!(
            "(drop (call $event_emit (i64.const 2048) (i64.const {}) (i64.const 0) (i64.const 0)))",
            self.emits.len()
        );
        write!(
            text,
            r#"(memory (export "memory") 2)
            (global $next (mut i32) (i32.const 16384))
            (func (export "paca_malloc") (param $n i32) (result i32)
              (local $p i32)
              (local.set $p (global.get $next))
              (global.set $next (i32.add (local.get $p) (local.get $n)))
              (local.get $p))
            (func (export "ResetAllocator") (global.set $next (i32.const 16384)))
            (func (export "HandleEvent") (param i32 i32 i32 i32))
            (func (export "HandleRequest") (param i32 i32) (result i64)
              {} {} {}
              (call $http_respond (i32.const {})
                (i64.load32_u (i32.const 0)) (i64.load32_u (i32.const 4)))
              (i64.const 0)))"#,
            if self.sql.is_empty() { "" } else { &query },
            if self.emits.is_empty() { "" } else { &emit },
            self.code,
            self.status,
        )
        .unwrap();
        wat::parse_str(&text).unwrap()
    }
}

/// The cassette for [`Guest::default`].
pub(crate) const NOTES: &str = r#"
[[answers]]
call = "query"
sql = "SELECT title FROM notes"
result = '{"columns":["title"],"rows":[["first"]]}'
"#;

/// A plugin folder.
pub(crate) struct Folder {
    root: TempDir,
    pub(crate) manifest: Value,
}

impl Folder {
    /// A plugin with one route, one guest and no scenario.
    pub(crate) fn new(guest: &Guest) -> Self {
        let manifest = json!({
            "id": "com.example.notes",
            "version": "1.0.0",
            "permissions": ["db:read:plugin_data", "events:emit"],
            "backend": {
                "routes": [{"method": "GET", "path": "/notes", "middlewares": []}],
                "eventSubscriptions": ["task.deleted"],
            },
        });
        let folder = Self { root: tempfile::tempdir().unwrap(), manifest };
        folder.build(guest);
        folder.write_manifest();
        folder
    }

    /// A plugin whose one scenario passes and is accepted.
    pub(crate) async fn accepted(guest: &Guest) -> Self {
        let folder = Self::new(guest);
        folder.write("golden/notes.toml", "[[steps]]\nrequest = \"GET /notes\"\n");
        folder.write("golden/cassettes/notes.toml", NOTES);
        let options = Options { update: Update::Accept, ..Options::default() };
        let report = folder.test(&options).await.unwrap();
        assert!(report.passed(), "{report:#?}");
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    /// Builds another guest.
    pub(crate) fn build(&self, guest: &Guest) {
        fs::write(self.path().join("plugin.wasm"), guest.wasm()).unwrap();
    }

    pub(crate) fn write_manifest(&self) {
        self.write("plugin.json", &self.manifest.to_string());
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) async fn test(&self, options: &Options) -> Result<Report, KitError> {
        Kit::new()?.test(self.path(), options, |_| {}).await
    }

    /// Runs everything, compares, writes nothing.
    pub(crate) async fn run(&self) -> Report {
        self.test(&Options::default()).await.unwrap()
    }

    /// The one scenario's report.
    pub(crate) async fn scenario(&self) -> ScenarioReport {
        self.run().await.scenarios.remove(0)
    }

    /// The transcript of a scenario, as far as it is not accepted yet, and what did not hold.
    pub(crate) async fn transcript(&self, scenario: &str) -> String {
        self.write("golden/notes.toml", scenario);
        let report = self.scenario().await;
        let failures = report.failures.iter().map(|it| format!("! {}", it.message));
        let text = report.difference.unwrap_or_default();
        let lines = text.lines().map(|line| line.trim_start_matches('+').to_owned());
        failures.chain(lines).collect::<Vec<_>>().join("\n")
    }
}
