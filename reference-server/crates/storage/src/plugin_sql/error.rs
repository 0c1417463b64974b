//! Failures of plugins' statements, in words for the guest.

use policy::sql::code;
use sqlx::postgres::PgDatabaseError;

use crate::error::is_away;
use crate::plugin_session::AcquireError;

/// Why a plugin's statement failed. `Display` is the text a guest reads: code, colon, message.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SqlError {
    /// One of [`policy::sql::code`].
    pub code: &'static str,
    /// What happened, without the code.
    pub message: String,
    origin: Origin,
    #[source]
    source: Option<Box<sqlx::Error>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// This crate refused something.
    Host,
    /// Postgres answered with an error; the session works on.
    Postgres,
    /// The store is away.
    Away,
    /// The driver gave up.
    Driver,
    /// Postgres cannot use what was prepared.
    StalePlan,
}

impl SqlError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), origin: Origin::Host, source: None }
    }

    /// True when the store is away rather than the statement wrong.
    pub fn is_unavailable(&self) -> bool {
        self.origin == Origin::Away
    }

    /// True when the session had prepared the statement for tables that another host has migrated
    /// since. The session is not handed back, and a second attempt prepares anew.
    pub(super) fn is_stale_plan(&self) -> bool {
        self.origin == Origin::StalePlan
    }

    pub(crate) fn is_by_postgres(&self) -> bool {
        self.origin == Origin::Postgres
    }
}

impl From<sqlx::Error> for SqlError {
    fn from(error: sqlx::Error) -> Self {
        let away = is_away(&error);
        let refused = error
            .as_database_error()
            .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
            .map(|error| (classify(error), wording(error), is_stale_plan(error)));
        let (code, message, origin) = match refused {
            _ if away => {
                (code::DATABASE_ERROR, "the database is unavailable".to_owned(), Origin::Away)
            }
            Some((code, message, stale)) => {
                (code, message, if stale { Origin::StalePlan } else { Origin::Postgres })
            }
            // The driver's own words speak of protocols and hosts; they are for the log.
            None => (
                code::DATABASE_ERROR,
                "the statement cannot be run here".to_owned(),
                Origin::Driver,
            ),
        };
        Self { code, message, origin, source: Some(Box::new(error)) }
    }
}

impl From<AcquireError> for SqlError {
    fn from(error: AcquireError) -> Self {
        match error {
            AcquireError::Busy => {
                Self::new(code::TIMEOUT, "all database connections of the plugin stayed busy")
            }
            AcquireError::Database(error) if is_login_refused(&error) => Self {
                code: code::DATABASE_ERROR,
                message: "the plugin has no database role".to_owned(),
                origin: Origin::Host,
                source: Some(Box::new(error)),
            },
            AcquireError::Database(error) => error.into(),
        }
    }
}

/// Class 28 is authorization: no such role, no login, wrong password.
fn is_login_refused(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code.starts_with("28"))
}

fn classify(error: &PgDatabaseError) -> &'static str {
    match error.code() {
        "42501" => code::PERMISSION_DENIED,
        // Cancelled: `statement_timeout`. A lock or an idle transaction that took too long.
        "57014" | "55P03" | "25P03" => code::TIMEOUT,
        // A write in a READ ONLY transaction.
        "25006" => code::STATEMENT_NOT_ALLOWED,
        "42601" => code::SYNTAX_ERROR,
        _ => code::DATABASE_ERROR,
    }
}

fn wording(error: &PgDatabaseError) -> String {
    let mut text = error.message().to_owned();
    if let Some(detail) = error.detail() {
        text.push_str(" (");
        text.push_str(detail);
        text.push(')');
    }
    text.push_str(" [SQLSTATE ");
    text.push_str(error.code());
    text.push(']');
    text
}

/// "cached plan must not change result type". The code alone, 0A000, means many things.
fn is_stale_plan(error: &PgDatabaseError) -> bool {
    error.code() == "0A000" && error.routine() == Some("RevalidateCachedQuery")
}
