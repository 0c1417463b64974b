//! What an operator decides about the lifecycle.

use std::path::PathBuf;
use std::time::Duration;

/// Settings of a [`Lifecycle`](crate::Lifecycle).
#[derive(Clone, Debug)]
pub struct LifecycleConfig {
    /// `PLUGINS_WASM_DIR`: `{name}/{backend.wasm,plugin.json,migrations/}`, and the journal.
    pub wasm_dir: PathBuf,
    /// `PLUGINS_FRONTEND_DIR`: `{name}/…`, served under `/plugins/`.
    pub frontend_dir: PathBuf,
    /// `PLUGINS_MCP_DIR`: `{name}/…`, served under `/plugins-mcp/`.
    pub mcp_dir: PathBuf,
    /// `PLUGINS_MARKETPLACE_CATALOG_URL`.
    pub catalog_url: String,
    /// `PLUGINS_MARKETPLACE_TIMEOUT`: for the catalog, and for each artifact.
    pub timeout: Duration,
    /// `PLUGINS_MARKETPLACE_ALLOW_INSECURE`, a test switch: plain http, and addresses that are not
    /// public.
    pub allow_insecure: bool,
}
