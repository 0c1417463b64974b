//! A recording from a live Postgres, and the test that replays it.

use std::fs;
use std::path::Path;

use golden::record::record;
use golden::{Kit, Options, Update};

/// The demo plugin in a folder of its own, without scenarios.
fn demo(folder: &Path) {
    let demo = fixtures_plugins::fixture("demo").unwrap();
    fs::write(folder.join("plugin.json"), demo.manifest.unwrap()).unwrap();
    fs::write(folder.join("plugin.wasm"), demo.wasm).unwrap();
    fs::create_dir_all(folder.join("migrations")).unwrap();
    for (name, sql) in demo.migrations {
        fs::write(folder.join("migrations").join(name), sql).unwrap();
    }
    fs::create_dir_all(folder.join("golden")).unwrap();
}

const SCENARIO: &str = r#"
before = [
    "INSERT INTO items (project_id, task_id, title, position) VALUES ('{apollo}', '{land}', 'Old', 1)",
]
[users.alice]
[projects.apollo.members.alice]
[tasks.land]
project = "apollo"

[[steps]]
request = "POST /projects/{apollo}/tasks/{land}/items"
as = "alice"
json = { title = "Fuel" }
capture = { item = "/id" }
expect = { status = 201, json = { "/position" = 2 } }

[[steps]]
request = "PATCH /projects/{apollo}/tasks/{land}/items/{item}"
as = "alice"
json = { done = true }
expect = { status = 200, json = { "/done" = true } }

[[steps]]
request = "GET /projects/{apollo}/tasks/{land}/items"
as = "alice"
expect = { json = { "/items/0/title" = "Old", "/items/1/done" = true } }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_is_replayed_without_a_database() {
    let folder = tempfile::tempdir().unwrap();
    demo(folder.path());
    fs::write(folder.path().join("golden/items.toml"), SCENARIO).unwrap();
    let kit = Kit::new().unwrap();
    let mut recordings = Vec::new();
    let taken = record(&kit, folder.path(), None, &[], |it| recordings.push(it.clone())).await;
    taken.unwrap();
    assert_eq!(recordings[0].failures, [""; 0]);
    assert!(recordings[0].answers >= 6, "{recordings:?}");

    let accept = Options { update: Update::Accept, ..Options::default() };
    let report = kit.test(folder.path(), &accept, |_| {}).await.unwrap();
    assert!(report.passed(), "{report:#?}");
    let exact = Options { deny_regressions: Some("0%".parse().unwrap()), ..Options::default() };
    let report = kit.test(folder.path(), &exact, |_| {}).await.unwrap();
    assert!(report.passed(), "{report:#?}");
    assert_eq!(report.scenarios[0].unplayed_answers, 0);

    // Recorded again, every id and every time is another one, and the transcript is the same.
    record(&kit, folder.path(), None, &[], |_| {}).await.unwrap();
    let report = kit.test(folder.path(), &Options::default(), |_| {}).await.unwrap();
    assert!(report.passed(), "{}", golden::report::terminal(&report, false, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_a_host_refuses_is_named() {
    let folder = tempfile::tempdir().unwrap();
    demo(folder.path());
    fs::write(folder.path().join("golden/items.toml"), "[[steps]]\nrequest = \"GET /stats\"\n")
        .unwrap();
    fs::write(folder.path().join("migrations/0002_more.sql"), "DROP ROLE postgres;").unwrap();
    let kit = Kit::new().unwrap();
    let error = record(&kit, folder.path(), None, &[], |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("the plugin's migrations are refused"), "{error}");
    assert!(error.contains("0002_more.sql"), "{error}");
}
