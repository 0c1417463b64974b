//! What is published for others: the schema, and what `init` writes by it.

use std::path::Path;

use contract::manifest::Manifest;
use golden::scenario::{Scenario, schema};
use golden::snapshot::Place;

use crate::folder::{Folder, Guest};

#[test]
fn the_published_schema_is_the_one_the_code_has() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/scenario.schema.json");
    let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some_and(|it| it == "1") {
        std::fs::write(path, &text).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap();
    assert_eq!(published, text, "UPDATE_GOLDEN=1 writes the file");
}

#[test]
fn what_init_writes_is_a_scenario_by_the_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for name in ["demo", "go_notes", "minimal"] {
        let manifest = fixtures_plugins::fixture(name).unwrap().manifest.unwrap();
        let manifest = Manifest::parse(manifest.as_bytes()).unwrap();
        let text = golden::init::first_scenario(&manifest);
        let scenario = Scenario::parse(Path::new("first.toml"), &text).unwrap();
        let backend = manifest.backend.unwrap();
        assert_eq!(scenario.steps.len(), backend.routes.len() + backend.event_subscriptions.len());
        let value: serde_json::Value = toml::from_str(&text).unwrap();
        let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}\n{text}");
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for wrong in ["descripton = 'x'", "[[steps]]\nrequets = 'GET /'", "[[steps]]\nfault = 'timout'"]
    {
        let value: serde_json::Value = toml::from_str(wrong).unwrap();
        assert!(!validator.is_valid(&value), "{wrong}");
    }
}

#[tokio::test]
async fn insta_reads_what_was_accepted() {
    let folder = Folder::accepted(&Guest::default()).await;
    let golden = folder.path().join("golden");
    let text = Place::new(&golden, "notes").read().unwrap().unwrap().text;
    let settings = {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(golden.join("snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings
    };
    settings.bind(|| insta::assert_snapshot!("notes", text));
}
