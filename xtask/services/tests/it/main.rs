//! One binary for all tests that need servers, or run the `services` program.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod containers;
mod control;
mod exec;
mod killed;
mod leftovers;
mod test_database;
