//! wasmtime's set-up, and the ticker that makes time pass for guests.

use std::path::Path;
use std::time::Duration;

use policy::Limits;
use wasmtime::{Cache, CacheConfig, Config, Engine, EngineWeak, OptLevel};

use crate::config::SandboxConfig;
use crate::error::SandboxError;

/// Room on a guest's stack for the host functions it calls, beside its own frames.
const HOST_STACK_BYTES: usize = 1024 * 1024;

/// Builds the engine and starts its ticker.
pub(crate) fn build(
    config: &SandboxConfig,
    limits: &Limits,
    watched: bool,
) -> Result<(Engine, Option<Cache>), SandboxError> {
    let mut wasmtime = Config::new();
    wasmtime
        .epoch_interruption(true)
        // Counting instructions costs a tenth of the speed: only where somebody reads the count.
        .consume_fuel(watched)
        .cranelift_opt_level(OptLevel::Speed)
        // The ABI speaks of one 32-bit memory.
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .max_wasm_stack(limits.wasm_stack_bytes)
        .async_stack_size(limits.wasm_stack_bytes + HOST_STACK_BYTES);
    let cache = config.module_cache_dir.as_deref().map(disk_cache).transpose()?;
    wasmtime.cache(cache.clone());
    let engine = Engine::new(&wasmtime).map_err(|error| SandboxError::Engine(error.into()))?;
    start_ticker(engine.weak(), limits.epoch_tick)?;
    Ok((engine, cache))
}

/// Compiled modules on disk. Its files are native code: whoever can write there owns the host.
fn disk_cache(path: &Path) -> Result<Cache, SandboxError> {
    let failed = |source| SandboxError::ModuleCache { path: path.to_owned(), source };
    let absolute = std::path::absolute(path).map_err(|error| failed(error.into()))?;
    let mut config = CacheConfig::new();
    config.with_directory(absolute);
    Cache::new(config).map_err(|error| failed(error.into()))
}

/// A thread of its own, since a guest that hogs the executor must not stop the clock. It ends when
/// the engine is gone.
fn start_ticker(engine: EngineWeak, tick: Duration) -> Result<(), SandboxError> {
    std::thread::Builder::new()
        .name("epoch-ticker".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(tick);
            }
        })
        .map(drop)
        .map_err(SandboxError::Ticker)
}
