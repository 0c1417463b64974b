//! Middlewares a route may name (facts 3).

use serde::Serialize;

/// Parameter from which `requirePermissions` takes the project when the manifest names none.
pub const DEFAULT_PROJECT_PARAM: &str = "projectId";

/// One step between the router and the guest, in manifest order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "name", rename_all = "camelCase")]
pub enum Middleware {
    /// Requires a session or an API key.
    Authn,
    /// Attaches the caller's identity when there is one.
    OptionalAuthn,
    /// Refuses sessions whose password must be changed.
    RequireFreshPassword,
    /// Refuses callers that come with an API key only.
    #[serde(rename = "requireJWTAuth")]
    RequireJwtAuth,
    /// Requires every listed permission.
    RequirePermissions {
        /// Where the permissions are looked up.
        scope: Scope,
        /// Never empty.
        permissions: Vec<String>,
    },
}

impl Middleware {
    /// The name manifests use.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Authn => "authn",
            Self::OptionalAuthn => "optionalAuthn",
            Self::RequireFreshPassword => "requireFreshPassword",
            Self::RequireJwtAuth => "requireJWTAuth",
            Self::RequirePermissions { .. } => "requirePermissions",
        }
    }
}

/// Where `requirePermissions` looks permissions up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "scope", rename_all = "camelCase")]
pub enum Scope {
    /// The caller's global role.
    Global,
    /// The caller's role in the project that the route's parameter names.
    Project {
        /// Route parameter that holds the project's UUID; it is part of the route's path.
        param: String,
    },
}

/// A middleware's kind, as recognised from its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Authn,
    OptionalAuthn,
    RequireFreshPassword,
    RequireJwtAuth,
    RequirePermissions,
}

impl Kind {
    /// Names are matched trimmed and without regard to case (facts 3).
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "authn" => Self::Authn,
            "optionalauthn" => Self::OptionalAuthn,
            "requirefreshpassword" => Self::RequireFreshPassword,
            "requirejwtauth" => Self::RequireJwtAuth,
            "requirepermissions" => Self::RequirePermissions,
            _ => return None,
        })
    }
}
