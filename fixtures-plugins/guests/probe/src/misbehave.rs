//! What a well-behaved plugin never does.

use std::hint;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use hostproof_guest::raw;
use serde_json::{Map, Value, json};

use crate::script::{Spinner, encode_base64};

pub(crate) fn memory_pages() -> usize {
    core::arch::wasm32::memory_size::<0>()
}

/// What `memory.grow` returned, as the signed number it is.
pub(crate) fn grow(pages: u32) -> isize {
    core::arch::wasm32::memory_grow::<0>(pages as usize).cast_signed()
}

/// Counts in this instance's memory.
pub(crate) fn count() -> u32 {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed) + 1
}

pub(crate) fn spin() -> ! {
    loop {
        hint::spin_loop();
    }
}

pub(crate) fn spin_host_calls(function: &Spinner) -> ! {
    loop {
        match function {
            Spinner::StorageGet => drop(raw::storage_get(b"spin")),
            Spinner::Log => raw::log(0, "spin"),
        }
    }
}

pub(crate) fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

/// Recursion through a pointer the optimiser cannot see through, with work left after the call: it is neither
/// turned into a loop nor given a frame in linear memory, so what runs out is the stack of the engine.
pub(crate) fn recurse() -> ! {
    type Step = fn(u32) -> u32;
    static NEXT: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

    fn deeper(depth: u32) -> u32 {
        let next = NEXT.load(Ordering::Relaxed);
        // SAFETY: `NEXT` holds this function, stored below before the first call.
        #[expect(unsafe_code, reason = "there is no atomic function pointer")]
        let next = unsafe { std::mem::transmute::<*mut (), Step>(next) };
        next(depth.wrapping_add(1)).wrapping_mul(31) ^ depth
    }

    NEXT.store(deeper as Step as *mut (), Ordering::Relaxed);
    hint::black_box(deeper(0));
    trap()
}

/// A response envelope of exactly these parts.
pub(crate) fn envelope(
    status: Option<Value>,
    headers: Option<Map<String, Value>>,
    body: Option<String>,
    body_size: Option<usize>,
) -> Vec<u8> {
    let mut fields = Map::new();
    if let Some(status) = status {
        fields.insert("status".to_owned(), status);
    }
    if let Some(headers) = headers {
        fields.insert("headers".to_owned(), Value::Object(headers));
    }
    if let Some(body) = body {
        fields.insert("body".to_owned(), json!(encode_base64(body.as_bytes())));
    }
    let mut envelope = Value::Object(fields).to_string().into_bytes();
    if let Some(size) = body_size {
        append_body_of(size, &mut envelope);
    }
    envelope
}

/// Adds a body of `size` times `x`. Written block by block into the one buffer that is returned, so that bodies
/// near the limit of memory can be made in little time.
fn append_body_of(size: usize, envelope: &mut Vec<u8>) {
    const GROUP: &[u8] = b"eHh4"; // xxx
    const TAILS: [&[u8]; 3] = [b"", b"eA==", b"eHg="]; // nothing, x, xx
    envelope.pop(); // the closing brace
    envelope.reserve_exact(size.div_ceil(3) * GROUP.len() + 16);
    if envelope.len() > 1 {
        envelope.push(b',');
    }
    envelope.extend_from_slice(b"\"body\":\"");
    let groups = size / 3;
    let block = GROUP.repeat(groups.min(1024));
    for _ in 0..groups / 1024 {
        envelope.extend_from_slice(&block);
    }
    envelope.extend_from_slice(&block[..groups % 1024 * GROUP.len()]);
    envelope.extend_from_slice(TAILS[size % 3]);
    envelope.extend_from_slice(b"\"}");
}
