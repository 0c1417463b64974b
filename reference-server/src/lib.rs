//! The reference host: HTTP API, identity, the plugin proxy, and what ties the crates below together.
//!
//! | to see | read |
//! |---|---|
//! | every route | [`router`], described by [`openapi`] |
//! | what happens to every request | [`middleware`] |
//! | a request on its way through a plugin | [`proxy`] |
//! | who is calling, and what they may do | [`auth`] |
//! | an event on its way to plugins | [`dispatcher`] |
//! | what plugins ask of the host | [`host_services`] |
//! | start and stop | [`server`] |
//! | what is logged and measured | [`telemetry`], [`metrics`] |
//! | every setting | [`config`] and `default-config.toml` |
//!
//! **Architecture invariant:** plugins are installed, changed and removed by [`lifecycle`] alone, run
//! by [`sandbox`] alone, and SQL is written in [`storage`] alone; this crate decides who may ask for
//! it and answers in the envelope.

pub mod app;
pub mod auth;
pub mod bootstrap;
pub mod cli;
pub mod config;
pub mod dispatcher;
pub mod error;
pub mod extract;
pub mod host_services;
pub mod metrics;
pub mod middleware;
#[cfg(feature = "mutants")]
pub mod mutant;
pub mod openapi;
pub mod proxy;
pub mod reply;
pub mod router;
pub mod routes;
pub mod server;
pub mod shutdown;
pub mod telemetry;
