//! The golden tests of this repository's own plugins.

use std::path::{Path, PathBuf};

/// Folders below the guests' that have scenarios.
fn plugins(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let skipped = path.file_name().is_some_and(|name| name == "target" || name == "src");
        if !path.is_dir() || skipped {
            continue;
        }
        if path.join("plugin.json").is_file() && path.join("golden").is_dir() {
            found.push(path);
        } else {
            plugins(&path, found);
        }
    }
}

#[test]
fn every_plugin_with_scenarios_passes_them() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures-plugins");
    let mut found = Vec::new();
    plugins(&fixtures.canonicalize().unwrap(), &mut found);
    assert!(!found.is_empty(), "no plugin of {} has a golden/", fixtures.display());
    for plugin in found {
        golden::assert_golden(plugin);
    }
}
