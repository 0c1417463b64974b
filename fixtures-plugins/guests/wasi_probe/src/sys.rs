//! Imports of `wasi_snapshot_preview1` that the standard library does not offer as they are.

use std::io;

/// A place of memory and its length, as the interface reads and writes it.
#[repr(C)]
struct Buffer {
    address: *mut u8,
    len: usize,
}

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u16;
    fn random_get(buffer: *mut u8, len: usize) -> u16;
    fn fd_prestat_get(descriptor: u32, prestat: *mut [u32; 2]) -> u16;
    fn sock_accept(descriptor: u32, flags: u16, accepted: *mut u32) -> u16;
    fn sock_recv(
        descriptor: u32,
        buffers: *const Buffer,
        buffers_len: usize,
        flags: u16,
        received: *mut usize,
        received_flags: *mut u16,
    ) -> u16;
    fn sock_send(
        descriptor: u32,
        buffers: *const Buffer,
        buffers_len: usize,
        flags: u16,
        sent: *mut usize,
    ) -> u16;
    fn sock_shutdown(descriptor: u32, how: u8) -> u16;
}

fn checked(errno: u16) -> io::Result<()> {
    if errno == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(errno.into())) }
}

/// A clock's reading in nanoseconds.
pub(crate) fn clock(clock: u32) -> io::Result<u64> {
    let mut time = 0;
    // SAFETY: the host writes one u64 where the pointer says.
    checked(unsafe { clock_time_get(clock, 1, &raw mut time) })?;
    Ok(time)
}

/// Random bytes.
pub(crate) fn random(len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    // SAFETY: the host writes `len` bytes, and that many are there.
    checked(unsafe { random_get(bytes.as_mut_ptr(), len) })?;
    Ok(bytes)
}

/// Whether a descriptor is a directory that the host opened beforehand.
pub(crate) fn is_preopened(descriptor: u32) -> bool {
    let mut prestat = [0; 2];
    // SAFETY: the host writes a tag and a length, eight bytes.
    unsafe { fd_prestat_get(descriptor, &raw mut prestat) == 0 }
}

/// Whether anything that is for sockets works on a descriptor.
pub(crate) fn is_socket(descriptor: u32) -> bool {
    let (mut accepted, mut moved, mut flags) = (0, 0, 0);
    let mut byte = 0;
    let buffer = Buffer { address: &raw mut byte, len: 1 };
    // SAFETY: every pointer is to a local of the size the interface names; the one buffer holds one byte.
    unsafe {
        sock_accept(descriptor, 0, &raw mut accepted) == 0
            || sock_recv(descriptor, &raw const buffer, 1, 0, &raw mut moved, &raw mut flags) == 0
            || sock_send(descriptor, &raw const buffer, 1, 0, &raw mut moved) == 0
            || sock_shutdown(descriptor, 2) == 0
    }
}

unsafe extern "C" {
    fn __wasm_call_ctors();
}

/// What the interface calls a reactor: an initialiser that is run once, and exports that may be called any number
/// of times after it. Without it the linker takes the module for a command and wraps each export in a beginning
/// and an end of the program.
#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    // SAFETY: the linker makes this function; the host calls us once, before any other export.
    unsafe { __wasm_call_ctors() }
}
