//! What an instance may take of the host's memory (decision A7).

use metrics::Gauge;
use wasmtime::ResourceLimiter;

use crate::metrics::Meter;
use crate::pool::room::Growth;

/// Size of a WebAssembly page.
const PAGE_BYTES: usize = 64 * 1024;

/// Tables of one instance. Compilers emit one, toolchains with reference types a few.
pub(crate) const MAX_TABLES: u32 = 16;

/// Refuses growth beyond the limits; the guest sees `memory.grow` or `table.grow` return -1.
pub(crate) struct Limits {
    memory_bytes: usize,
    memory_in_use: Meter,
    /// Told of the same, for all plugins together.
    growth: Growth,
    /// What all tables together may still grow by.
    table_elements_left: usize,
}

impl Limits {
    /// Limits for one instance, whose memory is added to a gauge for as long as it lives.
    pub(crate) fn new(limits: &policy::Limits, memory_in_use: &Gauge, growth: Growth) -> Self {
        Self {
            memory_bytes: (limits.memory_pages as usize).saturating_mul(PAGE_BYTES),
            memory_in_use: Meter::new(memory_in_use),
            growth,
            table_elements_left: limits.table_elements,
        }
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let granted = desired <= self.memory_bytes;
        if granted {
            self.memory_in_use.set(desired);
            self.growth.reached(desired);
        }
        Ok(granted)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let left = self.table_elements_left.checked_sub(desired.saturating_sub(current));
        if let Some(left) = left {
            self.table_elements_left = left;
        }
        Ok(left.is_some())
    }

    fn instances(&self) -> usize {
        1
    }

    fn tables(&self) -> usize {
        MAX_TABLES as usize
    }

    fn memories(&self) -> usize {
        1
    }
}
