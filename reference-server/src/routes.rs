//! Handlers, one module per resource. Each reads like its line in the route table: who may, what
//! comes in, what goes out.

pub mod admin_plugins;
pub mod admin_users;
pub mod api_keys;
pub mod auth;
pub mod extension_settings;
pub mod fallback;
pub mod health;
pub mod me;
pub mod members;
pub mod plugins;
pub mod projects;
pub mod roles;
pub mod static_files;
pub mod tasks;

mod validate;
