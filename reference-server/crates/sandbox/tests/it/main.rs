//! The sandbox against tiny guests, with services in memory.
//!
//! Every guest is a few lines of WebAssembly text around [`guests::module`]; every test says in one
//! sentence what a host must do with it.

#![expect(clippy::unwrap_used, reason = "tests")]

mod cache;
mod caller;
mod captured;
mod config;
mod core_reads;
mod db;
mod events;
mod faults;
mod fetch;
mod fetch_waiting;
mod guests;
mod kv;
mod loading;
mod log;
mod modules;
mod pool;
mod requests;
mod reserved;
mod services;
mod time;
mod toolchains;
mod transactions;
mod wasi;
mod watched;
mod world;
