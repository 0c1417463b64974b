//! The lifecycle against a real Postgres, a real sandbox and a catalog over HTTP.
#![expect(clippy::unwrap_used, reason = "a failed set-up fails the test")]

mod faults;
mod install;
mod interrupted;
mod manual;
mod marketplace;
mod refusals;
mod replicas;
mod support;
mod uninstall;
mod upgrade;
