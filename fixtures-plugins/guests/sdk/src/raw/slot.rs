//! Places in memory that are given to the host, and what it left there.

use super::Written;
use crate::memory;

/// A value no host stores: an address or a length past the end of any memory.
const UNWRITTEN: u32 = u32::MAX;

/// Two cells whose addresses are given to the host.
#[repr(C)]
pub(super) struct Slot {
    address: u32,
    len: u32,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self { address: UNWRITTEN, len: UNWRITTEN }
    }

    pub(super) fn address_cell(&mut self) -> i64 {
        offset(&raw mut self.address)
    }

    pub(super) fn len_cell(&mut self) -> i64 {
        offset(&raw mut self.len)
    }

    pub(super) fn take(&mut self) -> Written {
        // Volatile, because the host wrote here behind the compiler's back.
        // SAFETY: both cells are live and initialised.
        let (address, len) = unsafe {
            ((&raw const self.address).read_volatile(), (&raw const self.len).read_volatile())
        };
        read(address, len)
    }
}

pub(super) fn read(address: u32, len: u32) -> Written {
    match (address, len) {
        (UNWRITTEN, UNWRITTEN) => Written::Nothing,
        _ => memory::claim(address as usize, len as usize)
            .map_or(Written::Invalid { address, len }, Written::Bytes),
    }
}

/// An address as the host wants it.
pub(super) fn offset<T>(pointer: *const T) -> i64 {
    (pointer as usize as u64).cast_signed()
}

/// Address and length of a text as the host wants them.
pub(super) fn place(bytes: &[u8]) -> (i64, i64) {
    (offset(bytes.as_ptr()), (bytes.len() as u64).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_nobody_wrote_are_nothing() {
        assert_eq!(Slot::new().take(), Written::Nothing);
    }

    #[test]
    fn a_pair_of_zeros_is_an_empty_value() {
        assert_eq!(read(0, 0), Written::Bytes(Vec::new()));
    }

    #[test]
    fn memory_that_was_never_lent_is_reported_and_not_read() {
        assert_eq!(read(4096, 5), Written::Invalid { address: 4096, len: 5 });
        assert_eq!(read(4096, UNWRITTEN), Written::Invalid { address: 4096, len: UNWRITTEN });
    }
}
