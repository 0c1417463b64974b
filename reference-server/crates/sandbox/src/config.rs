//! What can be configured beside the limits, which are the policy's
//! ([`policy::Limits`]; a host that lets its operator change one changes it there).

use std::path::PathBuf;

/// Places and trade-offs of a sandbox.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// How many instances of one plugin are kept for the next call. More of them speed up bursts,
    /// each costs the memory that its guest touched.
    pub max_idle_instances: usize,
    /// Where compiled modules are kept across restarts; `None` compiles anew. The files are native
    /// code that the host will run: nobody else may be able to write there.
    pub module_cache_dir: Option<PathBuf>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            // One per core of a small machine: more run at once only while they wait for a host
            // function.
            max_idle_instances: 4,
            module_cache_dir: None,
        }
    }
}
