//! The one table of error codes.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $text:literal, $status:literal; )+) => {
        /// A stable code of the host's error envelope. Its status never varies.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $( $(#[doc = $doc])+ #[serde(rename = $text)] $variant, )+
        }

        impl ErrorCode {
            /// Every code, by status and then by topic.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// The code as it stands in `error_code`.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }

            /// The HTTP status it comes with.
            pub const fn status(self) -> u16 {
                match self { $( Self::$variant => $status, )+ }
            }

            /// When it is used, as in this table's documentation.
            pub const fn meaning(self) -> &'static str {
                match self { $( Self::$variant => concat!($($doc),+).trim_ascii(), )+ }
            }
        }
    };
}

error_codes! {
    /// The request cannot be understood: malformed JSON, a missing field, an id that is no UUID.
    BadRequest = "BAD_REQUEST", 400;
    /// The manifest has problems; `error_details.problems` lists every one.
    PluginManifestInvalid = "PLUGIN_MANIFEST_INVALID", 400;
    /// A version that is not strict X.Y.Z.
    PluginVersionInvalid = "PLUGIN_VERSION_INVALID", 400;
    /// The manifest's version is not the one the catalog or the request announced.
    PluginVersionMismatch = "PLUGIN_VERSION_MISMATCH", 400;
    /// An artifact is no archive, breaks a limit, fails its checksum or lacks what it must hold.
    PluginArchiveInvalid = "PLUGIN_ARCHIVE_INVALID", 400;
    /// No credentials where they are required.
    AuthMissingToken = "AUTH_MISSING_TOKEN", 401;
    /// A token or key that is malformed, expired, foreign or of the wrong kind.
    AuthTokenInvalid = "AUTH_TOKEN_INVALID", 401;
    /// A permission is required of a caller without identity.
    AuthUnauthenticated = "AUTH_UNAUTHENTICATED", 401;
    /// Login with a wrong username or password.
    AuthInvalidCredentials = "AUTH_INVALID_CREDENTIALS", 401;
    /// The API key was revoked.
    ApiKeyRevoked = "API_KEY_REVOKED", 401;
    /// The API key has expired.
    ApiKeyExpired = "API_KEY_EXPIRED", 401;
    /// The caller is known and may not.
    Forbidden = "FORBIDDEN", 403;
    /// The session's password must be changed first.
    AuthPasswordChangeRequired = "AUTH_PASSWORD_CHANGE_REQUIRED", 403;
    /// No such resource or path.
    NotFound = "NOT_FOUND", 404;
    /// No such plugin, or it is disabled, or it has no backend.
    PluginNotFound = "PLUGIN_NOT_FOUND", 404;
    /// The plugin declares no route for this method and path.
    PluginRouteNotFound = "PLUGIN_ROUTE_NOT_FOUND", 404;
    /// No such project.
    ProjectNotFound = "PROJECT_NOT_FOUND", 404;
    /// The caller or the named user is no member of the project.
    ProjectMemberNotFound = "PROJECT_MEMBER_NOT_FOUND", 404;
    /// No such task in the project.
    TaskNotFound = "TASK_NOT_FOUND", 404;
    /// No such user.
    UserNotFound = "USER_NOT_FOUND", 404;
    /// No such role.
    RoleNotFound = "ROLE_NOT_FOUND", 404;
    /// The path exists, the method does not.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405;
    /// The request contradicts what is stored.
    Conflict = "CONFLICT", 409;
    /// The username belongs to somebody else.
    UsernameTaken = "USERNAME_TAKEN", 409;
    /// A plugin of this name is installed.
    PluginNameTaken = "PLUGIN_NAME_TAKEN", 409;
    /// The plugin's schema is owned by another installed plugin, or its name is too long.
    PluginSchemaConflict = "PLUGIN_SCHEMA_CONFLICT", 409;
    /// The catalog offers the installed version.
    PluginAlreadyUpToDate = "PLUGIN_ALREADY_UP_TO_DATE", 409;
    /// The catalog offers an older version.
    PluginDowngradeNotAllowed = "PLUGIN_DOWNGRADE_NOT_ALLOWED", 409;
    /// Another change of the same plugin is running.
    PluginBusy = "PLUGIN_BUSY", 409;
    /// The request exceeds a size limit.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", 413;
    /// The file has no byte of the range that was asked for.
    RangeNotSatisfiable = "RANGE_NOT_SATISFIABLE", 416;
    /// The module does not compile, link or initialise.
    PluginLoadFailed = "PLUGIN_LOAD_FAILED", 422;
    /// A migration was refused or failed; `error_details` names file, line and reason.
    PluginMigrationFailed = "PLUGIN_MIGRATION_FAILED", 422;
    /// The host's own fault; the detail is in its log.
    InternalError = "INTERNAL_ERROR", 500;
    /// The guest trapped or exited.
    PluginTrapped = "PLUGIN_TRAPPED", 502;
    /// The guest's answer is no response envelope.
    PluginBadResponse = "PLUGIN_BAD_RESPONSE", 502;
    /// The guest's answer exceeds the response limit.
    PluginResponseTooLarge = "PLUGIN_RESPONSE_TOO_LARGE", 502;
    /// The catalog cannot be fetched or read.
    MarketplaceUnavailable = "MARKETPLACE_UNAVAILABLE", 502;
    /// An artifact cannot be downloaded.
    PluginDownloadFailed = "PLUGIN_DOWNLOAD_FAILED", 502;
    /// A store the request needs does not answer.
    ServiceUnavailable = "SERVICE_UNAVAILABLE", 503;
    /// The plugin is enabled but could not be loaded.
    PluginUnavailable = "PLUGIN_UNAVAILABLE", 503;
    /// There are more calls than the host takes; the plugin was not called. `Retry-After` says when to
    /// come again.
    PluginOverloaded = "PLUGIN_OVERLOADED", 503;
    /// The guest ran out of time.
    PluginTimeout = "PLUGIN_TIMEOUT", 504;
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
