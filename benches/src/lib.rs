//! What the benches share: an echo guest, called raw and through the sandbox, and a way to put two
//! things into proportion in one run.
//!
//! Absolute times say more about a machine than about the code. Every question here is therefore
//! asked as a ratio to the least that could have been done instead, measured in the same run.

mod echo;
mod ratio;

pub use echo::{ECHO, RawEcho, envelope, sandboxed_echo};
pub use ratio::ratio;
