//! Memory that crosses the boundary.
//!
//! The host asks for a buffer with `paca_malloc`, fills it, and hands its address over; it never frees.
//! Every such buffer is an ordinary `Vec<u8>` that this module keeps until the guest claims it. What nobody
//! claimed is dropped by `ResetAllocator`, so a host call that fails half-way leaks nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Buffers given to the host and not yet claimed, and the result the host is about to read.
struct Shared {
    lent: Vec<Vec<u8>>,
    result: Vec<u8>,
}

static SHARED: Mutex<Shared> = Mutex::new(Shared { lent: Vec::new(), result: Vec::new() });

fn shared() -> MutexGuard<'static, Shared> {
    // A guest has one thread and a panic ends its instance: there is no poisoned state to see.
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Allocates `len` bytes for the host to write into. 0 means that it could not be done.
pub(crate) fn lend(len: usize) -> usize {
    if len == 0 {
        return 0;
    }
    let mut buffer = Vec::new();
    if buffer.try_reserve_exact(len).is_err() {
        return 0;
    }
    buffer.resize(len, 0);
    let address = buffer.as_mut_ptr() as usize;
    shared().lent.push(buffer);
    address
}

/// Takes back a buffer that [`lend`] gave out, cut to the `len` bytes the host says it wrote.
///
/// `None` when the address is not one that was lent, or the length is more than was lent: such a pointer
/// is the host's mistake and is never followed.
pub(crate) fn claim(address: usize, len: usize) -> Option<Vec<u8>> {
    if len == 0 {
        return Some(Vec::new());
    }
    let mut shared = shared();
    let found = shared
        .lent
        .iter()
        .position(|buffer| buffer.as_ptr() as usize == address && buffer.len() >= len)?;
    let mut buffer = shared.lent.swap_remove(found);
    buffer.truncate(len);
    Some(buffer)
}

/// Keeps `result` alive until the next call, and packs its place as `(address << 32) | length`.
pub(crate) fn publish(result: Vec<u8>) -> i64 {
    let mut shared = shared();
    shared.result = result;
    if shared.result.is_empty() {
        return 0;
    }
    pack(shared.result.as_ptr() as usize, shared.result.len())
}

/// Packs an address and a length into the one i64 that exports return.
pub(crate) fn pack(address: usize, len: usize) -> i64 {
    // On wasm32 both halves are 32 bits wide; the masks make the native tests say the same.
    let packed = ((address as u64 & 0xffff_ffff) << 32) | (len as u64 & 0xffff_ffff);
    packed.cast_signed()
}

/// Drops everything that a finished call left behind.
pub(crate) fn reset() {
    let mut shared = shared();
    shared.lent = Vec::new();
    shared.result = Vec::new();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lent_buffer_can_be_claimed_once_and_shorter() {
        let address = lend(16);
        assert_ne!(address, 0);
        assert_eq!(claim(address, 4), Some(vec![0; 4]));
        assert_eq!(claim(address, 4), None, "it is no longer lent");
    }

    #[test]
    fn an_address_that_was_never_lent_is_not_followed() {
        assert_eq!(claim(12, 3), None);
    }

    #[test]
    fn more_bytes_than_were_lent_are_not_followed() {
        let address = lend(8);
        assert_eq!(claim(address, 9), None);
        assert_eq!(claim(address, 8).map(|buffer| buffer.len()), Some(8));
    }

    #[test]
    fn an_impossible_allocation_is_a_zero() {
        assert_eq!(lend(usize::MAX / 2), 0);
        assert_eq!(lend(0), 0);
    }

    #[test]
    fn the_address_is_the_high_half() {
        assert_eq!(pack(0x10, 0x20), 0x0000_0010_0000_0020);
        assert_eq!(pack(0xffff_ffff, 1), -0x0000_0000_ffff_ffff);
    }
}
