//! What an operator decides about the lifecycle.

use std::path::PathBuf;
use std::time::Duration;

use sandbox::TrustRoots;

/// Settings of a [`Lifecycle`](crate::Lifecycle).
#[derive(Clone, Debug)]
pub struct LifecycleConfig {
    /// Where downloads wait until they are checked and stored.
    pub staging_dir: PathBuf,
    /// `PLUGINS_MARKETPLACE_CATALOG_URL`.
    pub catalog_url: String,
    /// `PLUGINS_MARKETPLACE_TIMEOUT`: for each artifact.
    pub timeout: Duration,
    /// `PLUGINS_MARKETPLACE_CATALOG_TIMEOUT`: for the catalog.
    pub catalog_timeout: Duration,
    /// `PLUGINS_MARKETPLACE_ALLOW_INSECURE`, a test switch: plain http, and addresses that are not
    /// public.
    pub allow_insecure: bool,
    /// `PLUGINS_MARKETPLACE_CA_FILE`: authorities trusted for catalog and artifacts, beside the system's.
    pub trust_roots: TrustRoots,
    /// `PLUGINS_CRASH_AT`, for tests of crashes, in builds with debug assertions: the point at which
    /// the process ends as by `kill -9`, one of [`CRASH_POINTS`](crate::CRASH_POINTS) after an action
    /// and a colon.
    pub crash_at: Option<String>,
}
