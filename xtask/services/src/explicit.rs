//! Servers that somebody else runs, named by the environment.

/// Names a running Postgres, as a superuser's URL.
pub const DATABASE_URL_VARIABLE: &str = "HOSTPROOF_DATABASE_URL";
/// Names a running Valkey or Redis.
pub const VALKEY_URL_VARIABLE: &str = "HOSTPROOF_VALKEY_URL";

/// The variable's value, unless it is unset or empty.
pub(crate) fn from_environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}
