//! The kit as an author meets it: folders with a manifest and wasm in them, the program `golden`, and
//! files that are wrong.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod breaks;
mod broken;
mod costs;
mod determinism;
mod fixtures;
mod folder;
mod front;
mod program;
mod published;
mod record;
mod world;
