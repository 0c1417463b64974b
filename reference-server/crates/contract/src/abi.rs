//! The guest ABI: module and function names, exact wasm types, and the packed pointer.
//!
//! Conventions (facts 1.2). A guest passes bytes as `(pointer, length)`, both `i64`, offsets into
//! its linear memory. The host hands bytes back by calling the guest's allocator
//! ([`ALLOCATORS`]), writing there, and reporting pointer and length in one of three ways: through
//! out-pointers (two little-endian `u32` stored where the guest said), as two `i64` results, or, for
//! an export's result, packed in one `i64` ([`pack`]). Length 0 means "nothing" and needs no
//! allocation.

mod functions;

pub use functions::{GUEST_EXPORTS, HOST_FUNCTIONS};

/// Module from which guests import host functions.
pub const MODULE: &str = "paca";
/// Module of the WASI functions a host offers beside [`MODULE`].
pub const WASI_MODULE: &str = "wasi_snapshot_preview1";
/// The guest's linear memory.
pub const MEMORY: &str = "memory";
/// The guest's allocator, `(i32) -> i32`: the first name that is exported is used. The second is
/// what guests built before the rename export.
pub const ALLOCATORS: [&str; 2] = ["paca_malloc", "malloc"];
/// Reactor initialiser of WASI compilers, run once before anything else.
pub const INITIALIZE: &str = "_initialize";
/// Plugin initialiser, run once per instance after [`INITIALIZE`].
pub const INIT: &str = "Init";
/// Serves one HTTP request.
pub const HANDLE_REQUEST: &str = "HandleRequest";
/// Receives one subscribed event.
pub const HANDLE_EVENT: &str = "HandleEvent";
/// Told before the module is unloaded.
pub const SHUTDOWN: &str = "Shutdown";
/// Lets the guest's SDK empty its buffer after each call.
pub const RESET_ALLOCATOR: &str = "ResetAllocator";

/// A wasm value type as far as this ABI uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValType {
    /// 32-bit integer.
    I32,
    /// 64-bit integer.
    I64,
}

/// Parameter and result types of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Parameter types.
    pub params: &'static [ValType],
    /// Result types.
    pub results: &'static [ValType],
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |types: &[ValType]| {
            types
                .iter()
                .map(|t| if *t == ValType::I32 { "i32" } else { "i64" })
                .collect::<Vec<_>>()
                .join(", ")
        };
        write!(f, "({}) -> ({})", list(self.params), list(self.results))
    }
}

/// A function the host offers in [`MODULE`]. All of them are linked for every plugin, since
/// compilers leave unused imports in (decision A1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostFunction {
    /// Import name.
    pub name: &'static str,
    /// Exact type.
    pub signature: Signature,
}

/// A function a guest may export, with every shape the host understands (decision A9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestExport {
    /// Export name.
    pub name: &'static str,
    /// Accepted types; any other fails the load with a message that names these.
    pub signatures: &'static [Signature],
}

/// Finds a host function by its import name.
pub fn host_function(name: &str) -> Option<&'static HostFunction> {
    HOST_FUNCTIONS.iter().find(|function| function.name == name)
}

/// Finds a guest export by its name.
pub fn guest_export(name: &str) -> Option<&'static GuestExport> {
    GUEST_EXPORTS.iter().find(|export| export.name == name)
}

/// Packs pointer and length into an export's result: `(pointer << 32) | length`.
pub const fn pack(pointer: u32, length: u32) -> i64 {
    (((pointer as u64) << 32) | length as u64).cast_signed()
}

/// Takes a packed result apart into `(pointer, length)`.
#[expect(clippy::cast_possible_truncation, reason = "each half is exactly 32 bits")]
pub const fn unpack(packed: i64) -> (u32, u32) {
    let bits = packed.cast_unsigned();
    ((bits >> 32) as u32, bits as u32)
}
