//! What can be configured beside the limits, which are the policy's
//! ([`policy::Limits`]; a host that lets its operator change one changes it there).

use std::path::PathBuf;
use std::time::Duration;

/// Places and trade-offs of a sandbox.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// How many instances of one plugin are kept for the next call at most.
    pub max_idle_instances: usize,
    /// How long an instance that nobody uses is kept beside another one. What the last burst needed
    /// is memory that others could have.
    pub idle_duration: Duration,
    /// How many plugins keep an instance, and their code in memory, though nobody calls them: those
    /// that were called last. The next call of another one makes an instance and reads the code from
    /// disk, which takes a millisecond or two.
    pub warm_plugins: usize,
    /// Instances of all plugins together, for each of which address space is set aside: an instance
    /// is then made and ended without the kernel's help, but for the pages that it touched. 0 asks the
    /// kernel for each, which takes longer and needs no address space beforehand.
    pub instance_slots: u32,
    /// Where compiled modules are kept across restarts; `None` compiles anew. Hosts of one machine may
    /// share it. The files are native code that the host will run: nobody else may be able to write
    /// there.
    pub module_cache_dir: Option<PathBuf>,
    /// Bytes of the files there; beyond them those go that were not loaded for the longest time.
    pub module_cache_bytes: u64,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            // As many as may run: a burst that comes again finds what it found before.
            max_idle_instances: usize::MAX,
            idle_duration: Duration::from_mins(1),
            // Some 50 MiB, with the code of small plugins.
            warm_plugins: 128,
            // Twice a thousand plugins of which each is called. A slot takes 4 GiB of the 128 TiB of
            // address space that a process has, so that no access of a guest needs a check; and three
            // or four mappings once it is used, of the 65 530 that Linux allows.
            instance_slots: 2048,
            module_cache_dir: None,
            // Hundreds of plugins: a large one, written in Go, takes 10 to 20 MiB.
            module_cache_bytes: 1024 * 1024 * 1024,
        }
    }
}
