//! How bytes cross into and out of guest memory (facts 1.2, decision A2).
//!
//! Guests name places as `(pointer, length)` in `i64`; as offsets into a 32-bit memory only the low
//! half counts. Everything is checked against the memory's current size before it is touched.

use wasmtime::{AsContextMut, Caller, Memory, StoreContext, TypedFunc};

use crate::state::HostState;

/// A guest's memory and the way to get room in it.
#[derive(Clone)]
pub(crate) struct GuestMemory {
    pub(crate) memory: Memory,
    pub(crate) allocator: Option<TypedFunc<i32, i32>>,
}

/// Bytes of the host's that now lie in guest memory. Nothing at all lies at (0, 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) pointer: u32,
    pub(crate) length: u32,
}

/// A place in guest memory that a guest named.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pointer: u32,
    length: u32,
}

impl Placed {
    /// As a guest export takes it.
    pub(crate) fn arguments(self) -> (i32, i32) {
        (self.pointer.cast_signed(), self.length.cast_signed())
    }

    /// As a host function with two results returns it.
    pub(crate) fn results(self) -> (i64, i64) {
        (self.pointer.into(), self.length.into())
    }
}

impl Span {
    /// Where it begins.
    pub(crate) fn pointer(self) -> u32 {
        self.pointer
    }

    /// How long it is.
    pub(crate) fn length(self) -> u32 {
        self.length
    }

    /// From a host function's arguments.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "offsets into a 32-bit memory: the ABI counts their low halves only"
    )]
    pub(crate) fn new(pointer: i64, length: i64) -> Self {
        Self { pointer: pointer as u32, length: length as u32 }
    }
}

/// Where a guest wants pointer and length of a result stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutPair {
    pointer_at: u32,
    length_at: u32,
}

impl OutPair {
    /// From a host function's arguments.
    pub(crate) fn new(pointer_at: i64, length_at: i64) -> Self {
        let span = Span::new(pointer_at, length_at);
        Self { pointer_at: span.pointer, length_at: span.length }
    }
}

/// Why an argument cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadArgument {
    /// It lies outside the guest's memory.
    #[error("the argument lies outside the guest's memory")]
    OutOfBounds,
    /// It should be text and is not.
    #[error("the argument is not UTF-8")]
    NotText,
}

/// A module's start function runs before the host knows the module's memory.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("host functions cannot be called from a module's start function")]
pub(crate) struct CalledTooEarly;

/// The bytes at a place, or `None` when it is not wholly inside the memory.
pub(crate) fn view<'a>(
    store: impl Into<StoreContext<'a, HostState>>,
    guest: &GuestMemory,
    pointer: u32,
    length: u32,
) -> Option<&'a [u8]> {
    let start = pointer as usize;
    let end = start.checked_add(length as usize)?;
    guest.memory.data(store).get(start..end)
}

/// Places bytes in guest memory through its allocator.
///
/// `Ok(None)` when the allocator has no room or answers with a place outside the memory; that is
/// noted for the end of the call. An error is a trap inside the allocator, or the deadline.
pub(crate) async fn place(
    mut store: impl AsContextMut<Data = HostState>,
    bytes: &[u8],
) -> wasmtime::Result<Option<Placed>> {
    if bytes.is_empty() {
        return Ok(Some(Placed::default()));
    }
    let guest = store.as_context().data().guest.clone().ok_or(CalledTooEarly)?;
    let placed = try_place(&mut store, &guest, bytes).await?;
    if placed.is_none() {
        store.as_context_mut().data_mut().call.failed_allocation = Some(bytes.len());
    }
    Ok(placed)
}

async fn try_place(
    mut store: impl AsContextMut<Data = HostState>,
    guest: &GuestMemory,
    bytes: &[u8],
) -> wasmtime::Result<Option<Placed>> {
    // Sizes that no 32-bit guest can hold need not be asked for.
    let (Ok(size), Some(allocator)) = (i32::try_from(bytes.len()), &guest.allocator) else {
        return Ok(None);
    };
    // An allocator that asks the host for data would be asked for room again, on a further stack
    // each time. It has no room for that.
    if std::mem::replace(&mut store.as_context_mut().data_mut().call.allocating, true) {
        return Ok(None);
    }
    let pointer = allocator.call_async(&mut store, size).await;
    store.as_context_mut().data_mut().call.allocating = false;
    let pointer = pointer?.cast_unsigned();
    if pointer == 0 || guest.memory.write(&mut store, pointer as usize, bytes).is_err() {
        return Ok(None);
    }
    Ok(Some(Placed { pointer, length: size.cast_unsigned() }))
}

/// What host functions do with their caller's memory.
pub(crate) trait CallerMemory {
    /// The bytes of an argument.
    fn bytes(&self, span: Span) -> wasmtime::Result<Result<Vec<u8>, BadArgument>>;
    /// The text of an argument.
    fn text(&self, span: Span) -> wasmtime::Result<Result<String, BadArgument>>;
    /// Writes host data's place where the guest asked for it. Out-pointers outside the memory are
    /// the guest's loss: nothing is written, and the log says so.
    fn answer(&mut self, out: OutPair, placed: Placed) -> wasmtime::Result<()>;
    /// Writes a number where the guest asked for it, under the same rule.
    fn answer_u64(&mut self, at: i64, value: u64) -> wasmtime::Result<()>;
}

impl CallerMemory for Caller<'_, HostState> {
    fn bytes(&self, span: Span) -> wasmtime::Result<Result<Vec<u8>, BadArgument>> {
        let guest = self.data().guest.as_ref().ok_or(CalledTooEarly)?;
        if span.length == 0 {
            // Nothing, wherever it is said to lie (facts 1.2).
            return Ok(Ok(Vec::new()));
        }
        let bytes = view(self, guest, span.pointer, span.length);
        Ok(bytes.map(<[u8]>::to_vec).ok_or(BadArgument::OutOfBounds))
    }

    fn text(&self, span: Span) -> wasmtime::Result<Result<String, BadArgument>> {
        let bytes = self.bytes(span)?;
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).map_err(|_| BadArgument::NotText)))
    }

    fn answer(&mut self, out: OutPair, placed: Placed) -> wasmtime::Result<()> {
        self.data().notes.answered(out.pointer_at);
        write_out(self, out.pointer_at, &placed.pointer.to_le_bytes())?;
        write_out(self, out.length_at, &placed.length.to_le_bytes())
    }

    fn answer_u64(&mut self, at: i64, value: u64) -> wasmtime::Result<()> {
        let at = Span::new(at, 0).pointer;
        self.data().notes.answered(at);
        write_out(self, at, &value.to_le_bytes())
    }
}

fn write_out(caller: &mut Caller<'_, HostState>, at: u32, bytes: &[u8]) -> wasmtime::Result<()> {
    let memory = caller.data().guest.as_ref().ok_or(CalledTooEarly)?.memory;
    if memory.write(&mut *caller, at as usize, bytes).is_err() {
        tracing::warn!(
            plugin = %caller.data().tenant.name,
            "an out-pointer at {at:#x} lies outside the guest's memory; nothing written there"
        );
    }
    Ok(())
}
