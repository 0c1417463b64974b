//! The contract from outside: tables of examples, and properties of every round trip.

mod abi;
mod api;
mod catalog;
mod envelope;
mod event;
mod fetch;
mod manifest;
mod name;
mod permissions;
mod route;
mod version;
