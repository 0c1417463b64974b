//! What can be wrong with a manifest.

use std::fmt;

use serde::Serialize;

/// Stable codes of [`Problem`]s.
pub mod code {
    /// Not JSON at all, or nested too deeply.
    pub const INVALID_JSON: &str = "invalid_json";
    /// A required field is absent.
    pub const MISSING_FIELD: &str = "missing_field";
    /// A field has another JSON type than it must.
    pub const WRONG_TYPE: &str = "wrong_type";
    /// A text that must not be empty is.
    pub const EMPTY: &str = "empty";
    /// The id does not follow the pattern of plugin names.
    pub const INVALID_NAME: &str = "invalid_name";
    /// The id is not the name under which the plugin is installed.
    pub const NAME_MISMATCH: &str = "name_mismatch";
    /// The version is not X.Y.Z.
    pub const INVALID_VERSION: &str = "invalid_version";
    /// A middleware the host does not know.
    pub const UNKNOWN_MIDDLEWARE: &str = "unknown_middleware";
    /// `requirePermissions` without a permission.
    pub const EMPTY_PERMISSIONS: &str = "empty_permissions";
    /// A scope other than `global` and `project`.
    pub const UNKNOWN_SCOPE: &str = "unknown_scope";
    /// Project scope on a path that has no such parameter.
    pub const MISSING_PROJECT_PARAM: &str = "missing_project_param";
    /// A method routes cannot have.
    pub const INVALID_METHOD: &str = "invalid_method";
    /// A route that an earlier one makes unreachable.
    pub const DUPLICATE_ROUTE: &str = "duplicate_route";
    /// A path that is no pattern.
    pub const INVALID_PATH: &str = "invalid_path";
    /// An outbound domain that is no host name.
    pub const INVALID_DOMAIN: &str = "invalid_domain";

    /// All of them.
    pub const ALL: [&str; 15] = [
        INVALID_JSON,
        MISSING_FIELD,
        WRONG_TYPE,
        EMPTY,
        INVALID_NAME,
        NAME_MISMATCH,
        INVALID_VERSION,
        UNKNOWN_MIDDLEWARE,
        EMPTY_PERMISSIONS,
        UNKNOWN_SCOPE,
        MISSING_PROJECT_PARAM,
        INVALID_METHOD,
        DUPLICATE_ROUTE,
        INVALID_PATH,
        INVALID_DOMAIN,
    ];
}

/// One thing wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// JSON pointer (RFC 6901) to the place; for a missing field, to where it should be.
    pub pointer: String,
    /// One of [`code`].
    pub code: &'static str,
    /// What is wrong, for a human.
    pub message: String,
}

impl Problem {
    /// Builds a problem.
    pub fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "manifest" } else { &self.pointer };
        write!(f, "{place}: {} ({})", self.message, self.code)
    }
}

/// Everything wrong with a manifest, in document order of the checks; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ManifestProblems(pub Vec<Problem>);

impl fmt::Display for ManifestProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(f, "the manifest has a problem: {only}"),
            all => {
                write!(f, "the manifest has {} problems:", all.len())?;
                all.iter().try_for_each(|problem| write!(f, " {problem};"))
            }
        }
    }
}

impl std::error::Error for ManifestProblems {}
