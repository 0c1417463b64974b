//! The suite this binary carries.

use hostproof::sources::Sources;
use hostproof::suite::Suite;

/// The gate of the ledger, as a test: every sentence is guarded, no text moved, every id is known.
#[test]
fn the_gate_is_open() {
    if let Err(error) = Suite::load(&Sources::embedded()) {
        panic!("{error}");
    }
}

#[test]
fn the_binary_carries_what_the_folder_holds() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let (folder, embedded) = (Sources::from_folder(root).unwrap(), Sources::embedded());
    assert_eq!(folder.chapters, embedded.chapters);
    assert_eq!(folder.cases, embedded.cases);
    assert_eq!(folder.lock, embedded.lock);
    assert!(!embedded.cases.is_empty());
}
