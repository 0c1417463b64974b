//! Which mistake this process makes on purpose, and how often it did.
//!
//! A program is at most one mutant, from its start to its end. Nothing of the host that anybody
//! ships depends on this crate: `cargo xtask conformance --mutants` writes its calls into a copy of
//! the host's sources.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

static CHOSEN: OnceLock<&'static str> = OnceLock::new();
static HITS: AtomicU64 = AtomicU64::new(0);

/// Makes this process the mutant of that name, once and for all; false when it is another already.
pub fn choose(name: &'static str) -> bool {
    CHOSEN.set(name).is_ok()
}

/// The mutant that this process is.
pub fn chosen() -> Option<&'static str> {
    CHOSEN.get().copied()
}

/// Whether the mistake of that name is to be made, here and now. Counts if it is.
pub fn is(name: &str) -> bool {
    chosen() == Some(name) && mistake(true)
}

/// Passes on what the specification does not say, and counts.
pub fn mistake<T>(wrong: T) -> T {
    HITS.fetch_add(1, Ordering::Relaxed);
    wrong
}

/// How often the code with the mistake ran.
pub fn hits() -> u64 {
    HITS.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_one_mutant_and_counts_its_mistakes_only() {
        assert!(!is("one"));
        assert!(choose("one") && !choose("another"));
        assert_eq!((chosen(), hits()), (Some("one"), 0));
        assert!(is("one") && !is("another"));
        assert_eq!((mistake(7), hits()), (7, 2));
    }
}
