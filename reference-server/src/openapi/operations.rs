//! Who may call an operation, and which codes of its own it answers. A test holds the table and the
//! routes together, both ways.

#![cfg_attr(not(test), expect(clippy::enum_glob_use, reason = "a table of nothing but codes"))]

use contract::api::ErrorCode::{self, *};

use super::plugin_routes::CALL;

/// Who is asked for credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Nobody.
    Public,
    /// Nobody; whoever brings some is known.
    Anybody,
    /// A session or an API key.
    Caller,
    /// A session: a person at the other end.
    Session,
}

impl Access {
    /// The codes that asking brings.
    pub(super) fn codes(self) -> &'static [ErrorCode] {
        match self {
            Self::Public => &[],
            Self::Anybody => &[AuthPasswordChangeRequired],
            Self::Caller | Self::Session => &[
                AuthMissingToken,
                AuthTokenInvalid,
                ApiKeyRevoked,
                ApiKeyExpired,
                Forbidden,
                AuthPasswordChangeRequired,
            ],
        }
    }
}

/// One row.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: &'static str,
    pub(super) access: Access,
    pub(super) codes: &'static [ErrorCode],
}

const fn op(id: &'static str, access: Access, codes: &'static [ErrorCode]) -> Operation {
    Operation { id, access, codes }
}

/// The row of an operation.
pub(super) fn of(id: &str) -> Option<&'static Operation> {
    if id.starts_with(CALL) {
        return Some(&CALL_PLUGIN);
    }
    OPERATIONS.iter().find(|operation| operation.id == id)
}

/// What a plugin may do to a catalog's entry and its archives on the way in.
const INSTALLING: &[ErrorCode] = &[
    PluginNotFound,
    PluginNameTaken,
    PluginSchemaConflict,
    PluginBusy,
    PluginManifestInvalid,
    PluginVersionInvalid,
    PluginVersionMismatch,
    PluginArchiveInvalid,
    PluginLoadFailed,
    PluginMigrationFailed,
    MarketplaceUnavailable,
    PluginDownloadFailed,
];

use Access::{Anybody, Caller, Public, Session};

/// Every operation but those of plugins.
#[rustfmt::skip]
pub(super) const OPERATIONS: &[Operation] = &[
    op("healthz", Public, &[]),
    op("readyz", Public, &[]),
    op("metrics", Public, &[]),
    op("openapi", Public, &[]),

    op("login", Public, &[AuthInvalidCredentials]),
    op("refresh", Public, &[AuthMissingToken, AuthTokenInvalid]),
    op("logout", Session, &[]),
    op("showMe", Caller, &[UserNotFound]),
    op("changeMe", Caller, &[UserNotFound]),
    op("changePassword", Session, &[AuthInvalidCredentials, UserNotFound]),
    op("listApiKeys", Session, &[]),
    op("createApiKey", Session, &[]),
    op("revokeApiKey", Session, &[NotFound]),

    op("listUsers", Caller, &[]),
    op("createUser", Caller, &[UsernameTaken, RoleNotFound]),
    op("deleteUser", Caller, &[UserNotFound, Conflict]),
    op("setPassword", Caller, &[UserNotFound]),

    op("listProjects", Caller, &[]),
    op("createProject", Caller, &[]),
    op("showProject", Caller, &[ProjectNotFound]),
    op("changeProject", Caller, &[ProjectNotFound]),
    op("deleteProject", Caller, &[ProjectNotFound]),
    op("listMembers", Caller, &[ProjectNotFound]),
    op("addMember", Caller, &[ProjectNotFound, UserNotFound, RoleNotFound, Conflict]),
    op("changeMember", Caller, &[ProjectMemberNotFound, RoleNotFound]),
    op("removeMember", Caller, &[ProjectMemberNotFound, Conflict]),
    op("listRoles", Caller, &[ProjectNotFound]),
    op("createRole", Caller, &[ProjectNotFound, Conflict]),
    op("changeRole", Caller, &[RoleNotFound, Conflict]),
    op("deleteRole", Caller, &[RoleNotFound, Conflict]),
    op("listTasks", Caller, &[ProjectNotFound]),
    op("createTask", Caller, &[ProjectNotFound]),
    op("showTask", Caller, &[TaskNotFound]),
    op("changeTask", Caller, &[TaskNotFound]),
    op("deleteTask", Caller, &[TaskNotFound]),

    op("listPlugins", Anybody, &[]),
    op("registerPlugin", Caller, INSTALLING),
    op("listMarketplace", Caller, &[MarketplaceUnavailable]),
    op("installPlugin", Caller, INSTALLING),
    op("changePlugin", Caller, &[
        PluginNotFound, PluginBusy, PluginManifestInvalid, PluginVersionInvalid,
        PluginVersionMismatch, PluginLoadFailed,
    ]),
    op("uninstallPlugin", Caller, &[PluginNotFound, PluginBusy, PluginMigrationFailed]),
    op("upgradePlugin", Caller, &[
        PluginNotFound, PluginBusy, PluginManifestInvalid, PluginVersionInvalid,
        PluginVersionMismatch, PluginAlreadyUpToDate, PluginDowngradeNotAllowed,
        PluginArchiveInvalid, PluginLoadFailed, PluginMigrationFailed, PluginSchemaConflict,
        MarketplaceUnavailable, PluginDownloadFailed,
    ]),
    op("putExtensionSetting", Caller, &[PluginNotFound]),
    op("getPluginFile", Public, FILE),
    op("getPluginMcpFile", Public, FILE),
];

/// What may be answered instead of a file.
const FILE: &[ErrorCode] =
    &[PluginNotFound, NotFound, RangeNotSatisfiable, InternalError, ServiceUnavailable];

/// A request to a plugin. Its manifest says who may call; without credentials nobody is refused here.
const CALL_PLUGIN: Operation = op(
    CALL,
    Anybody,
    &[
        AuthMissingToken,
        AuthTokenInvalid,
        AuthUnauthenticated,
        ApiKeyRevoked,
        ApiKeyExpired,
        Forbidden,
        PluginNotFound,
        PluginRouteNotFound,
        ProjectMemberNotFound,
        PayloadTooLarge,
        PluginTrapped,
        PluginBadResponse,
        PluginResponseTooLarge,
        PluginUnavailable,
        PluginOverloaded,
        PluginTimeout,
    ],
);
