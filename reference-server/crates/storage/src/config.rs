//! How to reach Postgres, and how much of it plugins may use.

use std::fmt;
use std::time::Duration;

/// Settings of a [`Database`](crate::Database). What limits a plugin's statements (time, rows, bytes)
/// is in the policy's [`Limits`](policy::Limits).
#[derive(Clone)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host:port/database`. The user owns the database or is a
    /// superuser, and may create roles.
    pub url: String,
    /// From which the passwords of plugin roles are derived. Every host on one database has the
    /// same secret; after a change, provisioning gives the roles their new passwords.
    pub role_secret: Vec<u8>,
    /// Connections for the host's own tables.
    pub core_connections: u32,
    /// Connections of all plugins together, busy and idle. With the host's own they stay well
    /// below the 100 a Postgres allows unless told otherwise.
    pub plugin_connections: usize,
    /// Connections one plugin may hold at a time, so that a plugin with slow statements leaves
    /// some for the others.
    pub plugin_connections_each: usize,
    /// How long a statement waits for a connection before it counts as unavailable.
    pub acquire_timeout: Duration,
    /// How long a statement of the host's own may take, and work of several of them. Longer, and the
    /// database counts as away.
    pub statement_timeout: Duration,
    /// How long an idle plugin connection is kept.
    pub plugin_idle_timeout: Duration,
    /// Longest run of one migration statement.
    pub migration_timeout: Duration,
    /// Longest wait of a migration for a lock. A foreign key locks a core table, and whoever waits
    /// for that lock makes everybody else wait behind them.
    pub migration_lock_timeout: Duration,
}

impl DatabaseConfig {
    /// The defaults, for a database and a secret.
    pub fn new(url: impl Into<String>, role_secret: impl Into<Vec<u8>>) -> Self {
        Self {
            url: url.into(),
            role_secret: role_secret.into(),
            core_connections: 10,
            plugin_connections: 20,
            plugin_connections_each: 5,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(10),
            plugin_idle_timeout: Duration::from_mins(1),
            migration_timeout: Duration::from_mins(1),
            migration_lock_timeout: Duration::from_secs(5),
        }
    }
}

impl fmt::Debug for DatabaseConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL and the secret are credentials.
        f.debug_struct("DatabaseConfig")
            .field("core_connections", &self.core_connections)
            .field("plugin_connections", &self.plugin_connections)
            .finish_non_exhaustive()
    }
}
