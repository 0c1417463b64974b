//! One error type for everything the host itself asks of a store.
//!
//! Which error to use where: the stores and provisioning return [`StorageError`]; a plugin's own
//! statements fail with [`SqlError`](crate::plugin_sql::SqlError), whose text is made for the
//! guest; a plugin's migrations with [`MigrationError`](crate::migrations::MigrationError), whose
//! text is made for its author. All three answer `is_unavailable()`, the one question on which the
//! server's status depends: is the store away (503), or did the request fail (everything else)?

use contract::name::SchemaNameTooLong;

/// Why the host's own access to a store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// Postgres cannot be reached, refuses connections, or all of them stayed busy.
    #[error("the database is unavailable")]
    DatabaseUnavailable(#[source] sqlx::Error),
    /// Valkey cannot be reached.
    #[error("the event store is unavailable")]
    EventStoreUnavailable(#[source] redis::RedisError),
    /// The URL of a store is not usable.
    #[error("the {store} URL is not valid: {reason}")]
    InvalidUrl {
        /// `database` or `valkey`.
        store: &'static str,
        /// What is wrong with it, without its credentials.
        reason: String,
    },
    /// The server is older than the oldest one this crate works with.
    #[error("Postgres {found} is too old; {required} or newer is needed")]
    UnsupportedServer {
        /// The server's version, as it prints it.
        found: String,
        /// The oldest supported version.
        required: &'static str,
    },
    /// A core migration failed, or the database was made by a newer host.
    #[error("the core tables could not be brought up to date")]
    CoreMigration(#[source] sqlx::migrate::MigrateError),
    /// A value that must be unique exists already, such as a user name or a plugin name.
    #[error("the value is already taken ({constraint})")]
    Conflict {
        /// The violated constraint, by its name in the database.
        constraint: String,
    },
    /// The row points at one that does not exist.
    #[error("the row refers to one that does not exist ({constraint})")]
    MissingReference {
        /// The violated constraint, by its name in the database.
        constraint: String,
    },
    /// The row cannot go while others refer to it.
    #[error("the row is still referred to ({constraint})")]
    StillReferenced {
        /// The violated constraint, by its name in the database.
        constraint: String,
    },
    /// A text holds a character Postgres cannot store: U+0000.
    #[error("the text holds a character that cannot be stored")]
    UnstorableText,
    /// The plugin's schema belongs to a plugin of another name (decision D6).
    #[error("schema {schema} belongs to plugin {owner}")]
    SchemaTaken {
        /// The schema both names map to.
        schema: String,
        /// The plugin that has it.
        owner: String,
    },
    /// The plugin's name makes a schema name that Postgres would cut short (decision D6).
    #[error(transparent)]
    SchemaNameTooLong(#[from] SchemaNameTooLong),
    /// Postgres refused or failed a statement of the host's own.
    #[error("{operation} failed in the database")]
    Database {
        /// What the host was doing.
        operation: &'static str,
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// Valkey refused or failed a command.
    #[error("{operation} failed in the event store")]
    EventStore {
        /// What the host was doing.
        operation: &'static str,
        /// The driver's error.
        #[source]
        source: redis::RedisError,
    },
}

impl StorageError {
    /// True when the store is away rather than the request wrong; a server answers 503.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::DatabaseUnavailable(_) | Self::EventStoreUnavailable(_))
    }

    /// True when a unique value is taken; a server answers 409.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::StillReferenced { .. })
    }

    pub(crate) fn database(operation: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::from_sqlx(operation, source)
    }

    pub(crate) fn from_sqlx(operation: &'static str, source: sqlx::Error) -> Self {
        if is_away(&source) || ran_out_of_time(&source) {
            return Self::DatabaseUnavailable(source);
        }
        let sqlx::Error::Database(error) = &source else {
            return Self::Database { operation, source };
        };
        let constraint = || error.constraint().unwrap_or("unnamed").to_owned();
        match error.code().as_deref() {
            Some("23505") => Self::Conflict { constraint: constraint() },
            // One code serves both ends of a foreign key; only the message tells them apart.
            Some("23503") if error.message().starts_with("update or delete") => {
                Self::StillReferenced { constraint: constraint() }
            }
            Some("23503") => Self::MissingReference { constraint: constraint() },
            Some("23001") => Self::StillReferenced { constraint: constraint() },
            Some("22021" | "22P05") => Self::UnstorableText,
            _ => Self::Database { operation, source },
        }
    }

    pub(crate) fn from_migrate(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(source) if is_away(&source) => {
                Self::DatabaseUnavailable(source)
            }
            other => Self::CoreMigration(other),
        }
    }

    pub(crate) fn events(operation: &'static str) -> impl FnOnce(redis::RedisError) -> Self {
        move |source| {
            if source.is_io_error()
                || source.is_timeout()
                || source.is_connection_dropped()
                || source.is_connection_refusal()
            {
                Self::EventStoreUnavailable(source)
            } else {
                Self::EventStore { operation, source }
            }
        }
    }
}

/// Whether Postgres ended one of the host's own statements because it took too long: the statements
/// are quick, so it is the server that is slow.
fn ran_out_of_time(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == "57014")
}

/// Whether a driver error says that the server is away, rather than that it disliked a statement.
pub(crate) fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // Class 08: the connection. 57P01..57P03: shutting down, crashed, starting up.
            // 53300: no connection left.
            code.starts_with("08") || matches!(&*code, "57P01" | "57P02" | "57P03" | "53300")
        }),
        _ => false,
    }
}
