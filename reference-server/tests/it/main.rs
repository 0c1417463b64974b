//! The host over HTTP: the real router on a loopback listener, on a real Postgres. One module per
//! resource; every answer passes the checks of [`support::answer`].

#![expect(clippy::unwrap_used, reason = "in a test, an unexpected error is a failure")]

mod admin_plugins;
mod admin_users;
mod api_keys;
mod auth;
mod binary;
mod event_delivery;
mod events;
mod fallback;
mod faults;
mod health;
mod logs;
mod me;
mod members;
mod metrics;
mod openapi;
mod projects;
mod proxy;
mod roles;
mod starting;
mod support;
mod tasks;
