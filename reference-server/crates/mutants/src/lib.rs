//! Hosts with one mistake each: what the conformance suite has to notice.
//!
//! A mutant is a mistake that somebody who writes a host could make, tied to the sentences of
//! `conformance/spec/` that it breaks. There are two families:
//!
//! - What [`policy`] decides is wrong in one field of [`Policy`]: a *decision* (a function) or a
//!   *value*. Those are here, a file per chapter, and this crate's tests show each wrong answer beside
//!   the right one.
//! - What no policy decides, which step comes first, what is persisted, what is undone, is a *wiring*
//!   mutant: data in `reference-server/mutants/`, the right code and the wrong code of one place.
//!   `cargo xtask conformance --mutants` writes them into a copy of the sources, and their list into
//!   the copy of [`wired`].
//!
//! No program depends on this crate unless it is built with the feature `mutants` of
//! `reference-server`, which no ordinary build has.
//!
//! # To add one
//!
//! Find the sentence, and the mistake: one that a person would make there, not one that breaks
//! everything. Where two layers stand behind a sentence, the mistake has to be made in both. One that
//! nobody can notice goes to `reference-server/mutants/equivalent.toml`, with the argument. What a
//! replaced function gets wrong it passes through [`mutant_switch::mistake`], which counts; values are
//! read in too many places to be counted. Each decision wants a line in a table of `tests/it`.

mod catalogue;
mod chapters;
pub mod wired;

use policy::Policy;

pub use catalogue::{Entry, How, Kind};

/// Every mutant, with the chapter it belongs to: the control first, then decisions and values, then
/// what was wired into these sources.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Entry)> {
    let chapters = chapters::ALL.iter().chain(wired::WIRED);
    chapters.flat_map(|(area, entries)| entries.iter().map(move |entry| (*area, entry)))
}

/// The mutant of a name.
pub fn find(name: &str) -> Option<&'static Entry> {
    all().map(|(_, entry)| entry).find(|entry| entry.name == name)
}

/// The mutant that this process is.
pub fn chosen() -> Option<&'static Entry> {
    find(mutant_switch::chosen()?)
}

/// Puts the mistake of the mutant that this process is into a policy, where that is its place.
pub fn apply(policy: &mut Policy) {
    if let Some(entry) = chosen() {
        entry.apply(policy);
    }
}
