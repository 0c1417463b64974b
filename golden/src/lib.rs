//! Blessed files: contracts written down, compared on every test run, changed only deliberately.
//!
//! The folder's `README.md` says what each file states and who generates it. This library is the
//! comparer; the test `blessed` renders the files from the code and asks it.

mod blessed;

pub use blessed::{Blessed, Mismatch, UPDATE};
