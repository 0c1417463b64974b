//! wasmtime's set-up, and the ticker that makes time pass for guests.

use std::time::Duration;

use policy::Limits;
use wasmtime::{Config, Enabled, Engine, EngineWeak, OptLevel, PoolingAllocationConfig};

use crate::config::SandboxConfig;
use crate::error::SandboxError;
use crate::limits::MAX_TABLES;

/// Room on a guest's stack for the host functions it calls, beside its own frames.
const HOST_STACK_BYTES: usize = 1024 * 1024;

/// Memory of a slot that is emptied by writing zeros over it when an instance ends, and stays with the
/// slot; the kernel takes back what is beyond. The next instance then finds its first pages in place.
const KEEP_RESIDENT_BYTES: usize = 64 * 1024;

/// Builds the engine and starts its ticker.
pub(crate) fn build(
    config: &SandboxConfig,
    limits: &Limits,
    watched: bool,
) -> Result<Engine, SandboxError> {
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
    // A watched guest is one at a time: address space for thousands would be set aside for nothing.
    if config.instance_slots > 0 && !watched {
        wasmtime.allocation_strategy(pooling(config.instance_slots, limits));
    }
    let engine = Engine::new(&wasmtime).map_err(|error| SandboxError::Engine(error.into()))?;
    start_ticker(engine.weak(), limits.epoch_tick)?;
    Ok(engine)
}

/// Slots for instances, whose pages are taken and given back and never mapped anew.
///
/// The bounds here only say what fits a slot. What a guest may have is decided elsewhere, by
/// `abi_check` and `limits`, so that it does not depend on how instances are allocated.
fn pooling(slots: u32, limits: &Limits) -> PoolingAllocationConfig {
    let mut pooling = PoolingAllocationConfig::new();
    pooling
        .total_core_instances(slots)
        .total_memories(slots)
        // All that 32 bits can name: address space of that size is set aside for each memory anyway.
        .max_memory_size(1 << 32)
        .max_memories_per_module(1)
        // Most guests have one table, and a few toolchains two.
        .total_tables(slots.saturating_mul(2))
        .max_tables_per_module(MAX_TABLES)
        .table_elements(limits.table_elements)
        // Not set aside, only checked: what a module of the largest size can need is far below.
        .max_core_instance_size(limits.wasm_bytes.saturating_mul(4))
        // One for the export, one for the guest's allocator that a host function calls meanwhile.
        .total_stacks(slots.saturating_mul(2))
        // Where the kernel can tell which pages were written (Linux 6.7), only they are emptied.
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_RESIDENT_BYTES);
    pooling
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
