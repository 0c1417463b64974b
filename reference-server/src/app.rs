//! What handlers share. Built once in [`crate::server`]; its parts never change.

use std::sync::Arc;

use lifecycle::Lifecycle;
use policy::Policy;
use storage::{Database, events::EventBus};
use tokio::sync::SetOnce;

use crate::{
    auth::{password::Passwords, permissions::Access, sessions::Sessions, token::Tokens},
    config::Config,
    metrics::Metrics,
};

/// The parts of a running host.
#[derive(Debug)]
pub struct App {
    /// Settings.
    pub config: Config,
    /// The specification's decisions, with the limits of the settings.
    pub policy: Arc<Policy>,
    /// Postgres.
    pub database: Database,
    /// The way of events.
    pub events: Arc<dyn EventBus>,
    /// Plugins: what is installed, and every change of it.
    pub lifecycle: Lifecycle,
    /// Signs and checks tokens.
    pub tokens: Tokens,
    /// Who is signed in.
    pub sessions: Sessions,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// What is measured.
    pub metrics: Metrics,
    /// Looks permissions up.
    pub access: Access,
    /// Set once every plugin that was found at the start is loaded, or known not to load.
    pub loaded: SetOnce<()>,
}
