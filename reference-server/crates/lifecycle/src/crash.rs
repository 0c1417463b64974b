//! Named points at which a test kills the host, between the steps of an operation.
//!
//! Only builds with debug assertions have them. `PLUGINS_CRASH_AT` names one, as
//! `{action}:{point}`, such as `upgrade:committed`; the process then ends there as by `kill -9`.

/// The point at which this host is to die, if any.
#[derive(Clone, Debug, Default)]
pub(crate) struct CrashPoint(#[cfg(debug_assertions)] Option<String>);

impl CrashPoint {
    #[cfg(debug_assertions)]
    pub(crate) fn new(at: Option<String>) -> Self {
        Self(at)
    }

    #[cfg(not(debug_assertions))]
    pub(crate) fn new(_: Option<String>) -> Self {
        Self()
    }

    /// Dies here if this is the point.
    #[cfg(debug_assertions)]
    pub(crate) fn pass(&self, action: storage::plugin_operations::Action, point: &str) {
        if self.0.as_deref() == Some(format!("{}:{point}", action.as_str()).as_str()) {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::this(), nix::sys::signal::SIGKILL);
        }
    }

    #[cfg(not(debug_assertions))]
    #[expect(clippy::unused_self, reason = "it has something to look at in other builds")]
    pub(crate) fn pass(&self, _: storage::plugin_operations::Action, _: &str) {}
}

/// The points of [`CrashPoint::pass`], in the order in which an operation passes them. Not every
/// operation passes all.
pub const CRASH_POINTS: &[&str] = &[
    "begun",
    "staged",
    "stored",
    "provisioned",
    "migrated",
    "loaded",
    "committed",
    "published",
    "schema-settled",
    "files-settled",
    "unstaged",
    "ended",
];
