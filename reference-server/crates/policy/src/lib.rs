//! The specification's decisions as plain values and functions.
//!
//! Wherever the specification decides something (which statement a plugin may run, which address
//! it may reach, which version replaces which), the decision is a field of [`Policy`]: a value or
//! a function pointer. The whole host is built from one `Arc<Policy>` and asks it at the place of
//! use. [`Policy::default`] *is* the specification; a host that differs in one field is a host with
//! one known mistake, which is what makes the conformance suite's worth measurable.
//!
//! The crate decides and does nothing: no sockets, no database, no files, no clock.

pub mod archives;
pub mod core_data;
pub mod events;
pub mod grants;
pub mod headers;
pub mod limits;
pub mod middleware;
pub mod outbound;
pub mod permissions;
pub mod sql;
pub mod versions;

pub use archives::ArchivePolicy;
pub use core_data::CoreDataPolicy;
pub use events::EventPolicy;
pub use grants::GrantPolicy;
pub use headers::HeaderPolicy;
pub use limits::Limits;
pub use middleware::MiddlewarePolicy;
pub use outbound::OutboundPolicy;
pub use permissions::PermissionPolicy;
pub use sql::SqlPolicy;
pub use versions::VersionPolicy;

/// Every decision of the specification; the default is the specification itself.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Which middlewares guard a route (R2).
    pub middleware: MiddlewarePolicy,
    /// Which request headers a guest never sees (R4).
    pub headers: HeaderPolicy,
    /// Which version may replace which (L2).
    pub versions: VersionPolicy,
    /// Which statements plugins may run (D1, D2) and migrate with (L3).
    pub sql: SqlPolicy,
    /// Which addresses plugins may reach (F1).
    pub outbound: OutboundPolicy,
    /// Which archives are unpacked (L5).
    pub archives: ArchivePolicy,
    /// Which core data plugins may read (D3, D4).
    pub core_data: CoreDataPolicy,
    /// Which host functions a manifest's permissions open (D4).
    pub grants: GrantPolicy,
    /// What callers' permission keys cover.
    pub permissions: PermissionPolicy,
    /// When an event is given again, and when it is set aside (E1).
    pub events: EventPolicy,
    /// Every limit by name, with its reason.
    pub limits: Limits,
}
