//! The mutants that are wired into these sources: none, where one reads this. In the copy from which
//! `cargo xtask conformance --mutants` builds, this file lists those of `reference-server/mutants/`.

use crate::Entry;

/// By chapter.
pub const WIRED: &[(&str, &[Entry])] = &[];
